"""Sound that people record or hand in, made plain: mono samples at the models' rate, and what must be said of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np
import soxr

from mm_demo.errors import UserError
from mm_demo.models.speech import RATE
from mm_demo.models.transcription.silence import nearly_silent
from mm_demo.tasks.recording import Recording, mix_array
from mm_demo.tasks.sound_files import read_sound_file

SECONDS_LIMIT = 60
"""Of longer sounds only so many seconds are judged."""

SHORTEST_SECONDS = 0.3
"""Shorter sounds hold no word and are refused."""

_LOWEST_RATE, _HIGHEST_RATE = 4_000, 768_000
"""Below the first no speech can be understood; above the second no recorder goes."""

_OVERSHOOT = 1.5
"""Lossy codecs go a little beyond full scale by themselves; what goes further was scaled wrongly."""

_CLIPPED = 5e-4
"""The share of samples stuck at full scale from which a recording is called clipped."""


@dataclass(frozen=True)
class Sound:
    """One sound as the models take it.

    Attributes:
        samples: (n,) float32, mono at `RATE`, −1…1.
        seconds: their length, at most `SECONDS_LIMIT`.
        notes: plain sentences that must be seen: what was cut, mended, or is hard to hear.
    """

    samples: np.ndarray
    seconds: float
    notes: tuple[str, ...] = ()


Source = str | os.PathLike[str] | tuple[int, np.ndarray] | np.ndarray | Sound
"""Whatever stands for a sound."""


def read_sound(source: Source | None, rate: int = RATE) -> Sound:
    """Turn whatever stands for a sound into what a model takes.

    Channels are averaged; whole numbers are scaled by their type's range; floats beyond −1…1 are scaled down to fit.

    Args:
        source: a path; `(rate, samples)` as Gradio gives it; an array of shape (n,), (n, channels) or (channels, n)
            holding whole numbers of 8 to 32 bits or floats; or a `Sound`, which is given back.
        rate: samples a second of an array that comes without.

    Raises:
        UserError: nothing was given, it can't be read as a sound, or it is too short to judge.
    """
    if isinstance(source, Sound):
        return source
    if source is None or (isinstance(source, str) and not source):
        raise UserError("There is no recording yet: record or choose one and try again.")
    if isinstance(source, str | os.PathLike):
        recording = read_sound_file(Path(source), SECONDS_LIMIT)
        _check_rate(recording.rate)
        return _plain(recording)
    if isinstance(source, tuple) and len(source) == 2:
        rate, source = source
    if not isinstance(source, np.ndarray):
        raise UserError(f"A sound must be a path, an array or (rate, array), not {type(source).__name__}.")
    _check_rate(rate)
    return _plain(mix_array(source, int(rate), SECONDS_LIMIT))


def _check_rate(rate: int) -> None:
    if not isinstance(rate, Integral) or not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise UserError(
            f"A sound can't be judged at {rate} samples a second: record at {_LOWEST_RATE:,} to {_HIGHEST_RATE:,}."
        )


def _plain(recording: Recording) -> Sound:
    if recording.unusable == 1:
        raise UserError("The recording holds no numbers, only NaN or infinities: record it again.")
    seconds = len(recording.samples) / recording.rate
    if seconds < SHORTEST_SECONDS:
        length = f"only {seconds:.2f}" if seconds >= 0.01 else "less than 0.01"
        raise UserError(
            f"The recording lasts {length} seconds, too short to judge: record at least {SHORTEST_SECONDS} seconds."
        )
    peak = float(np.abs(recording.samples).max())
    samples = recording.samples / peak if peak > 1 else recording.samples
    if recording.rate != RATE:
        # Where the limit is, it must hold to the sample; a resampled peak can stand a little above its neighbours.
        samples = soxr.resample(samples, recording.rate, RATE)[: SECONDS_LIMIT * RATE].clip(-1, 1)
    samples = np.ascontiguousarray(samples, np.float32)
    return Sound(samples, len(samples) / RATE, tuple(_notes(recording, samples, peak)))


def _notes(recording: Recording, samples: np.ndarray, peak: float) -> list[str]:
    notes = []
    if recording.seconds is None or recording.seconds > SECONDS_LIMIT:
        length = f"more than {SECONDS_LIMIT} seconds" if recording.seconds is None else _duration(recording.seconds)
        notes.append(f"The recording lasts {length}: only its first {SECONDS_LIMIT} seconds are judged.")
    if recording.damaged:
        notes.append(
            f"The recording is cut short or damaged: only the {len(samples) / RATE:.1f} seconds that could be read"
            " are judged."
        )
    if recording.unusable:
        notes.append(
            f"Of the recording's samples {_percent(recording.unusable)} are no numbers; they were taken as silence."
        )
    if peak > _OVERSHOOT:
        notes.append(f"The recording goes beyond full scale (up to {peak:.3g}); it was scaled down to fit.")
    if recording.clipped > _CLIPPED:
        notes.append(
            f"The recording is clipped ({_percent(recording.clipped)} of it stands at full scale), which distorts the"
            " voice: record again from further away."
        )
    if nearly_silent(samples):
        notes.append("The recording is silent or nearly silent: check the microphone; the voice can't be relied on.")
    return notes


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "under 1 %"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
