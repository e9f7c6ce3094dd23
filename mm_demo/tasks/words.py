"""Text as people type, paste or dictate it, made one clean line."""

from __future__ import annotations

import re
import unicodedata

from mm_demo.errors import UserError

TEXT_LIMIT = 100_000
"""Longer texts than this many characters are refused before anything looks at them."""

_NOT_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters, and the lone surrogates that undecodable bytes on a command line turn into."""
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""Soft hyphens, zero-width spaces, and direction marks that could make a line read differently than it is."""
_JOINERS = "\u200c\u200d\ufe0e\ufe0f "


def one_line(text: str) -> str:
    """The text as one clean line, in Unicode's composed form (NFC); "" where nothing of it can be seen.

    Control characters become spaces, runs of white space become one, invisible formatting characters (but not the
    joiners inside emoji) are dropped. HTML and emoji are text like any other: whoever shows it escapes it.
    """
    visible = _INVISIBLE.sub("", _NOT_TEXT.sub(" ", text))
    line = unicodedata.normalize("NFC", " ".join(visible.split()))
    return line if line.strip(_JOINERS) else ""


def read_text(text: str | None) -> str | None:
    """Clean the words whose sentiment is asked for; how many of them a model can read is the model's to say.

    Returns:
        One line as `one_line` makes it; None where there are no words.

    Raises:
        UserError: it is no text, or over `TEXT_LIMIT`.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise UserError(f"The words must be text, not {type(text).__name__}: type what was said.")
    if len(text) > TEXT_LIMIT:
        raise UserError(f"The text has {len(text):,} characters: give the few sentences that matter.")
    return one_line(text) or None
