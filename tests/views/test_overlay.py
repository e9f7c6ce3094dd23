import numpy as np
from PIL import Image

from mm_demo.views.colors import viridis
from mm_demo.views.overlay import enlarge, overlay, relative


def test_viridis_is_matplotlibs_to_four_of_255() -> None:
    from matplotlib import colormaps

    theirs = np.array([colormaps["viridis"](i)[:3] for i in range(256)]) * 255
    assert np.abs(viridis() - theirs).max() < 4


def test_enlarging_keeps_cell_middles_and_interpolates_between_them() -> None:
    values = np.array([[0.0, 1.0], [2.0, 5.0]])
    large = enlarge(values, (20, 20))
    # Middles of the cells lie at 5 and 15; pixel 4 covers 4…5, its middle 4.5.
    by_hand = 0.0 + 1.0 * (9.5 - 5) / 10
    assert large[2, 9] == np.float32(by_hand)
    assert np.allclose([large[0, 0], large[0, -1], large[-1, 0], large[-1, -1]], values.ravel())


def test_a_map_is_scaled_to_its_own_highest_value_and_bad_values_are_nothing() -> None:
    assert relative(np.array([[0.02, 0.01]])).tolist() == [[1.0, 0.5]]
    assert relative(np.zeros((2, 2))).tolist() == [[0, 0], [0, 0]]
    assert relative(np.array([[np.nan, 3.0, -1.0]])).tolist() == [[0, 1, 0]]


def test_overlay_changes_the_marked_part_and_leaves_the_rest() -> None:
    picture = Image.new("RGB", (80, 40), (200, 200, 200))
    values = np.zeros((4, 8))
    values[1, 6] = 0.3
    drawn = np.asarray(overlay(picture, values, opacity=1.0))
    assert drawn.shape == (40, 80, 3)
    assert (drawn[:, :40] == 200).all()
    # The pixel's middle lies half a pixel, a twentieth of a cell, from the cell's middle in both directions.
    assert (drawn[15, 65] == viridis()[round(0.95 * 0.95 * 255)]).all()
    assert (np.asarray(overlay(picture, values, opacity=0.0)) == 200).all()
