"""How well pictures and texts have met, on pairs that were never trained on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

AT = (1, 5, 10)
"""The k of recall@k."""


@dataclass(frozen=True)
class Recall:
    """k → the share of queries, 0…1, whose own match is among the k most similar, in both directions."""

    text_to_picture: dict[int, float]
    picture_to_text: dict[int, float]


def recall(cosines: Tensor) -> Recall:
    """From (pictures, texts) cosines whose diagonal holds the matches.

    A wrong one that is exactly as similar counts as more similar, so that a space in which all is alike scores nothing.
    """
    match = cosines.diagonal()
    by_text, by_picture = (cosines >= match[None]).sum(0), (cosines >= match[:, None]).sum(1)
    return Recall(*({k: int((rank <= k).sum()) / len(rank) for k in AT} for rank in (by_text, by_picture)))


def alignment(pictures: Tensor, texts: Tensor) -> float:
    """Mean squared distance of matching pairs, 0…4, lower is better (Wang and Isola 2020).

    Args:
        pictures: (n, dimensions) of length 1.
        texts: the same, row by row the match.
    """
    return (pictures - texts).pow(2).sum(1).mean().item()


def uniformity(vectors: Tensor) -> float:
    """Log of the mean of e^(−2·squared distance) over all pairs of (n, dimensions) vectors of length 1.

    0 where all are the same, lower the more evenly they cover the sphere (Wang and Isola 2020).
    """
    return torch.pdist(vectors).pow(2).mul(-2).exp().mean().log().item()
