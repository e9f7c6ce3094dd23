"""Whisper (Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision") by transformers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from mm_demo.errors import UserError
from mm_demo.models.checkpoint import weight_files
from mm_demo.models.speech import RATE
from mm_demo.models.transcription.silence import nearly_silent

WINDOW_SECONDS = 30
"""What Whisper hears at once."""

_CUT_SECONDS = 5
"""A longer recording is cut at the quietest moment of the last so many seconds of a window."""


class WhisperTranscriber:
    """A Whisper checkpoint on the processor, in float32.

    Args:
        folder: a checkpoint with safetensors weights and its processor's files.

    Raises:
        UserError: it is damaged, incomplete, or stored as a pickle.
    """

    def __init__(self, folder: Path) -> None:
        weight_files(folder)
        try:
            model = WhisperForConditionalGeneration.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
            )
            self._processor = WhisperProcessor.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # whatever a foreign file makes the libraries raise, the person can only replace it
            raise UserError(f"The Whisper model in '{folder}' is damaged or incomplete; get it again.") from error
        self._model = model.eval().requires_grad_(False)
        self._lock = Lock()
        self.name = "Whisper"

    def transcribe(self, samples: np.ndarray) -> str:
        """See `Transcriber.transcribe`."""
        # Whisper invents sentences for silence.
        heard = [self._window(window) for window in windows(samples) if not nearly_silent(window)]
        return " ".join(text for text in heard if text)

    def _window(self, samples: np.ndarray) -> str:
        given = self._processor(samples, sampling_rate=RATE, return_tensors="pt", return_attention_mask=True)
        # One at a time: two at once would take as long, and twice the memory.
        with self._lock, torch.inference_mode():
            tokens = self._model.generate(given.input_features, attention_mask=given.attention_mask, task="transcribe")
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
