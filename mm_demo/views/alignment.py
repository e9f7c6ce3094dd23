"""How pictures and texts meet while it is learnt: curves of recall, matrix of similarities, table beside chance.

Plain HTML and inline SVG; everything that came from outside escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from mm_demo.views.colors import viridis
from mm_demo.views.plot_frame import QUARTERS, PlotFrame, legend_key

RecallAt = Mapping[int, float]
"""k → recall@k, 0…1."""

COLOURS = {1: "#d55e00", 5: "#0072b2", 10: "#009e73"}
"""k → its colour: vermilion, blue and bluish green, told apart with the common colour deficiencies."""
_FRAME = PlotFrame(width=480, height=220, left=46, right=8, top=10, bottom=26)
_TO_PICTURE, _TO_TEXT = "text → picture", "picture → text"
_DASHES = {_TO_PICTURE: "", _TO_TEXT: "5 4"}


def recall_curves(
    steps: Sequence[int], to_picture: Sequence[RecallAt], to_text: Sequence[RecallAt], last: int, label: str
) -> str:
    """An inline SVG with a line for each k and direction: solid from text to picture, dashed from picture to text.

    Args:
        steps: where recall was measured, rising, 0…`last`.
        to_picture: recall at each of them, of texts that look for their picture.
        to_text: the same for pictures that look for their text.
        last: the step at which training will end, the right edge.
        label: what a screen reader calls the drawing, before the newest figures.
    """
    places = [step / last for step in steps]
    lines = "".join(
        f'<polyline points="{_FRAME.points(places, [at[k] for at in curve])}" fill="none" stroke="{COLOURS[k]}" '
        f'stroke-width="{3 if k == 1 else 2}" stroke-dasharray="{_DASHES[direction]}"/>'
        for direction, curve in ((_TO_TEXT, to_text), (_TO_PICTURE, to_picture))
        for k in sorted(COLOURS, reverse=True)
    )
    newest = f"recall at 1 {100 * to_picture[-1][1]:.0f} % and {100 * to_text[-1][1]:.0f} %" if steps else "no figures"
    axes = _FRAME.axes(QUARTERS, "step 0", str(last))
    return (
        f'<figure class="curves"><svg viewBox="0 0 {_FRAME.width} {_FRAME.height}" role="img" '
        f'aria-label="{escape(label)}: {newest}">{axes}{lines}</svg>'
        f"<figcaption>{_legend()}</figcaption></figure>"
    )


def similarity_matrix(cosines: np.ndarray, texts: Sequence[str], label: str) -> str:
    """A table with a coloured cell for each picture and text, the matches framed; it scrolls inside its own box.

    Args:
        cosines: (pictures, texts), −1…1. Pictures are columns, as `<i class="pair" style="--pair: n">`, which the page
            draws; texts are rows.
        texts: what stands before each row.
        label: what a screen reader calls the table.
    """
    head = "".join(
        f'<th scope="col"><i class="pair" style="--pair: {n}" role="img" aria-label="picture {n + 1}"></i></th>'
        for n in range(len(cosines))
    )
    rows = "".join(
        f'<tr><th scope="row" title="{escape(text)}"><span>{escape(text)}</span></th>'
        + "".join(_cell(float(cosine), n == column) for column, cosine in enumerate(cosines[:, n]))
        + "</tr>"
        for n, text in enumerate(texts)
    )
    return (
        f'<div class="matrix" tabindex="0" role="region" aria-label="{escape(label)}"><table><thead><tr>'
        f"<td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def recall_table(rows: Sequence[tuple[str, RecallAt, RecallAt]]) -> str:
    """A table of recall in per cent, one row for each (name, from text to picture, from picture to text)."""
    ks = sorted(COLOURS)
    heads = "".join(f'<th scope="col">{k}</th>' for _ in range(2) for k in ks)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{100 * recall[k]:.0f} %</td>" for recall in (to_picture, to_text) for k in ks)
        + "</tr>"
        for name, to_picture, to_text in rows
    )
    return (
        '<div class="recalls" tabindex="0" role="region" aria-label="Recall on held-out pairs"><table><thead>'
        f'<tr><td></td><th scope="colgroup" colspan="{len(ks)}">{_TO_PICTURE}, recall at</th>'
        f'<th scope="colgroup" colspan="{len(ks)}">{_TO_TEXT}, recall at</th></tr>'
        f"<tr><td></td>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(cosine: float, match: bool) -> str:
    red, green, blue = viridis()[round(255 * (min(1.0, max(-1.0, cosine)) + 1) / 2)].tolist()
    ink = "#000" if 0.3 * red + 0.59 * green + 0.11 * blue > 120 else "#fff"
    said = f"{abs(cosine):.2f}".lstrip("0") if abs(cosine) < 0.995 else "1"
    return (
        f'<td{" class=match" if match else ""} style="background: rgb({red} {green} {blue}); color: {ink}">'
        f"{'−' if cosine < -0.005 else ''}{said}</td>"
    )


def _legend() -> str:
    ks = "".join(legend_key(f"recall@{k}", colour, "") for k, colour in sorted(COLOURS.items()))
    return f"<ul>{ks}{''.join(legend_key(name, 'currentColor', dashes) for name, dashes in _DASHES.items())}</ul>"
