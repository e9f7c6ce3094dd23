"""The sets of pictures that the embedded checkpoints are measured on, none of them seen in training."""

from __future__ import annotations

from collections.abc import Callable

from mm_demo.evaluation.another_hand.mouse import draw_by_mouse
from mm_demo.evaluation.another_hand.pictures import draw_picture
from mm_demo.scenes import Scene, make_scene

SETS: dict[str, Callable[[int], Scene]] = {
    "held-out scenes": lambda seed: make_scene(seed, split="test"),
    "held-out pairs": lambda seed: make_scene(seed, split="pairs"),
    "another hand": draw_picture,
    "drawn by mouse": draw_by_mouse,
}
"""Drawer by name: the generator's own pictures with fresh seeds; with a colour–kind pair that never occurs in training;
pictures by other drawing code at 640 × 480 through JPEG; outlines as a mouse draws them."""


def seeds(seed: int, n: int) -> range:
    """The n picture seeds that belong to an evaluation's seed; different evaluations share none."""
    return range(1_000_000 * (seed + 1), 1_000_000 * (seed + 1) + n)
