"""Reads the beginning of a sound file: libsndfile's formats directly, those of phones and browsers through ffmpeg."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from mm_demo.errors import UserError
from mm_demo.tasks.files import check_file, quoted
from mm_demo.tasks.recording import BLOCK, Recording, mix

LIBSNDFILE = "WAV, FLAC, MP3 or OGG"

_FFMPEG_SECONDS = 30
"""ffmpeg decodes a minute of sound in well under a second; a file made to keep it busy is given up."""

_FFMPEG_RATE = 48_000

_UNKNOWN_LENGTH = 2**60
"""libsndfile gives streams whose header names no length more samples than any file has."""

_MISSING_SECONDS = 0.1
"""Lossy codecs pad by less than this."""


def read_sound_file(path: Path, limit: float) -> Recording:
    """The first `limit` seconds of a recording, or of a video's sound.

    Raises:
        UserError: it can't be read as sound.
    """
    name = quoted(path.name or str(path))
    try:
        check_file(path, "recording")
        with path.open("rb") as file:
            demuxer = _demuxer(file.read(12))
        return _through_ffmpeg(path, demuxer, name, limit) if demuxer else _through_libsndfile(path, name, limit)
    except UserError:
        raise
    except PermissionError as error:
        raise UserError(f"{name} may not be read: change its permissions, or choose another recording.") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{name} can't be opened: check the path, or choose another recording.") from error


def _demuxer(start: bytes) -> str | None:
    """ffmpeg's name of the container whose first 12 bytes these are; None for what libsndfile may know."""
    if start[4:8] == b"ftyp":
        return "mov"  # m4a, mp4, 3gp
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"  # webm
    if start.startswith(b"#!AMR"):
        return "amr"
    if start.startswith((b"\xff\xf1", b"\xff\xf9")):
        return "aac"
    if start.startswith(b"RIFF") and start[8:] == b"AVI ":
        return "avi"
    return None


def _through_libsndfile(path: Path, name: str, limit: float) -> Recording:
    no_sound = UserError(f"{name} is not a recording that can be read: save it as {LIBSNDFILE} and try again.")
    damaged: list[Exception] = []

    def blocks(sound: soundfile.SoundFile) -> Iterator[np.ndarray]:
        left = round(limit * sound.samplerate)
        while left > 0:
            try:
                block = sound.read(min(BLOCK, left), dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:  # what was read before the damage is good
                damaged.append(error)
                return
            if not len(block):
                return
            left -= len(block)
            yield block

    try:
        with path.open("rb") as file, soundfile.SoundFile(file) as sound:
            promised = None if sound.frames >= _UNKNOWN_LENGTH else sound.frames / sound.samplerate
            recording = mix(blocks(sound), sound.samplerate, promised)
    except (soundfile.LibsndfileError, TypeError, ZeroDivisionError) as error:  # TypeError: "a.raw" names no format
        raise no_sound from error
    if not len(recording.samples):
        raise UserError(f"{name} holds no sound that can be read: record it again, or choose another recording.")
    got = len(recording.samples) / recording.rate
    cut_off = round(limit * recording.rate) <= len(recording.samples)
    whole = promised if cut_off else got
    short = not cut_off and promised is not None and promised - got > _MISSING_SECONDS
    return Recording(
        recording.samples, recording.rate, whole, recording.unusable, recording.clipped, bool(damaged) or short
    )


def _through_ffmpeg(path: Path, demuxer: str, name: str, limit: float) -> Recording:
    program = shutil.which("ffmpeg")
    if program is None:
        raise UserError(f"{name} can only be read by the ffmpeg program: install it, or save as {LIBSNDFILE}.")
    # A stranger's file: its kind is fixed, so that no playlist is followed, and it may open nothing but itself.
    guarded = ["-nostdin", "-v", "error", "-protocol_whitelist", "file", "-f", demuxer]
    source = ["-i", f"file:{path.resolve()}", "-map", "0:a:0", "-t", str(limit + 1)]
    target = ["-ac", "1", "-ar", str(_FFMPEG_RATE), "-f", "f32le", "pipe:1"]
    try:
        done = subprocess.run([program, *guarded, *source, *target], capture_output=True, timeout=_FFMPEG_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{name} takes too long to read: save it as {LIBSNDFILE} and try again.") from error
    samples = np.frombuffer(done.stdout[: len(done.stdout) // 4 * 4], np.float32)
    if not samples.size:
        raise UserError(f"{name} holds no sound that can be read: record it again, or choose another recording.")
    kept = samples[: round(limit * _FFMPEG_RATE)]
    whole = len(samples) / _FFMPEG_RATE if len(kept) == len(samples) else None
    recording = mix([kept[:, None]], _FFMPEG_RATE, whole)
    return Recording(
        recording.samples, _FFMPEG_RATE, whole, recording.unusable, recording.clipped, damaged=bool(done.stderr)
    )
