import numpy as np
import pytest

from mm_demo.views.timegrid import onto_columns, stretches, strongest


def test_a_column_is_the_mean_over_its_time() -> None:
    times = np.array([[0.0, 0.25], [0.25, 1.0]])
    # Column 0 covers 0…0.5: half of it 4, half of it 8.
    assert onto_columns(times, np.array([4.0, 8.0]), 1.0, 2).tolist() == [6.0, 8.0]
    # Beyond the last stretch there is nothing.
    assert onto_columns(times, np.array([[4.0, 8.0]]), 2.0, 2).tolist() == [[7.0, 0.0]]


def test_against_fine_sampling() -> None:
    rng = np.random.default_rng(0)
    edges = np.sort(np.r_[0, rng.uniform(0, 3, 20), 3])
    times, values = np.stack([edges[:-1], edges[1:]], axis=1), rng.normal(size=21)
    at = (np.arange(300_000) + 0.5) * 3 / 300_000
    sampled = [values[np.searchsorted(edges, part) - 1].mean() for part in np.array_split(at, 10)]
    assert onto_columns(times, values, 3.0, 10) == pytest.approx(sampled, abs=1e-3)


def test_stretches_lie_around_their_middles() -> None:
    assert stretches(np.array([0.5, 1.5, 2.5])).tolist() == [[0, 1], [1, 2], [2, 3]]
    assert stretches(np.array([0.5])).tolist() == [[0, 1]]


def test_the_strongest_stretch_counts_relevance_per_second() -> None:
    times = np.array([[0.0, 1.0], [1.0, 1.1], [1.1, 1.2], [1.2, 2.0]])
    start, end, share = strongest(times, np.array([0.4, 0.2, 0.3, 0.1]))
    assert (start, end) == (1.0, 1.2) and share == pytest.approx(0.5)
    assert strongest(times, np.zeros(4)) is None
