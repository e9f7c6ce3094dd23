"""A sentiment, asked for again with parts of the sound or of the words missing."""

from __future__ import annotations

import numpy as np

from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part, Probe
from mm_demo.models.speech.family import SENTIMENTS, SentimentModel, SpeechModality
from mm_demo.tasks.sentiment_result import SentimentResult

_NOT_JUDGED = {
    "audio": "No voice was judged here: record or upload speech.",
    "text": "No words were judged here: type what was said.",
}


def sentiment_probe(model: SentimentModel, result: SentimentResult, part: Part, removal: str) -> Probe:
    """As `SentimentTask.probe`.

    Args:
        model: that judged.
        result: what it said.
        part: "audio" or "text".
        removal: one that the model offers for it.
    """
    sound, text = judged_input(result, part)
    relevance = shown_relevance(result, part)
    asked: SpeechModality = "audio" if part == "audio" else "text"
    probabilities = model.variants(sound, text, result.strategy, asked, removal)
    index = SENTIMENTS.index(result.answer)
    return Probe(
        part=part,
        answer=result.answer,
        unit="probability",
        removal=removal,
        labels=tuple(t.token for t in result.text_tokens) if part == "text" else ("",) * len(relevance),
        shape=None,
        relevance=relevance,
        score=lambda kept: probabilities(kept)[:, index],
    )


def judged_input(result: SentimentResult, part: Part) -> tuple[np.ndarray | None, str | None]:
    """The sound and the words that were judged, None for what was not.

    Raises:
        UserError: the part was not.
    """
    if part == "image" or part not in result.readings:
        raise UserError(_NOT_JUDGED.get(part, "There is no picture here: choose the sound or the words."))
    return result.samples, result.transcript if "text" in result.readings else None


def shown_relevance(result: SentimentResult, part: Part) -> np.ndarray:
    """(elements,): what the result's map says of the stretches of sound, or of the tokens."""
    if part == "text":
        return np.array([token.relevance for token in result.text_tokens])
    return np.zeros(0) if result.audio_map is None else result.audio_map.relevance
