"""Dual encoders, CLIP and SigLIP: pictures and texts in one space; the only place that knows their inner names."""

from transformers import AutoProcessor, CLIPModel, CLIPProcessor, SiglipModel

from mm_demo.models.architecture import Architecture
from mm_demo.models.clip.clip import ClipMatcher
from mm_demo.models.clip.siglip import SiglipMatcher

ARCHITECTURES = {
    "CLIPModel": Architecture("retrieval", CLIPModel, CLIPProcessor.from_pretrained, ClipMatcher),
    "SiglipModel": Architecture("retrieval", SiglipModel, AutoProcessor.from_pretrained, SiglipMatcher),
}

__all__ = ["ARCHITECTURES", "ClipMatcher", "SiglipMatcher"]
