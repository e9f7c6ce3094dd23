"""One picture of a sound and what was weighed in it, to keep: the same rows as on the page, on one time axis."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from mm_demo.views.timegrid import density, onto_columns, stretches

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mm_demo.tasks.sentiment_result import Acoustics, AudioMap, BandMap

_SIGNED = LinearSegmentedColormap.from_list("signed", ["#3478c8", "#ffffff", "#e67e22"])


def sound_sheet(sound: Acoustics, relevance: AudioMap | None, bands: BandMap | None, title: str, words: str) -> bytes:
    """Waveform coloured by relevance, Mel spectrogram, relevance of the bands, MFCC and pitch, as PNG.

    Args:
        sound: what is drawn.
        relevance: which stretches counted; None leaves the waveform grey.
        bands: which frequencies counted; None leaves that row out.
        title: one line above everything.
        words: one line below it.
    """
    rows = 4 + (bands is not None)
    figure = Figure(figsize=(10, 1.7 * rows + 0.9))
    FigureCanvasAgg(figure)
    axes = iter(figure.subplots(rows, 1, sharex=True))
    figure.suptitle(f"{_cut(title)}\n{_cut(words)}", fontsize=11, parse_math=False)
    frames = stretches(sound.times)
    _waveform(next(axes), sound, relevance)
    _image(next(axes), sound.mel_db, frames, sound.mel_hertz, "Mel (Hz)", "magma", (-80, 0))
    if bands is not None:
        _image(next(axes), bands.relevance, bands.times, bands.hertz, "bands: for / against", _SIGNED, (-1, 1))
    scaled = sound.mfcc - sound.mfcc.mean(axis=1, keepdims=True)
    scaled = scaled / np.maximum(scaled.std(axis=1, keepdims=True), 1e-6)
    _image(next(axes), scaled, frames, np.arange(1, len(scaled) + 1), "MFCC", "gray", (-2.5, 2.5))
    last = next(axes)
    last.plot(sound.times, sound.pitch_hertz, ".", markersize=3, color="#3478c8")
    last.set(ylabel="pitch (Hz)", xlabel="seconds", xlim=(0, sound.seconds))
    figure.subplots_adjust(
        left=0.09, right=0.985, top=1 - 0.65 / figure.get_figheight(), bottom=0.5 / figure.get_figheight()
    )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def _waveform(axes: Axes, sound: Acoustics, relevance: AudioMap | None) -> None:
    columns = len(sound.waveform)
    middles = (np.arange(columns) + 0.5) * sound.seconds / columns
    lines = [[(x, low), (x, high)] for x, (low, high) in zip(middles, sound.waveform, strict=True)]
    drawn = LineCollection(lines, linewidths=1, cmap="viridis", color=None if relevance is not None else "grey")
    if relevance is not None:
        drawn.set_array(
            onto_columns(relevance.times, density(relevance.times, relevance.relevance), sound.seconds, columns)
        )
    axes.add_collection(drawn)
    height = max(float(np.abs(sound.waveform).max(initial=0)), 1e-3)
    axes.set(ylabel="waveform,\nby relevance", ylim=(-height, height))


def _image(
    axes: Axes,
    values: np.ndarray,
    times: np.ndarray,
    heights: np.ndarray,
    label: str,
    colours: str | LinearSegmentedColormap,
    limits: tuple[float, float],
) -> None:
    """Rows drawn equally high whatever their frequencies; the axis names three of them."""
    extent = (times[0, 0], times[-1, 1], -0.5, len(values) - 0.5)
    axes.imshow(values, aspect="auto", origin="lower", extent=extent, cmap=colours, vmin=limits[0], vmax=limits[1])
    ticks = np.unique(np.linspace(0, len(values) - 1, 3).round().astype(int))
    axes.set_yticks(ticks, [f"{heights[i]:.0f}" for i in ticks])
    axes.set_ylabel(label)


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 110 else flat[:109] + "…"
