"""The sound view: waveform, Mel spectrogram, MFCC and pitch on one time axis, with what the model weighed.

The server sends everything once, as bytes; hovering, the keyboard and a playing sound move the cursor in the browser.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from mm_demo.views.colors import viridis
from mm_demo.views.timegrid import density, onto_columns, stretches, strongest

if TYPE_CHECKING:
    from mm_demo.tasks.sentiment_result import Acoustics, AudioMap, BandMap

_FOLDER = Path(__file__).parent
_COLUMNS = 600
"""Most columns that are sent; a screen shows hardly more."""
_QUIETEST = -80.0
"""Decibels drawn as black."""
_SPREAD = 2.5
"""Standard deviations of a Mel-frequency cepstral coefficient from black to white, either way."""


def sound_view(elem_id: str, player: str) -> gr.HTML:
    """The component, empty; give it what `sound_content` returns. It follows the gr.Audio with the id `player`."""
    script = (_FOLDER / "view.js").read_text()
    return gr.HTML(
        value=None,
        html_template=(_FOLDER / "view.html").read_text(),
        css_template=(_FOLDER / "view.css").read_text(),
        js_on_load=script.replace("__TABLE__", _text(viridis())).replace("__PLAYER__", player),
        apply_default_css=False,
        elem_id=elem_id,
    )


def sound_content(
    sound: Acoustics, relevance: AudioMap | None, bands: BandMap | None, attention: AudioMap | None = None
) -> dict[str, Any]:
    """What the view draws: small numbers as base64, all rows on the same columns; about 100 kB at most.

    Returns:
        seconds, columns; `wave` (columns of its own, 2) int8 of its loudest; `relevance` and `attention` (columns,)
        uint8 of their highest, empty where not given; `mel` and `mfcc` (rows, columns) uint8; `bands` (mel rows,
        columns) int8; `pitch` (columns,) uint16 in Hz, 0 for none; `level` (columns,) int8 in dB; `hertz`, one for each
        Mel row; `summary`, a sentence.
    """
    columns = int(np.clip(len(sound.times), 60, _COLUMNS))
    frames = stretches(sound.times)

    def spread(values: np.ndarray) -> np.ndarray:
        return onto_columns(frames, values, sound.seconds, columns)

    voiced = np.isfinite(sound.pitch_hertz)
    pitch, heard = spread(np.where(voiced, sound.pitch_hertz, 0.0)), spread(voiced.astype(float))
    mel = (np.maximum(sound.mel_db, _QUIETEST) - _QUIETEST) / -_QUIETEST
    mfcc = sound.mfcc - sound.mfcc.mean(axis=1, keepdims=True)
    mfcc = mfcc / np.maximum(sound.mfcc.std(axis=1, keepdims=True), 1e-6)
    loudest = max(float(np.abs(sound.waveform).max(initial=0.0)), 1e-6)
    return {
        "seconds": round(sound.seconds, 3),
        "columns": columns,
        "wave": _bytes(sound.waveform / loudest * 127, np.int8),
        "relevance": _over_time(relevance, sound.seconds, columns),
        "attention": _over_time(attention, sound.seconds, columns),
        "mel": _bytes(spread(mel) * 255, np.uint8),
        "mfcc": _bytes((spread(mfcc) / _SPREAD + 1) * 127.5, np.uint8),
        "bands": _bands(bands, sound, columns),
        "pitch": _bytes(np.where(heard >= 0.5, pitch / np.maximum(heard, 1e-6), 0), np.uint16),
        "level": _bytes(spread(np.maximum(sound.energy_db, -120.0)), np.int8),
        "hertz": [round(float(hertz)) for hertz in sound.mel_hertz],
        "summary": counted_most(relevance),
    }


def counted_most(relevance: AudioMap | None) -> str:
    """The sentence that says where the voice counted most, for those who don't see it; empty where nothing is known."""
    found = strongest(relevance.times, relevance.relevance) if relevance is not None else None
    if found is None:
        return ""
    start, end, share = found
    return f"The voice counted most from {start:.1f} s to {end:.1f} s: {100 * share:.0f} % of its relevance lies there."


def _over_time(shown: AudioMap | None, seconds: float, columns: int) -> str:
    if shown is None or len(shown.times) == 0:
        return ""
    values = onto_columns(shown.times, density(shown.times, shown.relevance), seconds, columns)
    return _bytes(values / max(float(values.max()), 1e-12) * 255, np.uint8)


def _bands(bands: BandMap | None, sound: Acoustics, columns: int) -> str:
    """The relevance of the bands on the rows of the Mel spectrogram."""
    if bands is None:
        return ""
    values = onto_columns(bands.times, bands.relevance, sound.seconds, columns)
    rows = np.stack([np.interp(sound.mel_hertz, bands.hertz, column) for column in values.T], axis=1)
    return _bytes(rows / max(float(np.abs(rows).max()), 1e-12) * 127, np.int8)


def _bytes(values: np.ndarray, kind: type[np.integer[Any]]) -> str:
    limits = np.iinfo(kind)
    whole = np.nan_to_num(np.asarray(values, dtype=np.float64)).round().clip(limits.min, limits.max)
    return _text(whole.astype(np.dtype(kind).newbyteorder("<")))


def _text(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
