"""Copies of an encoder that know less and less (Adebayo et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, TypeVar

import torch
from transformers import PreTrainedModel

from mm_demo.models.blocks import blocks_of
from mm_demo.models.randomised import independent, randomise

EncoderT = TypeVar("EncoderT")

_SEED = 0


def randomised_from(
    encoder: EncoderT, model: PreTrainedModel, use: Callable[[EncoderT, Any], None]
) -> Iterator[tuple[str, EncoderT]]:
    """As `Encoder.randomised`.

    Args:
        encoder: whose tokenizer or extractor the copies share.
        model: its own, which stays as it is.
        use: gives an encoder another model.
    """
    changed, forgetting = copy(encoder), independent(model)
    use(changed, forgetting)
    generator = torch.Generator().manual_seed(_SEED)
    for name, block in reversed(blocks_of(forgetting.named_children())):
        randomise([block], generator)
        yield name, changed
