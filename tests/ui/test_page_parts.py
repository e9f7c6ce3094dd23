import base64
import io
import json

import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.scenes.truth import COLORS
from mm_demo.ui.drawing_board import BRUSHES, read_drawing
from mm_demo.ui.examples import examples
from mm_demo.ui.notice import doubts, notice
from mm_demo.ui.pickers import ALL, DEFAULT, filled, fitted, settings
from mm_demo.ui.picture_source import chosen
from mm_demo.ui.questions import about, questions_for
from tests.ui.fakes import FakeCaption


def _uri(picture: Image.Image, kind: str = "PNG") -> str:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def test_a_drawing_is_read_as_it_was_drawn() -> None:
    drawn = Image.new("RGB", (512, 512), BRUSHES["purple"])
    assert read_drawing(_uri(drawn)).getpixel((200, 200)) == drawn.getpixel((0, 0))


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        "data:image/png;base64,!!!",
        "/etc/passwd",
        "data:image/png;base64," + base64.b64encode(b"no picture").decode(),
        _uri(Image.new("RGB", (8, 8)))[:-40],
        _uri(Image.new("RGB", (8, 8)), "GIF"),
        "data:image/png;base64," + "A" * 5_000_000,
    ],
)
def test_a_drawing_that_is_none_is_refused_in_one_sentence(value: str | None) -> None:
    with pytest.raises(UserError) as caught:
        read_drawing(value)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_the_board_has_a_brush_for_every_colour_that_the_models_can_name() -> None:
    assert set(BRUSHES) == set(COLORS)


def test_the_tab_in_front_decides_which_picture_is_meant() -> None:
    drawn = _uri(Image.new("RGB", (8, 8), "red"))
    assert chosen("picture", "a.png", drawn) == "a.png"
    assert chosen("drawing", "a.png", drawn).size == (8, 8)
    for kind in ("picture", "drawing", "live"):
        with pytest.raises(UserError):
            chosen(kind, None, "")


def test_pickers_come_from_the_task_and_go_back_as_its_arguments() -> None:
    task = FakeCaption()
    method, layer, head = filled(task)
    assert [value for _, value in method["choices"]] == [DEFAULT, "gradient"]
    assert [value for _, value in layer["choices"]] == [ALL, 0, 1, 2] and len(head["choices"]) == 5
    assert [u["visible"] for u in fitted(task, "gradient")[1:]] == [False, False]
    assert [u["visible"] for u in fitted(task, DEFAULT)[1:]] == [True, True]
    assert settings("raw", ALL, 2) == {"method": "raw", "layer": None, "head": 2}


def test_doubts_name_the_model_to_get_and_the_words_that_are_unknown() -> None:
    assert doubts("vqa", familiar=True) == []
    unfamiliar, unknown = doubts("vqa", False, ["<zebra>"])
    assert "BLIP VQA, base (1.5 GB)" in unfamiliar and "tab “Models”" in unfamiliar and "<zebra>" in unknown
    shown = notice([unfamiliar, unknown])
    assert shown["visible"] and "&lt;zebra&gt;" in shown["value"] and "<zebra>" not in shown["value"]
    assert not notice([])["visible"]


def test_questions_fit_the_picture() -> None:
    first = examples()[0]
    assert questions_for(str(first.path), None) == list(first.questions)
    assert about("a red star above a blue house")[:3] == [
        "what color is the star?",
        "what is blue?",
        "where is the house?",
    ]
    assert questions_for("missing.png", FakeCaption())


def test_examples_are_small_pictures_with_questions() -> None:
    for example in examples():
        with Image.open(example.path) as picture:
            assert max(picture.size) <= 256
        assert example.shows and len(example.questions) >= 3
    assert len(json.dumps([e.shows for e in examples()])) > 100
