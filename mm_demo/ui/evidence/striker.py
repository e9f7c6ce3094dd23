"""The striker: words that a click strikes out, and the text as it is without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

_FOLDER = Path(__file__).parent
_MOST_WORDS = 200


def striker(elem_id: str, heading: str) -> gr.HTML:
    """The component; give it what `to_strike` returns, and what it holds to `without_struck`."""
    return gr.HTML(
        value={"words": [], "struck": []},
        html_template=(_FOLDER / "striker.html").read_text(),
        css_template=(_FOLDER / "striker.css").read_text(),
        js_on_load=(_FOLDER / "striker.js").read_text(),
        apply_default_css=False,
        elem_id=elem_id,
        heading=heading,
    )


def to_strike(text: str) -> dict[str, Any]:
    """What the striker shows: the first words of the text, none of them struck."""
    return {"words": text.split()[:_MOST_WORDS], "struck": []}


def without_struck(text: str, value: Any) -> str | None:
    """The text without the words that were struck; None where none was.

    Args:
        text: what was offered to be struck; words struck of another text are not meant.
        value: what the striker holds.
    """
    words = text.split()
    if not isinstance(value, dict) or value.get("words") != words[:_MOST_WORDS]:
        return None
    if not isinstance(value.get("struck"), list):
        return None
    struck = {place for place in value["struck"] if isinstance(place, int) and 0 <= place < len(words)}
    return " ".join(word for i, word in enumerate(words) if i not in struck) if struck else None
