"""The BLIP family (Li et al. 2022): captions and answers from a picture; the only place that knows its inner names."""

from mm_demo.models.blip.answerer import BlipAnswerer
from mm_demo.models.blip.captioner import BlipCaptioner

__all__ = ["BlipAnswerer", "BlipCaptioner"]
