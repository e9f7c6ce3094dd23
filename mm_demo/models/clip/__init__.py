"""Dual encoders, CLIP and SigLIP: pictures and texts in one space; the only place that knows their inner names."""

from transformers import AutoProcessor, CLIPModel, CLIPProcessor, SiglipModel

from mm_demo.models.architecture import Architecture
from mm_demo.models.clip.clip import ClipMatcher
from mm_demo.models.clip.siglip import SiglipMatcher

ARCHITECTURES = {
    "CLIPModel": Architecture(CLIPModel, CLIPProcessor.from_pretrained, {"retrieval": ClipMatcher}),
    "SiglipModel": Architecture(SiglipModel, AutoProcessor.from_pretrained, {"retrieval": SiglipMatcher}),
}

__all__ = ["ARCHITECTURES", "ClipMatcher", "SiglipMatcher"]
