"""Grounds to draw on: mostly plain and light, sometimes a meadow under a sky."""

from __future__ import annotations

import numpy as np

from mm_demo.evaluation.another_hand.canvas import Stroke
from mm_demo.evaluation.another_hand.geometry import join, polygon

_PLAIN = ("#fbfaf5", "#f6f1e4", "#f2f2f2", "#e6e6e6", "#dfe3e6", "#e3f1fb", "#d4eafa")
_SKIES = ("#d7edfb", "#cbe7fa", "#e4f3fc")
_MEADOWS = ("#c6e6b0", "#b9dfa2", "#d0ebbd")


def draw_background(rng: np.random.Generator, size: tuple[int, int]) -> tuple[str, list[Stroke]]:
    """A ground colour and what lies on it behind all objects.

    Args:
        rng: the picture's generator.
        size: (width, height) in pixels.
    """
    choice = rng.random()
    if choice < 0.5:
        return "#ffffff", []
    if choice < 0.85:
        return str(rng.choice(_PLAIN)), []
    width, height = size
    x = np.linspace(0, width, 60)
    swell = rng.choice([0.0, 8.0, 16.0]) * np.sin(x / width * rng.uniform(3, 8) + rng.uniform(0, 6))
    hill = np.stack([x, rng.uniform(0.2, 0.42) * height + swell], axis=1)
    grass = join(hill, polygon((width, 0), (0, 0)))
    return str(rng.choice(_SKIES)), [Stroke(grass, str(rng.choice(_MEADOWS)), None, 0.0)]
