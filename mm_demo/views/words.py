"""Words coloured by how much each speaks for or against an answer; the sign stands there as text too."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mm_demo.tasks.sentiment_result import WordRelevance

_SHOWN_REST = 300
"""How many characters of what the model did not read are shown."""
_SHOWN_OF_A_WORD = 40


def signed_words(text: str, tokens: Sequence[WordRelevance], label: str) -> str:
    """The text in reading order, its tokens coloured: orange for the answer, blue against it.

    Args:
        text: what was judged.
        tokens: the parts of it that the model read, in order, relevance in [-1, 1].
        label: what a screen reader calls the whole.
    """
    parts, at = [], 0
    for token in tokens:
        between = text[at : token.start]
        parts.append(escape(between))
        parts.append(_word(text[token.start : token.end], token, glued=not between and at > 0))
        at = max(at, token.end)
    rest = text[at:]
    if rest.strip():
        hidden = len(rest) - _SHOWN_REST
        more = f"… and {hidden:,} more characters" if hidden > 0 else ""
        parts.append(f'<span class="unread">{escape(rest[:_SHOWN_REST])}{more}</span>')
    return f'<p class="signed-words" role="group" aria-label="{escape(label)}">{"".join(parts)}</p>'


def shortened(word: str) -> str:
    """The beginning of a word that no line could hold; any other as it is."""
    return word if len(word) <= _SHOWN_OF_A_WORD else f"{word[:_SHOWN_OF_A_WORD]}…"


def signed(value: float) -> str:
    """A relevance as people read it: "+0.62", "−0.30", "0"."""
    return "0" if abs(value) < 0.005 else f"{'+' if value > 0 else '−'}{abs(value):.2f}"


def _word(shown: str, token: WordRelevance, glued: bool) -> str:
    side = "for" if token.relevance >= 0.005 else "against" if token.relevance <= -0.005 else "neither"
    classes = [side, *(["glued"] if glued else []), *([] if token.known else ["unknown"])]
    strength = min(1.0, abs(float(token.relevance)))
    return (
        f'<span class="word {" ".join(classes)}" style="--strength:{strength:.2f}">'
        f"<b>{escape(shortened(shown))}</b><small>{signed(float(token.relevance))}</small></span>"
    )
