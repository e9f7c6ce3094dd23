"""`sentiment [AUDIO] [--text T]`: how speech sounds and what it says, and which of the two decided."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mm_demo.commands.report import Report, bar, table
from mm_demo.errors import UserError

if TYPE_CHECKING:
    from mm_demo.tasks.sentiment_result import AudioMap, SentimentResult

HELP = "tell the sentiment of speech from the voice and the words"

_GIVEN = {"audio": "voice", "text": "words"}
_PLACES = 12
"""How many words, and how many stretches of the sound, the report shows."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("audio", metavar="AUDIO", nargs="?", help="path of a recording")
    parser.add_argument("--text", metavar="T", help="what was said; else it is written down from the recording")
    parser.add_argument(
        "--no-transcribe", action="store_true", help="judge the voice alone where no words are given with --text"
    )
    parser.add_argument("--strategy", metavar="NAME", help="the way of fusing to explain (default: the model's own)")


def run(arguments: argparse.Namespace) -> Report:
    from mm_demo.tasks.words import read_text

    # Both before the model, which takes seconds to load. Empty words are words: nothing is to be written down then.
    text = None if arguments.text is None else read_text(arguments.text) or ""
    if arguments.audio is None and not text:
        raise UserError("There is nothing to judge: give the path of a recording, or words with --text.")

    from mm_demo.tasks.sound import read_sound

    sound = None if arguments.audio is None else read_sound(arguments.audio)

    import mm_demo

    task = mm_demo.load("sentiment", model=arguments.model, device=arguments.device)
    result = task(sound, text, transcribe=not arguments.no_transcribe, strategy=arguments.strategy)
    return Report(result.to_json(), "\n\n".join(_paragraphs(result)))


def _paragraphs(result: SentimentResult) -> list[str]:
    """The parts of the report that have something to say."""
    heard = f"Heard by {result.transcriber}" if result.transcribed else "Words"
    unknown = ", ".join(word[:40] for word in result.unknown_words[:8])
    parts = [
        result.answer,
        result.remark,
        f"{heard}: “{result.transcript}”" if result.transcript else "",
        table([(name, p, bar(p)) for name, p in result.candidates], ["sentiment", "probability", ""]),
        _modalities(result),
        _emotions(result),
        _words(result),
        _moments(result.audio_map) if result.audio_map is not None else "",
        _strategies(result),
        *result.notes,
        "" if result.familiar else f"This is unlike what the model knows (familiarity {result.familiarity:.2f}).",
        f"The model doesn't know these words: {unknown}." if unknown else "",
    ]
    return [part for part in parts if part]


def _modalities(result: SentimentResult) -> str:
    """What each modality says by itself, and how much it counts."""
    rows = []
    for modality, name in _GIVEN.items():
        opinion = result.unimodal.get(modality)
        if opinion is not None:
            says = max(opinion, key=opinion.__getitem__)
            weight = result.modality_weights[modality]
            rows.append((name, says, opinion[says], weight, result.modality_shares[modality], bar(weight)))
    return table(rows, ["", "says", "probability", "weight", "share", ""])


def _emotions(result: SentimentResult) -> str:
    rows = [(name, p, bar(p)) for name, p in result.emotions]
    return table(rows, ["emotion of the voice", "probability", ""]) if rows else ""


def _words(result: SentimentResult) -> str:
    """The words that count most, for or against the answer."""
    ranked = sorted(result.text_tokens, key=lambda token: abs(token.relevance), reverse=True)
    rows = [(token.token, token.relevance, bar(abs(token.relevance))) for token in ranked[:_PLACES]]
    return table(rows, ["word", "relevance", ""]) if rows else ""


def _moments(audio_map: AudioMap) -> str:
    """The sound in at most `_PLACES` equal stretches, each with its share of the relevance."""
    import numpy as np

    middles = audio_map.times.mean(axis=1)
    edges = np.linspace(0, float(audio_map.times.max()), _PLACES + 1)
    shares, _ = np.histogram(middles, bins=edges, weights=audio_map.relevance)
    rows = [(f"{start:.1f}–{end:.1f} s", share, bar(share)) for start, end, share in zip(edges, edges[1:], shares)]
    return table(rows, ["in the sound", "relevance", ""])


def _strategies(result: SentimentResult) -> str:
    """Every way of fusing side by side, the explained one first."""
    rows = [
        (
            opinion.label,
            opinion.answer,
            opinion.probabilities[opinion.answer],
            opinion.weights["audio"],
            opinion.weights["text"],
            "own weights" if opinion.own_weights else "exact shares",
        )
        for opinion in result.strategies
    ]
    return table(rows, ["fusion", "says", "probability", "voice", "words", "counted by"]) if rows else ""
