"""How alike two maps are, against ranks by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mm_demo.evidence.randomisation import similarity


def test_ranks_of_absolute_values() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(6, 6)), rng.normal(size=(6, 6))
    ranks = [np.argsort(np.argsort(np.abs(values).ravel())) for values in (one, other)]
    assert similarity(one, other) == pytest.approx(np.corrcoef(*ranks)[0, 1])
    assert similarity(one, -(one**3)) == pytest.approx(1)
    assert similarity(one, 1 / one) == pytest.approx(-1)


def test_flat_maps() -> None:
    assert similarity(np.ones(4), np.zeros(4)) == 1 and similarity(np.ones(4), np.arange(4.0)) == 0


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="shapes"):
        similarity(np.ones(4), np.ones((2, 2)))
