"""Texts beside pictures: a table of cosines and of what a model makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from mm_demo.views.scores import plain


def similarity_table(
    texts: Sequence[str], pictures: Sequence[tuple[str, str]], cosines: np.ndarray, shown: np.ndarray
) -> str:
    """The table as HTML: a row a text, a column a picture; every cell holds its cosine for a script to work with.

    Args:
        texts: names of the rows.
        pictures: (file name, data URI) of the columns.
        cosines: (texts, pictures).
        shown: (texts, pictures), 0…1: the large figure of every cell and how strongly it is coloured.
    """
    heads = "".join(
        f'<th scope="col"><img alt="{escape(name)}" title="{escape(name)}" src="{source}"></th>'
        for name, source in pictures
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(text)}</th>'
        + "".join(
            f'<td data-cosine="{cosine:.5f}" style="--share:{share:.3f}"><b>{100 * share:.0f} %</b>'
            f"<small>{plain(cosine)}</small></td>"
            for cosine, share in zip(cosine_row, share_row, strict=True)
        )
        + "</tr>"
        for text, cosine_row, share_row in zip(texts, cosines, shown, strict=True)
    )
    return (
        '<table><caption class="unseen">Similarity of texts and pictures: probability, and cosine below it</caption>'
        f'<thead><tr><td class="corner"></td>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )
