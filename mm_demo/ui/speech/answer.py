"""A sentiment as the page shows it: the answer, who said what, who decided, and what to doubt."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mm_demo.views.bars import answer_bars, share_bar
from mm_demo.views.sentiments import opinions
from mm_demo.views.words import shortened

if TYPE_CHECKING:
    from mm_demo.tasks.sentiment_result import SentimentResult

SHARE_NAMES = {"audio": "voice", "text": "words"}
EMPTY = (
    '<p class="speech-empty">The sentiment, what the voice and the words each say, and where the model heard it will '
    "stand here.</p>"
)
_ALONE = {"audio": "The voice alone", "text": "The words alone"}
_SHOWN_EMOTIONS = 4


def answer_html(result: SentimentResult) -> str:
    """The answer with its bars, each modality's own opinion, weights, shares and the voice's emotions."""
    parts = [_remark(result), answer_bars(result.candidates, "Sentiment")]
    parts.append(opinions(result.unimodal, _ALONE))
    if all(result.unimodal.get(name) is not None for name in SHARE_NAMES):
        parts.append(
            '<div class="two-bars">'
            + share_bar(result.modality_weights, SHARE_NAMES, _weights_title(result))
            + share_bar(result.modality_shares, SHARE_NAMES, "What decided this answer: exact Shapley shares")
            + "</div>"
        )
    parts.append(_emotions(result.emotions))
    return f'<div class="speech-answer" role="status">{"".join(parts)}</div>'


def busy_html(sentence: str) -> str:
    """What stands there while the answer is on its way."""
    return f'<p class="speech-empty busy" role="status">{escape(sentence)}</p>'


def error_html(sentence: str) -> str:
    """One sentence in the place of the answer."""
    return f'<p class="speech-message" role="alert">{escape(sentence)}</p>'


def speech_doubts(result: SentimentResult) -> list[str]:
    """The sentences to show over an answer: what was cut, what is unfamiliar, which words are unknown."""
    said = list(result.notes)
    if not result.familiar:
        said.append(
            "This is unlike the speech or the words that the model has learned from, so take its answer as a guess."
        )
    if result.unknown_words:
        shown = ", ".join(f"“{shortened(word)}”" for word in result.unknown_words[:8])
        more = " and others" if len(result.unknown_words) > 8 else ""
        said.append(f"The model does not know {shown}{more}: check the answer.")
    return said


def _remark(result: SentimentResult) -> str:
    if not result.remark:
        return ""
    kind = "conflict" if result.conflict else "agreement"
    return f'<p class="speech-remark {kind}">{escape(result.remark)}</p>'


def _weights_title(result: SentimentResult) -> str:
    own = result.strategies[0].own_weights if result.strategies else True
    if own:
        return "How the fusion weighed voice and words"
    return "How voice and words counted (this fusion has no weights of its own)"


def _emotions(emotions: list[tuple[str, float]]) -> str:
    if not emotions:
        return ""
    shown = "".join(f"<li>{escape(name)} <b>{100 * p:.0f} %</b></li>" for name, p in emotions[:_SHOWN_EMOTIONS])
    return f'<div class="emotions"><p>The voice sounds like</p><ul>{shown}</ul></div>'
