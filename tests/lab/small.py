"""A data set small enough to train on in a test."""

from __future__ import annotations

import torch

from mm_demo.lab.data.dataset import Dataset, ModalityData, consecutive
from mm_demo.lab.training.plan import Plan

PLAN = Plan(seeds=(0, 1, 2), rates=(0.003, 0.01), trial=1, epochs=4, patience=6, least=1, batch=50)


def small(seed: int = 0, train: int = 150) -> Dataset:
    """Two vectors and a sequence of which the label needs the first two's product; a tenth of the speech is missing."""
    generator = torch.Generator().manual_seed(seed)
    count = train + 70
    text, image = torch.randn(2, count, 3, generator=generator)
    speech = torch.randn(count, 4, 2, generator=generator)
    mask = torch.rand(count, 4, generator=generator) < 0.8
    mask[: count // 10] = False
    return Dataset(
        "small",
        "Small",
        {
            "text": ModalityData.of_vectors(text),
            "image": ModalityData.of_vectors(image),
            "speech": ModalityData(speech, mask),
        },
        (text[:, 0] * image[:, 0] > 0).long(),
        ("no", "yes"),
        consecutive(train, 50, 20),
    )
