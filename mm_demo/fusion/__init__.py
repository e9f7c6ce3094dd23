"""Fusion strategies, one a file behind one base class."""

from __future__ import annotations

from mm_demo.fusion.attention import AttentionFusion
from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape
from mm_demo.fusion.cross_modal import CrossModalFusion
from mm_demo.fusion.early import EarlyFusion
from mm_demo.fusion.gated import GatedFusion
from mm_demo.fusion.late import LateFusion

STRATEGIES: dict[str, type[FusionStrategy]] = {
    strategy.name: strategy for strategy in sorted(FusionStrategy.__subclasses__(), key=lambda s: s.rank)
}
"""Every strategy by its name, in the order in which people should meet them."""

__all__ = [
    "STRATEGIES",
    "AttentionFusion",
    "CrossModalFusion",
    "EarlyFusion",
    "Fused",
    "FusionStrategy",
    "GatedFusion",
    "LateFusion",
    "Modality",
    "Shape",
]
