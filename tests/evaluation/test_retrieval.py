"""Galleries hold nothing ambiguous, and recall counts what it says."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from mm_demo.errors import UserError
from mm_demo.evaluation.pictures import SETS
from mm_demo.evaluation.retrieval import recall
from mm_demo.evaluation.singling import single_out


def test_recall_by_hand() -> None:
    cosines = np.zeros((12, 12))
    for query in range(12):
        cosines[query, np.roll(np.arange(12), -query)] = np.linspace(1, 0, 12)
    # Every query's own item comes first; the next two queries are given rivals, one and six of them.
    cosines[0, 1] = 2
    cosines[1, 2:8] = 2
    found = recall(cosines)
    assert (found["n"], found["chance@1"]) == (12, pytest.approx(1 / 12))
    assert found["recall@1"] == pytest.approx(10 / 12)
    assert found["recall@5"] == pytest.approx(11 / 12)
    assert found["recall@10"] == 1


def test_every_text_of_a_gallery_fits_its_own_picture_alone() -> None:
    gallery = single_out(SETS["held-out scenes"], count(5_000_000), 60)
    fits = [[one.description.fits(other.objects) for other in gallery] for one in gallery]
    assert (np.array(fits) == np.eye(60, dtype=bool)).all()


def test_a_gallery_that_cannot_be_filled_is_one_sentence() -> None:
    with pytest.raises(UserError, match="smaller n"):
        single_out(SETS["held-out scenes"], range(5_000_000, 5_000_003), 10)
