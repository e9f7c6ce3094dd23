"""Pictures like a teacher's, a clip-art maker's or a child's with a drawing program, saved as JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from mm_demo.evaluation.another_hand.backgrounds import draw_background
from mm_demo.evaluation.another_hand.canvas import Stroke, extent, render, shown
from mm_demo.evaluation.another_hand.geometry import bounds, dense, warp
from mm_demo.evaluation.another_hand.palette import PALE, SHADES, is_black, mix, paint_of
from mm_demo.evaluation.another_hand.part import Drawer, Part
from mm_demo.evaluation.another_hand.placing import Rectangle, find_place
from mm_demo.evaluation.another_hand.shapes_nature import LIVING
from mm_demo.evaluation.another_hand.shapes_parts import MADE
from mm_demo.evaluation.another_hand.shapes_simple import SIMPLE
from mm_demo.scenes.truth import COLORS, KINDS, Scene, SceneObject

WIDTH, HEIGHT = 640, 480
DRAWERS: dict[str, Drawer] = {**SIMPLE, **MADE, **LIVING}
_ACROSS = {"small": (0.18, 0.265), "large": (0.355, 0.49)}
_VISIBLE = 0.85


@dataclass(frozen=True)
class _Style:
    """How one picture is drawn: outlines ("none", "black" or "dark"), their width, wobble and smooth edges."""

    outline: str
    width: float
    wobble: float
    smooth: bool


def _choose_style(rng: np.random.Generator) -> _Style:
    name = rng.choice(["flat", "clip-art", "tinted", "paint", "child"], p=[0.27, 0.25, 0.18, 0.15, 0.15])
    if name == "flat":
        return _Style("none", 0.0, 0.0, True)
    if name == "clip-art":
        return _Style("black", rng.uniform(1.5, 4.0), 0.0, True)
    if name == "tinted":
        return _Style("dark", rng.uniform(1.5, 4.0), 0.0, True)
    if name == "paint":
        return _Style("black", float(rng.integers(1, 4)), 0.0, False)
    return _Style(str(rng.choice(["black", "dark"])), rng.uniform(2.0, 4.0), rng.uniform(0.012, 0.026), True)


def _ink(parts: list[Part], body: str, style: _Style) -> list[Stroke]:
    """The parts with their colours; lines on black objects are grey, or nobody would see them."""
    faint = "#8a8a8a"
    dark = faint if is_black(body) else mix(body, "#000000", 0.5)
    edge = {"none": None, "black": faint if is_black(body) else "#000000", "dark": dark}[style.outline]
    strokes = []
    for part in parts:
        if part.paint is None:
            strokes.append(Stroke(part.points, None, edge or dark, max(1.3, style.width * 0.8), closed=False))
            continue
        fill = paint_of(part.paint, body)
        line = edge if part.edged else None
        if line is None and part.edged and fill in PALE:
            line = "#9aa0a6"
        strokes.append(Stroke(part.points, fill, line, style.width or 1.2))
    return strokes


def _sized(parts: list[Part], across: float, style: _Style, rng: np.random.Generator) -> list[Part]:
    """The parts in pixels from (0, 0) up, so that with its outline the object's longer side is `across`."""
    low, high = bounds([part.points for part in parts])
    scale = 2 / (high - low).max()
    lines = [(part.points - (low + high) / 2) * scale for part in parts]
    if style.wobble:
        shift = rng.normal(0, style.wobble, (5, 2))
        waves = np.concatenate([rng.uniform(-5, 5, (5, 2)), rng.uniform(0, 6.3, (5, 1)), shift], axis=1)
        lines = [
            warp(dense(line, 0.08, part.paint is not None), waves) for line, part in zip(lines, parts, strict=True)
        ]
    low, high = bounds(lines)
    factor = (across - style.width) / (high - low).max()
    return [
        Part((line - low) * factor + style.width / 2, part.paint, part.edged)
        for line, part in zip(lines, parts, strict=True)
    ]


def _through_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file).convert("RGB"))


def draw_picture(seed: int) -> Scene:
    """One picture of 1 to 5 objects; the same seed always gives the same picture.

    Args:
        seed: any non-negative integer.

    Returns:
        640 × 480 pixels that went through JPEG; at least 85 % of every object shows. "small" objects are 0.17 to
        0.27 of the picture's height across (the longer side of the box), "large" ones 0.35 to 0.5.
    """
    rng = np.random.default_rng(seed)
    wanted = int(rng.choice([1, 2, 3, 4, 5], p=[0.2, 0.25, 0.25, 0.2, 0.1]))
    style = _choose_style(rng)
    ground, behind = draw_background(rng, (WIDTH, HEIGHT))
    overlap = 0.06 if rng.random() < 0.3 else -0.06
    alike = rng.random() < 0.2
    strokes: list[Stroke] = list(behind)
    facts: list[tuple[str, str, str]] = []
    whole: list[np.ndarray] = []
    masks: list[np.ndarray] = []
    taken: list[Rectangle] = []
    while not facts or wanted > 0:
        wanted -= 1
        kind = facts[0][0] if alike and facts and rng.random() < 0.7 else str(rng.choice(KINDS))
        color = str(rng.choice(COLORS))
        size = "large" if rng.random() < (0.6 if wanted < 3 else 0.4) else "small"
        parts = DRAWERS[kind](rng)
        for attempt in (size, "small"):
            across = rng.uniform(*_ACROSS[attempt]) * HEIGHT
            pen = replace(style, width=min(style.width, 0.018 * across))
            drawn = _sized(parts, across, pen, rng)
            reach = bounds([part.points for part in drawn])[1] + pen.width / 2
            place = find_place(rng, (reach[0], reach[1]), (WIDTH, HEIGHT), taken, overlap)
            if place is not None:
                break
        if place is None:
            continue
        ink = _ink([Part(p.points + place[:2], p.paint, p.edged) for p in drawn], str(rng.choice(SHADES[color])), pen)
        mask = shown(ink, (WIDTH, HEIGHT))
        left = [older & ~mask for older in masks]
        if any(now.sum() < _VISIBLE * full.sum() for now, full in zip(left, whole, strict=True)):
            continue
        masks, whole = [*left, mask], [*whole, mask]
        taken.append(place)
        strokes += ink
        facts.append((kind, color, attempt))
    picture = _through_jpeg(render(strokes, (WIDTH, HEIGHT), ground, style.smooth), int(rng.integers(70, 96)))
    objects = (
        SceneObject(kind, color, size, extent(mask), mask)
        for (kind, color, size), mask in zip(facts, masks, strict=True)
    )
    return Scene(picture, tuple(objects))
