"""What is looked for, from what a person gave: words, a picture, or both."""

from __future__ import annotations

import os
import re

import numpy as np
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.index.files import SUFFIXES
from mm_demo.tasks.files import quoted
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.retrieval_result import Query
from mm_demo.tasks.words import read_text

QuerySource = str | os.PathLike[str] | Image.Image | np.ndarray | Query

_ENDING = re.compile(r"\.[A-Za-z]\w{0,4}")
_SEPARATORS = {os.sep, "/"}
_EMPTY = "The query is empty: say in words what to look for, or give a picture."


def read_query(source: QuerySource | None) -> Query:
    """A query as a person types it where paths may be given: never pass it a stranger's text, use `checked` for that.

    Args:
        source: the path of a picture, a PIL image or an array; or words, which are everything else that is text and
            does not look like a path (a picture's ending, or a separator and any ending); or a `Query`.

    Raises:
        UserError: nothing was given, or the picture or the words can't be read.
    """
    if isinstance(source, Query):
        return checked(source)
    if source is None:
        raise UserError(_EMPTY)
    if not isinstance(source, str):
        return Query(picture=read_image(source))
    if os.path.isfile(source) or (_has_separator(source) and os.path.exists(source)):
        return Query(picture=read_image(source))
    ending = os.path.splitext(source)[1]
    if ending.lower() in SUFFIXES or (_has_separator(source) and _ENDING.fullmatch(ending)):
        raise UserError(f"There is no picture {quoted(source)}: check its path, or say in words what to look for.")
    return checked(Query(source))


def checked(query: Query) -> Query:
    """The query with its words as one clean line.

    Raises:
        UserError: there is nothing in it, the words can't be read, or the share is not 0…1.
    """
    text = read_text(query.text) or ""
    if not text and query.picture is None:
        raise UserError(_EMPTY)
    if not 0 <= query.text_share <= 1:
        raise UserError(f"The words' share must lie between 0 and 1: {query.text_share} does not.")
    return Query(text, query.picture, query.text_share)


def _has_separator(text: str) -> bool:
    return any(separator in text for separator in _SEPARATORS)
