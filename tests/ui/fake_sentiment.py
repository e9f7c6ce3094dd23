"""A stand-in for the sentiment task: reads real sound files, judges by loudness and by four words."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import soundfile

from mm_demo.attention.trace import Trace
from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part, Probe
from mm_demo.tasks.sentiment_result import (
    Acoustics,
    AudioMap,
    BandMap,
    FusionOpinion,
    SentimentResult,
    WordRelevance,
)
from tests.ui.fake_probes import REMOVALS, probe
from tests.ui.fakes_common import Info

HEARD = "I am so happy <today>"
BANDS = 40
HOP = 0.02
LEANING = {"happy": 1.0, "wonderful": 0.8, "hate": -1.0, "terrible": -0.9}


@dataclass(frozen=True)
class Named:
    name: str
    label: str
    help: str
    controls: tuple[str, ...] = ()


METHODS = (Named("attention", "Attention", "Where the voice's pooling looked."), Named("late", "Late", "Only the end."))
STRATEGIES = (
    Named("attention", "Attention fusion", "One weight for each, learnt from both."),
    Named("early", "Early fusion", "Features side by side."),
    Named("late", "Late fusion", "Each votes."),
    Named("gated", "Gated fusion", "A gate for every feature."),
    Named("cross", "Cross-modal attention", "Each asks the other."),
)


def read(audio: Any) -> tuple[np.ndarray, float]:
    """(samples, seconds) of a path or (rate, samples)."""
    if isinstance(audio, tuple):
        rate, samples = audio
    else:
        try:
            samples, rate = soundfile.read(audio, dtype="float32")
        except soundfile.LibsndfileError as error:
            raise UserError("This file holds no sound that can be read: give a WAV or MP3 file.") from error
    mono = samples.mean(axis=1) if samples.ndim > 1 else samples
    return mono, len(mono) / rate


def draw(samples: np.ndarray, seconds: float) -> Acoustics:
    """A rough short-time spectrum on rising frequencies."""
    frames = max(2, int(seconds / HOP))
    parts = np.stack([np.resize(part, 256) for part in np.array_split(samples, frames)])
    power = np.abs(np.fft.rfft(parts * np.hanning(256), axis=1)) ** 2 + 1e-9
    edges = np.unique(np.geomspace(1, 129, BANDS + 1).round().astype(int))
    mel = 10 * np.log10(np.stack([power[:, a:b].mean(1) for a, b in zip(edges, edges[1:])]))
    loud = 10 * np.log10(np.mean(parts**2, axis=1) + 1e-9)
    columns = np.array_split(samples, min(1200, len(samples)))
    times = (np.arange(frames) + 0.5) * seconds / frames
    return Acoustics(
        times, seconds, np.array([(part.min(), part.max()) for part in columns]), mel - mel.max(),
        np.geomspace(60, 7600, len(mel)), mel[:13] - mel[:13].mean(),
        np.where(loud > loud.mean(), 140 + 60 * np.sin(6 * times), np.nan), loud,
    )  # fmt: skip


def lean(value: float) -> dict[str, float]:
    """Probabilities of a leaning −1…1; exact to sum to 1."""
    raw = np.exp([-2.5 * value, 0.4, 2.5 * value])
    negative, neutral, positive = (float(p) for p in raw / raw.sum())
    return {"negative": negative, "neutral": neutral, "positive": positive}


class FakeSentiment:
    """Words lean by LEANING, a voice leans to negative, silence to nothing; what it hears is always HEARD."""

    name = "sentiment"
    info = Info("fake-listener", "Fake listener", layers=2)
    methods = METHODS
    strategies = STRATEGIES
    removals = REMOVALS
    modalities = ("audio", "text")

    def __init__(self, delay: float = 0.0) -> None:
        self.delay = delay
        self.transcriptions = 0

    def transcribe(self, audio: Any) -> tuple[str, str]:
        read(audio)
        time.sleep(self.delay)
        self.transcriptions += 1
        return HEARD, "a fake ear"

    def __call__(
        self,
        audio: Any = None,
        text: str | None = None,
        transcribe: bool = True,
        method: str = "default",
        strategy: str | None = None,
    ) -> SentimentResult:
        time.sleep(self.delay)
        sound = None if audio is None else read(audio)
        heard = sound is not None and text is None and transcribe
        words = HEARD if heard else text
        if sound is None and words is None:
            raise UserError("There is neither a voice nor are there words.")
        tokens = [
            WordRelevance(m.group(), m.start(), m.end(), LEANING.get(m.group().lower(), 0.0), m.group() != "zebra")
            for m in re.finditer(r"\w+", (words or "")[:2000])
        ]
        silent = sound is not None and np.mean(np.abs(sound[0]) > 1e-4) < 0.3
        voice, said = (0.0 if silent else -0.8), float(np.clip(sum(t.relevance for t in tokens), -1, 1))
        weight = 0.0 if sound is None else 1.0 if words is None else 0.38
        chosen = strategy or STRATEGIES[0].name
        together = lean(weight * voice + (1 - weight) * said)
        best = sorted(together.items(), key=lambda item: -item[1])
        weights = {"audio": weight, "text": 1 - weight}
        return SentimentResult(
            best[0][0], best, words, heard, "a fake ear" if heard else None, weights,
            {"audio": weight / 2, "text": 1 - weight / 2} if 0 < weight < 1 else weights,
            {"audio": lean(voice) if sound else None, "text": lean(said) if words else None},
            bool(sound and said > 0.5),
            "The words sound positive, the voice negative." if sound and said > 0.5 else "",
            tokens, *self._maps(sound, method), [("sadness", 0.61), ("anger", 0.22), ("boredom", 0.1)] if sound else [],
            self._opinions(chosen, voice, said, weight), True, 1.0, Trace(), method, "fake", chosen,
            ["Only the first 30 seconds were judged."] if sound and sound[1] > 30 else [],
            ["zebra"] if "zebra" in (words or "") else [],
        )  # fmt: skip

    def explain(self, result: SentimentResult, method: str) -> SentimentResult:
        if result.acoustics is None:
            return replace(result, method=method)
        _, relevance, bands = self._spread(result.acoustics, method)
        return replace(result, audio_map=relevance, band_map=bands, method=method)

    def probe(self, result: SentimentResult, part: Part, removal: str = "default") -> Probe:
        """The voice counts in the middle, where "attention" shows it and "late" does not."""
        if part == "text":
            words = np.array([max(0.0, token.relevance) for token in result.text_tokens])
            return probe(part, result.answer, removal, words, words, [token.token for token in result.text_tokens])
        assert result.acoustics is not None and result.audio_map is not None
        truth = self._spread(result.acoustics, "attention")[1].relevance
        return probe(part, result.answer, removal, result.audio_map.relevance, truth)

    def randomised(self, result: SentimentResult, part: Part) -> Iterator[tuple[str, np.ndarray]]:
        if part == "text":
            yield "classifier", np.array([token.relevance for token in result.text_tokens])[::-1]
        else:
            assert result.audio_map is not None
            yield "pooling", result.audio_map.relevance
            yield "recurrent", np.roll(result.audio_map.relevance, 20)

    def _maps(
        self, sound: tuple[np.ndarray, float] | None, method: str
    ) -> tuple[AudioMap | None, BandMap | None, Acoustics | None]:
        if sound is None:
            return None, None, None
        drawn, relevance, bands = self._spread(draw(*sound), method)
        return relevance, bands, drawn

    @staticmethod
    def _spread(sound: Acoustics, method: str) -> tuple[Acoustics, AudioMap, BandMap]:
        """A bump in the middle, or for "late" at the end."""
        n = 50
        edges = np.linspace(0, sound.seconds, n + 1)
        times = np.stack([edges[:-1], edges[1:]], axis=1)
        middle = n * (0.85 if method == "late" else 0.5)
        bump = np.exp(-(((np.arange(n) - middle) / 5) ** 2))
        rows = np.cos(np.linspace(0, 6, 20))[:, None] * bump
        return sound, AudioMap(times, bump / bump.sum()), BandMap(times, np.geomspace(80, 7000, 20), rows)

    def _opinions(self, chosen: str, voice: float, said: float, weight: float) -> list[FusionOpinion]:
        made = []
        for i, one in enumerate(sorted(STRATEGIES, key=lambda one: one.name != chosen)):
            w = weight if weight in (0.0, 1.0) else weight + 0.08 * i
            p = lean(w * voice + (1 - w) * said)
            best = max(p, key=lambda name: p[name])
            own = one.name in ("attention", "gated")
            made.append(FusionOpinion(one.name, one.label, one.help, best, p, {"audio": w, "text": 1 - w}, own))
        return made
