import numpy as np
from PIL import Image

from mm_demo.views.sheet import sheet


def test_a_sheet_holds_the_input_and_every_map() -> None:
    picture = Image.new("RGB", (64, 32), (250, 10, 10))
    values = np.zeros((2, 4))
    values[0, 0] = 1
    page = np.asarray(sheet(picture, [("star 97 %", values)] * 6, title="a red star"))
    # Seven cells in rows of five: two rows; wholly red pixels show in each cell, the marked corners do not.
    red_columns = (page == (250, 10, 10)).all(-1)
    assert red_columns[: page.shape[0] // 2].any() and red_columns[page.shape[0] // 2 :].any()
    assert page.shape[1] < 1200


def test_words_too_long_for_their_cell_are_cut() -> None:
    page = sheet(Image.new("RGB", (10, 400)), [("w" * 500, np.ones((1, 1)))], title="t" * 5000)
    assert page.width < 500
