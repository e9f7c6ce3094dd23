"""One training from scratch, step by step, that reports how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from mm_demo.alignment.batches import Batch, Tensors, draw, tensors
from mm_demo.alignment.encoders import Encoders
from mm_demo.alignment.losses import contrastive_loss, triplet_loss
from mm_demo.alignment.measure import Recall, alignment, recall, uniformity
from mm_demo.alignment.world import SHOWN, SIDE
from mm_demo.errors import UserError

Loss = Literal["contrastive", "triplet"]
Negatives = Literal["violating", "hardest", "random"]

LIMITS: dict[str, tuple[float, float]] = {
    "temperature": (0.01, 1.0),
    "margin": (0.01, 2.0),
    "batch": (8, 512),
    "steps": (1, 5000),
    "seed": (0, 2**32 - 1),
}
"""Setting → the least and the most it may be."""
_EVERY = 5
_LEARNING_RATE = 3e-3


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        loss: "contrastive" (InfoNCE as in CLIP) or "triplet".
        temperature: of the contrastive loss, 0.01…1; where it starts if it is learnt.
        learnt: whether the temperature is trained too.
        margin: of the triplet loss, 0.01…2, by how much a match's cosine must beat a negative's.
        negatives: of the triplet loss, which of a batch count: all that violate the margin, only the hardest, or one at
            random.
        batch: pairs a step, 8…512; the others of the batch are the negatives.
        steps: how many, 1…5000.
        seed: draws the weights and the batches; the same for both losses.

    Raises:
        UserError: a setting is out of its range or no choice that there is.
    """

    loss: Loss = "contrastive"
    temperature: float = 0.07
    learnt: bool = True
    margin: float = 0.2
    negatives: Negatives = "violating"
    batch: int = 64
    steps: int = 300
    seed: int = 0

    def __post_init__(self) -> None:
        for name, choices in (("loss", get_args(Loss)), ("negatives", get_args(Negatives))):
            if getattr(self, name) not in choices:
                raise UserError(f"There is no {name} “{getattr(self, name)}”: choose {', '.join(choices)}.")
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if value is None or not least <= value <= most:
                raise UserError(f"The {name} must be a number from {least:g} to {most:.10g}.")


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Attributes:
        step: steps done, 0 before the first.
        loss: mean over the steps since the last report; None before the first.
        recall: on the held-out pairs of `world.HELD_OUT`.
        similarities: (`SHOWN` pictures, `SHOWN` texts) cosines of held-out pairs, the matches on the diagonal.
        temperature: of the contrastive loss; None for the triplet loss, which has none.
        alignment: mean squared distance of held-out matches, 0…4.
        uniformity: at most 0, mean over pictures' and texts' own.
    """

    step: int
    loss: float | None
    recall: Recall
    similarities: np.ndarray
    temperature: float | None
    alignment: float
    uniformity: float


def train(settings: Settings) -> Iterator[Progress]:
    """Trains both encoders, reporting before the first step, after every few, and after the last.

    The work is done between one report and the next: who stops asking, or closes the iterator, has stopped it. Reports
    depend on the settings alone, not on what ran before or runs beside.
    """
    source = tensors()
    generator = torch.Generator().manual_seed(settings.seed)
    encoders = Encoders(SIDE, source.vocabulary, settings.temperature, generator)
    encoders.log_scale.requires_grad_(settings.loss == "contrastive" and settings.learnt)
    optimizer = torch.optim.AdamW([p for p in encoders.parameters() if p.requires_grad], _LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, _LEARNING_RATE, total_steps=settings.steps + 1, pct_start=0.1
    )
    yield _measured(0, None, encoders, source, settings)
    losses: list[float] = []
    for step in range(1, settings.steps + 1):
        loss = _loss(encoders, draw(source, settings.batch, _one_negative(settings), generator), settings)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % _EVERY == 0 or step == settings.steps:
            yield _measured(step, sum(losses) / len(losses), encoders, source, settings)
            losses.clear()


def _one_negative(settings: Settings) -> bool:
    return settings.loss == "triplet" and settings.negatives == "random"


def _loss(encoders: Encoders, batch: Batch, settings: Settings) -> Tensor:
    cosines = encoders.picture(batch.pictures) @ encoders.text(batch.words).T
    matches = torch.eye(len(cosines), dtype=torch.bool)
    if settings.loss == "contrastive":
        return contrastive_loss(cosines, encoders.scale, matches, batch.negatives)
    return triplet_loss(cosines, settings.margin, matches, batch.negatives, settings.negatives == "hardest")


@torch.no_grad()
def _measured(step: int, loss: float | None, encoders: Encoders, source: Tensors, settings: Settings) -> Progress:
    pictures, texts = encoders.picture(source.held_out_pictures), encoders.text(source.held_out_words)
    cosines = pictures @ texts.T
    return Progress(
        step,
        loss,
        recall(cosines),
        cosines[:SHOWN, :SHOWN].numpy().copy(),
        1 / encoders.scale.item() if settings.loss == "contrastive" else None,
        alignment(pictures, texts),
        (uniformity(pictures) + uniformity(texts)) / 2,
    )
