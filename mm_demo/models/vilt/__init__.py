"""The ViLT family (Kim et al. 2021): words and patches in one sequence; the only place that knows its inner names."""

from transformers import ViltForQuestionAnswering, ViltProcessor

from mm_demo.models.architecture import Architecture
from mm_demo.models.vilt.answerer import ViltAnswerer

ARCHITECTURES = {
    "ViltForQuestionAnswering": Architecture(
        ViltForQuestionAnswering, ViltProcessor.from_pretrained, {"vqa": ViltAnswerer}
    ),
}

__all__ = ["ARCHITECTURES", "ViltAnswerer"]
