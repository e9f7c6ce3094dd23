"""Data of which it is known how the modalities interact: redundant, unique, additive or synergistic information.

With u₁, u₂, s ~ N(0, I₄) modality m shows x_m = [u_m; s] W_m + noise · ε in 32 dimensions, W_m fixed and random. The
label is the sign of a mixture of four terms, each with unit variance,

    redundancy · s₀ + unique · u₁₀ + additive · (u₁₀ + u₂₀)/√2 + synergy · u₁₀ u₂₀ > 0,

so that each pure preset is one of the published settings (Liang et al. 2023, "Quantifying & modeling multimodal
interactions", have the same four kinds).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import torch
from torch import Tensor

from mm_demo.errors import UserError
from mm_demo.lab.data.dataset import Dataset, ModalityData, consecutive

FACTORS = 4
DIM = 32
TRAIN, VALIDATION, TEST = 4_000, 1_000, 2_000
_DRAWS = 50_000


@dataclass(frozen=True)
class Dial:
    """How much of each kind of interaction the label holds.

    Attributes:
        redundancy: weight of what both modalities show, 0 or more.
        unique: weight of what only the first shows, 0 or more.
        additive: weight of the sum of what each shows, 0 or more.
        synergy: weight of the product, which neither shows alone, 0 or more.
        noise: standard deviation of the noise on every feature, 0 or more.
    """

    redundancy: float = 0.0
    unique: float = 0.0
    additive: float = 0.0
    synergy: float = 0.0
    noise: float = 0.09


PRESETS: dict[str, Dial] = {name: Dial(**{name: 1.0}) for name in ("redundancy", "unique", "additive", "synergy")}


def dial(setting: Dial, name: str = "dial", seed: int = 0) -> Dataset:
    """Draw 4,000 examples to train on, 1,000 to validate and 2,000 to test; always the same for one seed.

    Raises:
        UserError: an amount is negative or no number, or all are 0, so that there is no label.
    """
    weights = torch.tensor(astuple(setting)[:-1])
    if not (torch.isfinite(torch.tensor(astuple(setting))).all() and min(astuple(setting)) >= 0):
        raise UserError("The amounts and the noise of the dial are numbers from 0 up.")
    if weights.sum() == 0:
        raise UserError("The dial is at 0 everywhere: turn up redundancy, unique, additive or synergy.")
    generator = torch.Generator().manual_seed(seed)
    count = TRAIN + VALIDATION + TEST
    first, second, shared = torch.randn(3, count, FACTORS, generator=generator)
    modalities = {}
    for modality, own in (("first", first), ("second", second)):
        mixing = torch.randn(2 * FACTORS, DIM, generator=generator) / (2 * FACTORS) ** 0.5
        clean = torch.cat([own, shared], dim=1) @ mixing
        modalities[modality] = ModalityData.of_vectors(
            clean + setting.noise * torch.randn(clean.shape, generator=generator)
        )
    labels = (_terms(first[:, 0], second[:, 0], shared[:, 0]) @ weights > 0).long()
    return Dataset(
        name,
        _title(setting),
        modalities,
        labels,
        ("no", "yes"),
        consecutive(TRAIN, VALIDATION, TEST),
        sign_table(setting),
    )


def sign_table(setting: Dial) -> Tensor:
    """P(label, signs that the first shows, signs that the second shows), (2, 4, 4), for the decomposition.

    A modality's value is 2 · [u₀ > 0] + [s₀ > 0]; the noise is left out. All combinations of signs are equally likely.
    Where they settle the label, as in all pure presets but the additive one, this is exact; where it depends on sizes,
    too, these are 50,000 draws, each with all eight combinations of signs.
    """
    generator = torch.Generator().manual_seed(0)
    sizes = torch.randn(_DRAWS, 3, generator=generator).abs()
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3)
    values = (sizes[:, None] * signs).reshape(-1, 3)
    first, second, shared = values.unbind(1)
    labels = (_terms(first, second, shared) @ torch.tensor(astuple(setting)[:-1]) > 0).long()
    cells = (labels * 4 + _bits(first, shared)) * 4 + _bits(second, shared)
    return torch.bincount(cells, minlength=32).double().reshape(2, 4, 4) / len(values)


def _terms(first: Tensor, second: Tensor, shared: Tensor) -> Tensor:
    """(examples, 4): the four terms of the label."""
    return torch.stack([shared, first, (first + second) / 2**0.5, first * second], dim=1)


def _bits(own: Tensor, shared: Tensor) -> Tensor:
    return 2 * (own > 0).long() + (shared > 0).long()


def _title(setting: Dial) -> str:
    amounts = [(name, getattr(setting, name)) for name in ("redundancy", "unique", "additive", "synergy")]
    present = [(name, amount) for name, amount in amounts if amount]
    if len(present) == 1:
        return f"Generated: {present[0][0]}"
    return "Generated: " + ", ".join(f"{name} {amount:g}" for name, amount in present)
