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


def test_the_strongest_stretch_is_a_syllable_long() -> None:
    times = np.stack([np.arange(25) * 0.04, np.arange(1, 26) * 0.04], axis=1)
    relevance = np.full(25, 0.01)
    relevance[0] = 0.1  # one loud step alone
    relevance[10:16] = 0.05  # a loud quarter of a second
    relevance /= relevance.sum()
    start, end, share = strongest(times, relevance)
    assert 0.36 <= start <= 0.41 and 0.24 <= end - start <= 0.3
    # Brute force over all stretches of at least a syllable.
    every = [
        (relevance[i:j].sum() / (times[j - 1, 1] - times[i, 0]))
        for i in range(25)
        for j in range(i + 1, 26)
        if times[j - 1, 1] - times[i, 0] >= 0.25 - 1e-9
    ]
    assert share / (end - start) == pytest.approx(max(every))


def test_the_strongest_stretch_of_little() -> None:
    end = np.array([[0.0, 0.1], [0.1, 0.2]])
    assert strongest(end, np.array([0.9, 0.1])) == pytest.approx((0.0, 0.2, 1.0))
    last = np.stack([np.arange(10) * 0.1, np.arange(1, 11) * 0.1], axis=1)
    start, stop, share = strongest(last, np.eye(10)[9])
    assert (start, stop, share) == pytest.approx((0.7, 1.0, 1.0))
    assert strongest(last, np.zeros(10)) is None
    assert strongest(np.zeros((0, 2)), np.zeros(0)) is None
