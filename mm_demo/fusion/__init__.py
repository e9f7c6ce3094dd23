"""Fusion strategies, one a file behind one base class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import isabstract

from mm_demo.fusion.adversarial import AdversarialFusion
from mm_demo.fusion.attention import AttentionFusion
from mm_demo.fusion.autoencoder import AutoencoderFusion
from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape
from mm_demo.fusion.co_attention import CoAttentionFusion
from mm_demo.fusion.compact import CompactBilinearFusion
from mm_demo.fusion.cross_modal import CrossModalFusion
from mm_demo.fusion.early import EarlyFusion
from mm_demo.fusion.gated import GatedFusion
from mm_demo.fusion.graph import GraphFusion
from mm_demo.fusion.hard_attention import HardAttentionFusion
from mm_demo.fusion.hierarchical import HierarchicalFusion
from mm_demo.fusion.joint_attention import JointAttentionFusion
from mm_demo.fusion.late import LateFusion
from mm_demo.fusion.late_average import LateAverageFusion
from mm_demo.fusion.late_learned import LateLearnedFusion
from mm_demo.fusion.low_rank import LowRankFusion
from mm_demo.fusion.memory import MemoryFusion
from mm_demo.fusion.message_passing import MessagePassingFusion
from mm_demo.fusion.mfb import MFBFusion
from mm_demo.fusion.mlb import MLBFusion
from mm_demo.fusion.mutan import MUTANFusion
from mm_demo.fusion.tensor import TensorFusion
from mm_demo.fusion.two_stream_concat import TwoStreamConcatenationFusion
from mm_demo.fusion.two_stream_sum import TwoStreamSumFusion
from mm_demo.fusion.vilbert import ViLBERTFusion
from mm_demo.fusion.weighted_concat import WeightedConcatenationFusion


def _concrete(found: Iterable[type[FusionStrategy]]) -> Iterator[type[FusionStrategy]]:
    for strategy in found:
        if not isabstract(strategy):
            yield strategy
        yield from _concrete(strategy.__subclasses__())


STRATEGIES: dict[str, type[FusionStrategy]] = {
    strategy.name: strategy for strategy in sorted(_concrete(FusionStrategy.__subclasses__()), key=lambda s: s.rank)
}
"""Every strategy by its name, in the order in which people should meet them."""

__all__ = [
    "STRATEGIES",
    "AdversarialFusion",
    "AttentionFusion",
    "AutoencoderFusion",
    "CoAttentionFusion",
    "CompactBilinearFusion",
    "CrossModalFusion",
    "EarlyFusion",
    "Fused",
    "FusionStrategy",
    "GatedFusion",
    "GraphFusion",
    "HardAttentionFusion",
    "HierarchicalFusion",
    "JointAttentionFusion",
    "LateAverageFusion",
    "LateFusion",
    "LateLearnedFusion",
    "LowRankFusion",
    "MFBFusion",
    "MLBFusion",
    "MUTANFusion",
    "MemoryFusion",
    "MessagePassingFusion",
    "Modality",
    "Shape",
    "TensorFusion",
    "TwoStreamConcatenationFusion",
    "TwoStreamSumFusion",
    "ViLBERTFusion",
    "WeightedConcatenationFusion",
]
