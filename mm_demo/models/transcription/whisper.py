"""Whisper (Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision") by transformers."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import ClassVar

import numpy as np
import torch
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from mm_demo.models.architecture import Architecture
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import ModelInfo
from mm_demo.models.speech import RATE
from mm_demo.models.transcription.silence import nearly_silent

WINDOW_SECONDS = 30
"""What Whisper hears at once."""

_CUT_SECONDS = 5
"""A longer recording is cut at the quietest moment of the last so many seconds of a window."""


class WhisperTranscriber:
    """A Whisper checkpoint of any size.

    Args:
        model: in evaluation mode, with frozen parameters.
        processor: the one saved with it.
        info: what to say about it.
        familiarity: always None: nothing tells what speech it knows.
    """

    family: ClassVar[str] = "whisper"
    name = "Whisper"

    def __init__(
        self,
        model: WhisperForConditionalGeneration,
        processor: WhisperProcessor,
        info: ModelInfo,
        familiarity: Familiarity | None = None,
    ) -> None:
        self.info = info
        self._model, self._processor = model, processor
        self._lock = Lock()

    def transcribe(self, samples: np.ndarray) -> str:
        """See `Transcriber.transcribe`."""
        # Whisper invents sentences for silence.
        heard = [self._window(window) for window in windows(samples) if not nearly_silent(window)]
        return " ".join(text for text in heard if text)

    def _window(self, samples: np.ndarray) -> str:
        given = self._processor(samples, sampling_rate=RATE, return_tensors="pt", return_attention_mask=True)
        features = given.input_features.to(self._model.device, self._model.dtype)
        mask = given.attention_mask.to(self._model.device)
        # One at a time: two at once would take as long, and twice the memory.
        with self._lock, torch.inference_mode():
            tokens = self._model.generate(features, attention_mask=mask, task="transcribe")
        return str(self._processor.batch_decode(tokens, skip_special_tokens=True)[0]).strip()


def windows(samples: np.ndarray) -> Iterator[np.ndarray]:
    """Stretches of at most `WINDOW_SECONDS` that together are the whole, cut where it is quiet."""
    frame = RATE // 10
    while len(samples) > WINDOW_SECONDS * RATE:
        start = (WINDOW_SECONDS - _CUT_SECONDS) * RATE
        tail = samples[start : WINDOW_SECONDS * RATE].reshape(-1, frame)
        cut = start + int(np.square(tail).sum(1).argmin()) * frame + frame // 2
        yield samples[:cut]
        samples = samples[cut:]
    yield samples


ARCHITECTURES = {
    "WhisperForConditionalGeneration": Architecture(
        WhisperForConditionalGeneration, WhisperProcessor.from_pretrained, {"transcription": WhisperTranscriber}
    )
}
