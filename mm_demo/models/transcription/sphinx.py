"""pocketsphinx: English speech to text without a network, often wrong in places."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from mm_demo.errors import UserError
from mm_demo.models.transcription.silence import nearly_silent

_WORKER = Path(__file__).with_name("sphinx_worker.py")
_SECONDS = 240


class SphinxTranscriber:
    """Runs pocketsphinx in a process of its own for every recording.

    Its decoder holds Python's global lock all the while, half a minute for a long recording, in which a server would
    answer nobody; and it carries what it learnt of one speaker's level over to the next.
    """

    name = "pocketsphinx (English)"

    def transcribe(self, samples: np.ndarray) -> str:
        """See `Transcriber.transcribe`."""
        if nearly_silent(samples):
            return ""
        sound = np.round(samples.clip(-1, 1) * 32767).astype("<i2").tobytes()
        try:
            # -P: the worker's neighbours must not stand before installed modules of the same name.
            done = subprocess.run(
                [sys.executable, "-P", str(_WORKER)], input=sound, capture_output=True, timeout=_SECONDS, check=True
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise UserError("What was said could not be written down: type the words instead.") from error
        return done.stdout.decode("utf-8").strip()
