"""A task that pooled vectors can't solve: one modality asks for what stands at a place in the other."""

from __future__ import annotations

import torch

from mm_demo.lab.data.dataset import Dataset, ModalityData, consecutive

PLACES = 8
CONTENT = 16
TRAIN, VALIDATION, TEST = 4_000, 1_000, 2_000


def sequence(seed: int = 0) -> Dataset:
    """Draw the task; always the same for one seed.

    "content" is 8 states of 16 features: one feature, of its own for every state, holds the value +1 or −1. A state
    doesn't say where it stands. "question" is one state that names a place. The label is the sign of the value there.
    Who sees only the mean of the content can guess the sign of most values, and is right 63.7 % of the time.
    """
    generator = torch.Generator().manual_seed(seed)
    count = TRAIN + VALIDATION + TEST
    everything = torch.arange(count)
    # Balanced values would leave a pooled vector nothing, but attention nothing to start from, either.
    values = torch.where(torch.rand(count, PLACES, generator=generator) < 0.5, 1.0, -1.0)
    features = torch.randint(CONTENT, (count, PLACES), generator=generator)
    content = torch.nn.functional.one_hot(features, CONTENT) * values[..., None]
    asked = torch.randint(PLACES, (count,), generator=generator)
    question = torch.nn.functional.one_hot(asked, PLACES).float()[:, None]
    return Dataset(
        "sequence",
        "Generated: what stands at the asked place",
        {
            "content": ModalityData(content, torch.ones(count, PLACES, dtype=torch.bool)),
            "question": ModalityData(question, torch.ones(count, 1, dtype=torch.bool)),
        },
        (values[everything, asked] > 0).long(),
        ("minus", "plus"),
        consecutive(TRAIN, VALIDATION, TEST),
    )
