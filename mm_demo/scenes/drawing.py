"""Painting one object onto a canvas, with its silhouette beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from mm_demo.scenes import shapes_parts, shapes_plain
from mm_demo.scenes.geometry import Part, wobble
from mm_demo.scenes.palette import Rgb, part_color, scaled, shade_of

SHAPES: dict[str, Callable[[np.random.Generator], list[Part]]] = {
    **{
        name: getattr(shapes_plain, name)
        for name in ("circle", "square", "triangle", "star", "heart", "cross", "moon", "arrow")
    },
    **{
        name: getattr(shapes_parts, name)
        for name in ("house", "tree", "car", "boat", "fish", "flower", "cup", "umbrella")
    },
}
_TURN = {
    "arrow": 180.0,
    "square": 12.0,
    "star": 25.0,
    "cross": 12.0,
    "circle": 0.0,
    "moon": 30.0,
    "fish": 20.0,
    "flower": 12.0,
}
_MIRRORED = {"car", "fish", "boat", "cup", "house", "tree", "flower", "triangle"}


@dataclass(frozen=True)
class Style:
    """How one picture is drawn.

    Attributes:
        look: "filled", "edged" (filled with an outline) or "outline" (the pen's line alone).
        pen: width of the line as a fraction of the picture's side.
        edge: the outline's colour; None for a darker shade of the part's own.
        plain: every part has the body's colour.
        unsteady: how far the hand strays, in units of the shape.
        paper: fill of outlined shapes; None leaves the background.
    """

    look: str
    pen: float
    edge: Rgb | None
    plain: bool
    unsteady: float
    paper: Rgb | None = None


def random_style(rng: np.random.Generator) -> Style:
    """A style for a whole picture."""
    look = str(rng.choice(["filled", "edged", "outline"], p=[0.43, 0.29, 0.28]))
    shaky = rng.random() < (0.65 if look == "outline" else 0.25)
    return Style(
        look=look,
        pen=rng.uniform(0.008, 0.03) if look == "outline" else rng.uniform(0.004, 0.018),
        edge=(0, 0, 0) if rng.random() < 0.5 else (60, 60, 60) if rng.random() < 0.3 else None,
        plain=rng.random() < 0.25,
        unsteady=rng.uniform(0.01, 0.06) if shaky else 0.0,
        paper=(255, 255, 255) if rng.random() < 0.15 else None,
    )


def outline_of(kind: str, rng: np.random.Generator, unsteady: float) -> list[Part]:
    """The parts of one variant, turned, mirrored and shaken, scaled so that the longer side spans −0.5…0.5."""
    parts = SHAPES[kind](rng)
    limit = _TURN.get(kind, 9.0)
    angle = np.radians(rng.uniform(-limit, limit)) if kind == "arrow" or rng.random() < 0.6 else 0.0
    if kind == "arrow" and rng.random() < 0.6:
        angle = np.radians(90 * rng.integers(4))
    flip = -1.0 if kind in _MIRRORED and rng.random() < 0.5 else 1.0
    stretch = rng.uniform(0.88, 1.12)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shaped = []
    for part in parts:
        points = part.points * (flip * stretch, 1.0) @ turn
        if unsteady:
            points = wobble(points, rng, unsteady, part.thickness is None)
        shaped.append(points)
    every = np.concatenate(shaped)
    low, high = every.min(0), every.max(0)
    scale = 1 / (high - low).max()
    middle = (low + high) / 2
    return [
        Part((points - middle) * scale, part.role, None if part.thickness is None else part.thickness * scale)
        for points, part in zip(shaped, parts, strict=True)
    ]


def paint(
    canvas: ImageDraw.ImageDraw,
    labels: ImageDraw.ImageDraw,
    label: int,
    parts: list[Part],
    color: str,
    at: tuple[float, float],
    scale: tuple[float, float],
    style: Style,
    rng: np.random.Generator,
) -> None:
    """Draw the parts onto `canvas`, and their silhouette in `label` onto `labels`.

    Args:
        canvas: the picture; its coordinates are `labels`' times the canvas' own factor (see `at`).
        labels: an "L" picture of the same size.
        label: the value that stands for this object in `labels`.
        at: centre in pixels.
        scale: pixels per unit of the shape, horizontally and vertically.
    """
    side = canvas.im.size[0]
    pen = max(1, round(style.pen * side))
    body = shade_of(color, rng)
    paints: dict[str, Rgb] = {"body": body}
    overshoot = style.look == "outline" and style.unsteady > 0 and rng.random() < 0.5
    for part in parts:
        points = part.points * scale + at
        xy = [(float(x), float(y)) for x, y in points]
        fill = paints.get(part.role)
        if fill is None:
            alike = style.plain or style.look == "outline"
            fill = paints[part.role] = (
                scaled(body, 0.8)
                if alike and style.look == "filled"
                else body
                if alike
                else part_color(part.role, body, rng)
            )
        if part.thickness is not None:
            width = pen if style.look == "outline" else max(1, round(part.thickness * scale[1]))
            canvas.line(xy, fill=fill, width=width, joint="curve")
            labels.line(xy, fill=label, width=max(width, round(part.thickness * scale[1])), joint="curve")
            continue
        labels.polygon(xy, fill=label)
        if style.look == "outline":
            if style.paper is not None:
                canvas.polygon(xy, fill=style.paper)
            ring = [*xy, xy[0], xy[1]]
            if overshoot:
                cut = int(rng.integers(0, 2))
                ring = [*xy, xy[0]][: len(xy) + 1 - cut]
            canvas.line(ring, fill=body, width=pen, joint="curve")
            labels.line(ring, fill=label, width=pen, joint="curve")
            continue
        canvas.polygon(xy, fill=fill)
        if style.look == "edged":
            edge = style.edge if style.edge is not None else scaled(fill, 0.55)
            canvas.line([*xy, xy[0], xy[1]], fill=edge, width=pen, joint="curve")
