"""A live recording: keeps the last seconds, and has them judged behind the stream, which never waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING

import numpy as np

from mm_demo.ui.sentences import sentence
from mm_demo.views.timeline import SPAN, Moment

if TYPE_CHECKING:
    from mm_demo.tasks.sentiment_result import SentimentResult

Clip = tuple[int, np.ndarray]
"""Samples a second, and mono float32 samples −1…1."""

KEPT_SECONDS = 6.0
"""How much of the past a judgement hears."""
_SHORTEST = 1.0
"""Seconds of sound before the first judgement."""
_WORDS_EVERY = 3.0
"""Seconds of sound between two transcriptions, which cost more than a judgement."""
_RECENT = 0.8
_SILENT_DB = -50.0
"""Below this, in dB of full scale over the most recent `_RECENT` seconds, nobody is speaking."""


class Listener:
    """One person's live recording. `hear` takes what the microphone gave and returns at once.

    At most one judgement and one transcription are under way; while they are, sound is only kept, so that a slow
    machine judges less often and never falls behind.

    Attributes:
        seconds: how much was heard since the beginning.
        moments: the judgements of the last minute, oldest first.
        words: what speech to text last made of the sound; empty for nothing.
        silent: nobody is speaking.
        problem: one sentence where the last judgement failed, else empty.
    """

    def __init__(
        self,
        judge: Callable[[Clip, str | None], SentimentResult],
        transcribe: Callable[[Clip], str],
        judging: Executor,
        hearing: Executor,
    ) -> None:
        self._judge, self._transcribe = judge, transcribe
        self._judging, self._hearing = judging, hearing
        self._rate = 0
        self._kept = np.zeros(0, np.float32)
        self._judgement: tuple[float, Future[SentimentResult]] | None = None
        self._words: Future[str] | None = None
        self._words_at = 0.0
        self.seconds = 0.0
        self.moments: deque[Moment] = deque()
        self.words = ""
        self.silent = True
        self.problem = ""

    def hear(self, rate: int, samples: np.ndarray) -> None:
        """Takes the next samples, (n,) or (n, channels) float, takes up what is judged by now, and asks for more."""
        if rate != self._rate:
            self._rate, self._kept = rate, np.zeros(0, np.float32)
        mono = samples.mean(axis=1) if samples.ndim > 1 else samples
        self._kept = np.concatenate([self._kept, mono.astype(np.float32)])[-int(KEPT_SECONDS * rate) :]
        self.seconds += len(mono) / rate
        self.silent = loudness(self._kept[-int(_RECENT * rate) :]) < _SILENT_DB
        self._take_up()
        if not self.silent and len(self._kept) >= _SHORTEST * rate:
            self._ask()

    def _take_up(self) -> None:
        if self._words is not None and self._words.done():
            failed = self._words.exception() is not None  # Without words the voice is judged alone.
            self.words = "" if failed else self._words.result()
            self._words = None
        if self._judgement is not None and self._judgement[1].done():
            at, judged = self._judgement
            self._judgement = None
            error = judged.exception()
            self.problem = sentence(error) if isinstance(error, Exception) else ""
            if error is None:
                result = judged.result()
                self.moments.append(Moment(at, dict(result.candidates), result.modality_weights))
        while self.moments and self.moments[0].at < self.seconds - SPAN:
            self.moments.popleft()

    def _ask(self) -> None:
        clip = (self._rate, self._kept)
        if self._words is None and self.seconds - self._words_at >= _WORDS_EVERY:
            self._words_at = self.seconds
            self._words = self._hearing.submit(self._transcribe, clip)
        if self._judgement is None:
            self._judgement = self.seconds, self._judging.submit(self._judge, clip, self.words or None)


def loudness(samples: np.ndarray) -> float:
    """Root mean square in dB of full scale; −inf for silence."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return 10 * float(np.log10(power)) if power > 0 else -np.inf
