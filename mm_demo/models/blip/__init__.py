"""The BLIP family (Li et al. 2022): captions and answers from a picture; the only place that knows its inner names."""

from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering, BlipProcessor

from mm_demo.models.architecture import Architecture
from mm_demo.models.blip.answerer import BlipAnswerer
from mm_demo.models.blip.captioner import BlipCaptioner

ARCHITECTURES = {
    model.__name__: Architecture(model, BlipProcessor.from_pretrained, {task: wrap})
    for task, model, wrap in (
        ("caption", BlipForConditionalGeneration, BlipCaptioner),
        ("vqa", BlipForQuestionAnswering, BlipAnswerer),
    )
}

__all__ = ["ARCHITECTURES", "BlipAnswerer", "BlipCaptioner"]
