"""The models that people can pick: data, no code that runs them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
"""Where the embedded checkpoints lie."""

Tier = Literal["embedded", "hub", "local"]


@dataclass(frozen=True)
class ModelCard:
    """One model of the list.

    Attributes:
        id: folder name under `weights/` for the embedded tier, hub id for the hub tier.
        tasks: what it can be used for: "caption", "vqa", "sentiment", "transcription", "retrieval".
        family: the architecture's family, e.g. "blip".
        tier: "embedded" (comes with the repository) or "hub" (downloaded when asked for).
        title: what a person reads in a list.
        size_bytes: size of the weights on disk, approximate for the hub tier.
        memory_bytes: what the weights take when the model is open in float32; half of it in bfloat16 or float16. An
            answer takes some tens to hundreds of megabytes more, by the size of the picture.
        licence: SPDX-like name of the weights' licence.
        good_for: one sentence on what to use it for.
        revision: commit or pull request of the hub repository, one that is known to hold safetensors; None: what its
            main branch means when the model is first got, or the hub's own conversion of it.
    """

    id: str
    tasks: tuple[str, ...]
    family: str
    tier: Tier
    title: str
    size_bytes: int
    memory_bytes: int
    licence: str
    good_for: str
    revision: str | None = None


_MB = 1_000_000

CATALOG: tuple[ModelCard, ...] = (
    ModelCard(
        "blip-caption-scenes", ("caption",), "blip", "embedded", "Scenes captioner (embedded)", 6 * _MB, 12 * _MB,
        "Apache-2.0", "Captions of generated and drawn scenes of simple objects; starts in a second on any machine.",
    ),
    ModelCard(
        "blip-vqa-scenes", ("vqa",), "blip", "embedded", "Scenes answerer (embedded)", 9 * _MB, 17 * _MB, "Apache-2.0",
        "Questions about generated and drawn scenes of simple objects; starts in a second on any machine.",
    ),
    ModelCard(
        "clip-contrastive-scenes", ("retrieval",), "clip", "embedded", "Scenes search, contrastive (embedded)", 5 * _MB,
        9 * _MB, "Apache-2.0",
        "Search of generated and drawn scenes of simple objects; starts in a second on any machine.",
    ),
    ModelCard(
        "clip-triplet-scenes", ("retrieval",), "clip", "embedded", "Scenes search, triplet (embedded)", 5 * _MB,
        9 * _MB, "Apache-2.0", "The same network trained with the triplet loss, to compare the two ways of aligning.",
    ),
    ModelCard(
        "speech-sentiment", ("sentiment",), "speech fusion", "embedded", "Voice and words, fused (embedded)", 8 * _MB,
        11 * _MB, "Apache-2.0", "Sentiment of speech from the voice and the words, with five fusions side by side.",
    ),
    ModelCard(
        "voice-emodb", ("sentiment",), "voice", "embedded", "Voice alone (embedded)", 2 * _MB, 1 * _MB, "Apache-2.0",
        "Seven emotions of a voice, learned from ten German actors.",
    ),
    ModelCard(
        "text-sentiment", ("sentiment",), "bert", "embedded", "Words alone (embedded)", 6 * _MB, 9 * _MB, "Apache-2.0",
        "Sentiment of short English sentences.",
    ),
    ModelCard(
        "Salesforce/blip-image-captioning-base", ("caption",), "blip", "hub", "BLIP captioning, base", 990 * _MB,
        896 * _MB, "BSD-3-Clause", "Captions of photographs.",
    ),
    ModelCard(
        "Salesforce/blip-vqa-base", ("vqa",), "blip", "hub", "BLIP VQA, base", 1540 * _MB, 1445 * _MB, "BSD-3-Clause",
        "Short answers to questions about photographs.", "787b3d35d57e49572baabd22884b3d5a05acf072",
    ),
    ModelCard(
        "dandelin/vilt-b32-finetuned-vqa", ("vqa",), "vilt", "hub", "ViLT VQA, base", 470 * _MB, 470 * _MB,
        "Apache-2.0", "Questions about photographs, one of 3,129 answers, with words and patches in one sequence.",
    ),
    ModelCard(
        "HuggingFaceTB/SmolVLM-256M-Instruct", ("caption", "vqa"), "smolvlm", "hub", "SmolVLM 256M", 513 * _MB,
        1026 * _MB, "Apache-2.0", "Longer captions and answers by instruction, small enough for a laptop.",
        "7e3e67edbbed1bf9888184d9df282b700a323964",
    ),
    ModelCard(
        "Qwen/Qwen2.5-VL-3B-Instruct", ("caption", "vqa"), "qwen2.5-vl", "hub", "Qwen2.5-VL 3B", 7510 * _MB,
        15020 * _MB, "Qwen-Research", "The best captions and answers here; wants a GPU.",
        "66285546d2b821cf421d4f5eb2576359d3770cd3",
    ),
    ModelCard(
        "openai/clip-vit-base-patch32", ("retrieval",), "clip", "hub", "CLIP ViT-B/32", 605 * _MB, 605 * _MB, "MIT",
        "Search photographs by words or by a photograph.", "c237dc49a33fc61debc9276459120b7eac67e7ef",
    ),
    ModelCard(
        "google/siglip2-base-patch16-224", ("retrieval",), "siglip", "hub", "SigLIP 2, base", 1500 * _MB, 1501 * _MB,
        "Apache-2.0", "Search photographs by words of many languages.", "75de2d55ec2d0b4efc50b3e9ad70dba96a7b2fa2",
    ),
    ModelCard(
        "superb/hubert-base-superb-er", ("sentiment",), "hubert", "hub", "HuBERT emotion recognition", 378 * _MB,
        378 * _MB, "Apache-2.0", "Emotion of a voice, in English.",
    ),
    ModelCard(
        "cardiffnlp/twitter-roberta-base-sentiment-latest", ("sentiment",), "roberta", "hub", "RoBERTa sentiment",
        501 * _MB, 499 * _MB, "CC-BY-4.0", "Sentiment of English text.", "refs/pr/43",
    ),
    ModelCard(
        "openai/whisper-tiny", ("transcription",), "whisper", "hub", "Whisper tiny", 151 * _MB, 151 * _MB, "Apache-2.0",
        "Writes down what was said.", "169d4a4341b33bc18d8881c4b69c2e104e1cc0af",
    ),
)  # fmt: skip


def find_card(model_id: str) -> ModelCard | None:
    """The card of that id, if it is in the catalog."""
    return next((card for card in CATALOG if card.id == model_id), None)


def cards_for(task: str, tier: Tier | None = None) -> tuple[ModelCard, ...]:
    """The cards of one task, the embedded ones first."""
    return tuple(card for card in CATALOG if task in card.tasks and tier in (None, card.tier))
