"""A recording on one line: its loudness, coloured by how much each stretch counted, as inline SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mm_demo.views.colors import viridis
from mm_demo.views.timegrid import density, onto_columns

if TYPE_CHECKING:
    from mm_demo.tasks.sentiment_result import Acoustics, AudioMap

_COLUMNS = 120
_HEIGHT = 40
_LOWEST_COLOUR = 50
"""Of 0…255: below it the scale drowns in the dark."""


def heard_strip(sound: Acoustics, relevance: AudioMap, silence: tuple[float, float] | None = None) -> str:
    """The waveform in columns, each coloured by its relevance relative to the highest.

    Args:
        sound: what was heard.
        relevance: which stretches counted.
        silence: (start, end) in seconds of a stretch that was silenced, marked.
    """
    weights = onto_columns(relevance.times, density(relevance.times, relevance.relevance), sound.seconds, _COLUMNS)
    weights = weights / max(float(weights.max(initial=0.0)), 1e-12)
    parts = np.array_split(np.abs(sound.waveform).max(axis=1), _COLUMNS)
    loud = np.array([part.max(initial=0.0) for part in parts])
    loud = loud / max(float(loud.max(initial=0.0)), 1e-6)
    table = viridis()
    bars = ""
    for x, (height, weight) in enumerate(zip(loud, weights, strict=True)):
        colour = bytes(table[round(_LOWEST_COLOUR + (255 - _LOWEST_COLOUR) * float(weight))]).hex()
        tall = max(1.0, _HEIGHT * float(height))
        bars += f'<rect x="{x + 0.1}" width="0.8" y="{(_HEIGHT - tall) / 2:.1f}" height="{tall:.1f}" fill="#{colour}"/>'
    mark, about = "", "The recording, coloured by what counted"
    if silence is not None:
        start, end = (_COLUMNS * second / sound.seconds for second in silence)
        mark = (
            f'<rect class="silence" x="{start:.1f}" width="{max(0.5, end - start):.1f}" y="0" height="{_HEIGHT}" '
            'fill="#c2410c" fill-opacity="0.2"/>'
        )
        about += f"; silent from {silence[0]:.2f} s to {silence[1]:.2f} s"
    return (
        f'<svg class="heard-strip" viewBox="0 0 {_COLUMNS} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{about}">{mark}{bars}</svg>'
    )
