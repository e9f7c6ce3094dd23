"""Speech to text: Whisper where somebody has downloaded it, otherwise pocketsphinx, which carries its own model."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from mm_demo.errors import UserError

WHISPER = "openai/whisper-tiny"


class Transcriber(Protocol):
    """Writes down what was said; several threads may ask at once.

    Attributes:
        name: who wrote it, for people, e.g. "pocketsphinx (English)".
    """

    name: str

    def transcribe(self, samples: np.ndarray) -> str:
        """The words, in lower or mixed case as the model writes; "" where none were heard.

        Args:
            samples: (n,) float32, mono at 16 kHz, −1…1.

        Raises:
            UserError: it took too long or failed.
        """
        ...


_opened: dict[Path, Transcriber] = {}
_lock = Lock()


def open_transcriber() -> Transcriber:
    """The best one on this machine, opened once; a Whisper that was downloaded meanwhile is found.

    Raises:
        UserError: there is none.
    """
    folder = _downloaded()
    if folder is not None:
        # One at a time: two people who speak at once must not load it twice.
        with _lock:
            if folder in _opened:
                return _opened[folder]
            from mm_demo.models.transcription.whisper import WhisperTranscriber

            try:
                return _opened.setdefault(folder, WhisperTranscriber(folder))
            except UserError:
                pass  # half a download: the other one still hears
    if find_spec("pocketsphinx") is None:
        raise UserError("Nothing here can write speech down: type the words, or install pocketsphinx.")
    from mm_demo.models.transcription.sphinx import SphinxTranscriber

    return SphinxTranscriber()


def _downloaded() -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(WHISPER, local_files_only=True))
    except (LocalEntryNotFoundError, OSError):
        return None
