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
        licence: SPDX-like name of the weights' licence.
        good_for: one sentence on what to use it for.
        revision: commit or tag of the hub repository; None for its main branch.
    """

    id: str
    tasks: tuple[str, ...]
    family: str
    tier: Tier
    title: str
    size_bytes: int
    licence: str
    good_for: str
    revision: str | None = None


_MB = 1_000_000

CATALOG: tuple[ModelCard, ...] = (
    ModelCard(
        "blip-caption-scenes", ("caption",), "blip", "embedded", "Scenes captioner (embedded)", 6 * _MB, "Apache-2.0",
        "Captions of generated and drawn scenes of simple objects; starts in a second on any machine.",
    ),
    ModelCard(
        "blip-vqa-scenes", ("vqa",), "blip", "embedded", "Scenes answerer (embedded)", 9 * _MB, "Apache-2.0",
        "Questions about generated and drawn scenes of simple objects; starts in a second on any machine.",
    ),
    ModelCard(
        "clip-contrastive-scenes", ("retrieval",), "clip", "embedded", "Scenes search, contrastive (embedded)", 5 * _MB,
        "Apache-2.0", "Search of generated and drawn scenes of simple objects; starts in a second on any machine.",
    ),
    ModelCard(
        "clip-triplet-scenes", ("retrieval",), "clip", "embedded", "Scenes search, triplet (embedded)", 5 * _MB,
        "Apache-2.0", "The same network trained with the triplet loss, to compare the two ways of aligning.",
    ),
    ModelCard(
        "speech-sentiment", ("sentiment",), "speech fusion", "embedded", "Voice and words, fused (embedded)", 8 * _MB,
        "Apache-2.0", "Sentiment of speech from the voice and the words, with five fusions side by side.",
    ),
    ModelCard(
        "voice-emodb", ("sentiment",), "voice", "embedded", "Voice alone (embedded)", 2 * _MB, "Apache-2.0",
        "Seven emotions of a voice, learned from ten German actors.",
    ),
    ModelCard(
        "text-sentiment", ("sentiment",), "bert", "embedded", "Words alone (embedded)", 6 * _MB, "Apache-2.0",
        "Sentiment of short English sentences.",
    ),
    ModelCard(
        "Salesforce/blip-image-captioning-base", ("caption",), "blip", "hub", "BLIP captioning, base", 990 * _MB,
        "BSD-3-Clause", "Captions of photographs.",
    ),
    ModelCard(
        "Salesforce/blip-vqa-base", ("vqa",), "blip", "hub", "BLIP VQA, base", 1540 * _MB, "BSD-3-Clause",
        "Short answers to questions about photographs.",
    ),
    ModelCard(
        "dandelin/vilt-b32-finetuned-vqa", ("vqa",), "vilt", "hub", "ViLT VQA, base", 470 * _MB, "Apache-2.0",
        "Questions about photographs, one of 3,129 answers, with words and patches in one sequence.",
    ),
    ModelCard(
        "HuggingFaceTB/SmolVLM-256M-Instruct", ("caption", "vqa"), "smolvlm", "hub", "SmolVLM 256M", 513 * _MB,
        "Apache-2.0", "Longer captions and answers by instruction, small enough for a laptop.",
    ),
    ModelCard(
        "Qwen/Qwen2.5-VL-3B-Instruct", ("caption", "vqa"), "qwen2.5-vl", "hub", "Qwen2.5-VL 3B", 7510 * _MB,
        "Qwen-Research", "The best captions and answers here; wants a GPU.",
    ),
    ModelCard(
        "openai/clip-vit-base-patch32", ("retrieval",), "clip", "hub", "CLIP ViT-B/32", 605 * _MB, "MIT",
        "Search photographs by words or by a photograph.",
    ),
    ModelCard(
        "google/siglip2-base-patch16-224", ("retrieval",), "siglip", "hub", "SigLIP 2, base", 1500 * _MB, "Apache-2.0",
        "Search photographs by words of many languages.",
    ),
    ModelCard(
        "superb/hubert-base-superb-er", ("sentiment",), "hubert", "hub", "HuBERT emotion recognition", 378 * _MB,
        "Apache-2.0", "Emotion of a voice, in English.",
    ),
    ModelCard(
        "cardiffnlp/twitter-roberta-base-sentiment-latest", ("sentiment",), "roberta", "hub",
        "RoBERTa sentiment", 501 * _MB, "CC-BY-4.0", "Sentiment of English text.",
    ),
    ModelCard(
        "openai/whisper-tiny", ("transcription",), "whisper", "hub", "Whisper tiny", 151 * _MB, "Apache-2.0",
        "Writes down what was said.",
    ),
)  # fmt: skip


def find_card(model_id: str) -> ModelCard | None:
    """The card of that id, if it is in the catalog."""
    return next((card for card in CATALOG if card.id == model_id), None)


def cards_for(task: str, tier: Tier | None = None) -> tuple[ModelCard, ...]:
    """The cards of one task, the embedded ones first."""
    return tuple(card for card in CATALOG if task in card.tasks and tier in (None, card.tier))
