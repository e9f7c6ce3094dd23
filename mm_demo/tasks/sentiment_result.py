"""What the sentiment task answers: plain data, ready for the page, the command line and Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mm_demo.attention.trace import Trace
from mm_demo.models.speech.encoders import Reading
from mm_demo.models.speech.family import SpeechModality


@dataclass(frozen=True)
class WordRelevance:
    """One token of the words.

    Attributes:
        token: the characters `text[start:end]` it stands for.
        relevance: signed, in [-1, 1]; positive supports the answer; the largest magnitude is 1 (or all are 0).
        known: False where the checkpoint's vocabulary has no such word.
    """

    token: str
    start: int
    end: int
    relevance: float
    known: bool = True


@dataclass(frozen=True)
class AudioMap:
    """Which stretches of the sound counted.

    Attributes:
        times: (n, 2), start and end of each stretch in seconds, in order.
        relevance: (n,), non-negative, sums to 1.
    """

    times: np.ndarray
    relevance: np.ndarray


@dataclass(frozen=True)
class BandMap:
    """Which frequencies counted, and when.

    Attributes:
        times: (n, 2) in seconds.
        hertz: (bands,) centre frequencies.
        relevance: (bands, n), signed, the largest magnitude 1 (or all 0); positive supports the answer.
    """

    times: np.ndarray
    hertz: np.ndarray
    relevance: np.ndarray


@dataclass(frozen=True)
class Acoustics:
    """A sound drawn over time, all on one axis of frames.

    Attributes:
        times: (frames,), middle of each frame in seconds.
        seconds: length of the sound.
        waveform: (columns, 2), lowest and highest sample of each of up to 1,200 equal columns.
        mel_db: (bands, frames), Mel spectrogram in dB, 0 for the loudest.
        mel_hertz: (bands,) centre frequencies.
        mfcc: (coefficients, frames).
        pitch_hertz: (frames,), NaN where there is no voice.
        energy_db: (frames,), root mean square in dB.
    """

    times: np.ndarray
    seconds: float
    waveform: np.ndarray
    mel_db: np.ndarray
    mel_hertz: np.ndarray
    mfcc: np.ndarray
    pitch_hertz: np.ndarray
    energy_db: np.ndarray


@dataclass(frozen=True)
class FusionOpinion:
    """What one fusion strategy makes of the same voice and words.

    Attributes:
        weights: {"audio": w, "text": 1 - w}.
        own_weights: True where the strategy has weights of its own, False where they are exact Shapley shares.
    """

    name: str
    label: str
    help: str
    answer: str
    probabilities: dict[str, float]
    weights: dict[str, float]
    own_weights: bool


@dataclass
class SentimentResult:
    """`answer` is "negative", "neutral" or "positive"; `candidates` all three, best first, summing to 1.

    Attributes:
        transcript: the words that were judged, typed or heard; None where there are none.
        transcribed: True where the transcript was heard by a machine.
        transcriber: what heard it, e.g. "pocketsphinx (English)"; None where nothing did.
        modality_weights: {"audio": w, "text": 1 - w} of the chosen strategy; 0 for what was not given.
        modality_shares: exact Shapley shares, likewise.
        unimodal: "audio" and "text" → each one's own probabilities; None for what was not given.
        conflict: True where voice and words each lean clearly to another sentiment.
        remark: one plain sentence on how voice and words relate; empty where only one was given.
        text_tokens: the words with their signed relevance; empty without words.
        audio_map, band_map: None without a voice; `band_map` also where the model takes no frequencies.
        attention_map: where the model's attention over time lay, whatever the method; None without a voice.
        acoustics: what the page draws; None without a voice.
        emotions: [(emotion, probability)] of the voice, best first.
        model: id of the one that judged.
        strategies: every fusion's opinion, the chosen one first; empty for a model of one modality.
        strategy: the fusion that was chosen; None for a model of one modality.
        notes: sentences that must be seen: what was cut, what could not be heard.
        readings: where in the trace each given modality is read from.
        samples: (n,) float32 at 16 kHz, the sound that was judged; None without a voice.
    """

    answer: str
    candidates: list[tuple[str, float]]
    transcript: str | None
    transcribed: bool
    transcriber: str | None
    modality_weights: dict[str, float]
    modality_shares: dict[str, float]
    unimodal: dict[str, dict[str, float] | None]
    conflict: bool
    remark: str
    text_tokens: list[WordRelevance]
    audio_map: AudioMap | None
    band_map: BandMap | None
    acoustics: Acoustics | None
    emotions: list[tuple[str, float]]
    strategies: list[FusionOpinion]
    familiar: bool
    familiarity: float
    trace: Trace
    method: str
    model: str
    strategy: str | None
    notes: list[str] = field(default_factory=list)
    unknown_words: list[str] = field(default_factory=list)
    readings: dict[SpeechModality, Reading] = field(default_factory=dict)
    attention_map: AudioMap | None = None
    samples: np.ndarray | None = None

    def to_json(self) -> dict[str, Any]:
        """The command line's object."""
        shown = self.audio_map
        return {
            "sentiment": self.answer,
            "candidates": [{"sentiment": name, "probability": p} for name, p in self.candidates],
            "transcript": self.transcript,
            "transcribed": self.transcribed,
            "modality_weights": self.modality_weights,
            "modality_shares": self.modality_shares,
            "unimodal": self.unimodal,
            "conflict": self.conflict,
            "remark": self.remark,
            "text_tokens": [{"token": t.token, "relevance": t.relevance} for t in self.text_tokens],
            "audio_map": None
            if shown is None
            else {"times": shown.times.tolist(), "relevance": shown.relevance.tolist()},
            "emotions": [{"emotion": name, "probability": p} for name, p in self.emotions],
            "strategies": [
                {
                    "strategy": o.name,
                    "sentiment": o.answer,
                    "probabilities": o.probabilities,
                    "modality_weights": o.weights,
                    "own_weights": o.own_weights,
                }
                for o in self.strategies
            ],
            "familiar": self.familiar,
            "familiarity": self.familiarity,
            "unknown_words": self.unknown_words,
            "notes": self.notes,
        }
