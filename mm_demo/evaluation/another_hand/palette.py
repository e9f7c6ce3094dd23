"""The eight named colours in shades that any person calls by that name, and natural colours of parts."""

from __future__ import annotations

from matplotlib.colors import to_hex, to_rgb

SHADES: dict[str, tuple[str, ...]] = {
    "red": ("#ff0000", "#e31b23", "#d62828", "#ed1c24", "#c8102e", "#e53935", "#f0342b"),
    "green": ("#008000", "#22b14c", "#2e9e3f", "#43a047", "#00b140", "#1b8a3a", "#5dbb46", "#00cc00"),
    "blue": ("#0000ff", "#1e6fd9", "#2b5fd0", "#2244dd", "#0b4fa8", "#2f80ed", "#1565c0", "#1f8fff"),
    "yellow": ("#ffff00", "#ffe119", "#ffd91a", "#fdd835", "#ffeb3b", "#fff200", "#fce94f"),
    "purple": ("#800080", "#6a1b9a", "#8e44ad", "#7b2fbe", "#911eb4", "#6b2fa0", "#9c4dcc"),
    "orange": ("#ff8c00", "#f58231", "#ff7f0e", "#fb8500", "#ff7f27", "#f57c00", "#ff9800"),
    "pink": ("#ff69b4", "#ff8fc7", "#ffa6c9", "#f78fb3", "#ff85c0", "#fba0c8", "#ff9ec4"),
    "black": ("#000000", "#0d0d0d", "#161616", "#1a1a1d", "#222222"),
}

PEN_COLORS: dict[str, tuple[str, ...]] = {
    "red": ("#ff0000", "#e6194b"),
    "green": ("#008000", "#3cb44b"),
    "blue": ("#0000ff", "#4363d8"),
    "yellow": ("#ffe119", "#ffd700"),
    "purple": ("#800080", "#911eb4"),
    "orange": ("#ff8c00", "#f58231"),
    "pink": ("#ff69b4", "#ff8fc7"),
    "black": ("#000000",),
}
"""What a drawing board's colour buttons offer."""

WOODS = ("#8b5a2b", "#7a4a1f", "#6d4c33", "#94652f")
GLASS = ("#bfe3f7", "#cfeaf5", "#d6ecff", "#c8e6f0")
STEMS = ("#3a8f3a", "#2f7d32", "#4c9a2a", "#1f7a33")
TYRES = ("#4a4a4a", "#555555", "#606060")
ROOFS = ("#7a4b3a", "#6b6b6b", "#5a4a42", "#8a5a44")
WHITE = "#ffffff"
CLOTHS = (WHITE, "#f3ead2", "#e3e8ee")
CHINA = "#e9e4da"
PALE = (*CLOTHS, CHINA)
"""Paints that need an edge to show on a light ground."""


def mix(color: str, other: str, amount: float) -> str:
    """`color` moved towards `other`: 0 leaves it, 1 gives `other`."""
    red, green, blue = ((1 - amount) * a + amount * b for a, b in zip(to_rgb(color), to_rgb(other), strict=True))
    return to_hex((red, green, blue))


def paint_of(paint: str, body: str) -> str:
    """A part's colour as hex.

    "body", "shade" (darker) and "tint" (lighter) follow the object's body colour; "middle" is a flower's middle,
    yellow unless the petals are nearly so.
    """
    if paint == "body":
        return body
    if paint == "shade":
        return mix(body, "#000000", 0.16)
    if paint == "tint":
        return mix(body, "#ffffff", 0.2)
    if paint == "middle":
        red, green, blue = to_rgb(body)
        return "#7a4a1f" if red > 0.8 and green > 0.4 and blue < 0.4 else "#ffd83d"
    return paint


def is_black(color: str) -> bool:
    """Whether black lines would not show on the colour."""
    return max(to_rgb(color)) < 0.2
