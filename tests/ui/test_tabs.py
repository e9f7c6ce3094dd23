"""The tabs' handlers over real tasks of random weights, without a browser."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

import mm_demo
from mm_demo.ui.attention_view import flat
from mm_demo.ui.caption_tab import CaptionTab
from mm_demo.ui.models import Models
from mm_demo.ui.pickers import ALL, DEFAULT
from mm_demo.ui.vqa_tab import VqaTab

DEFAULTS = (DEFAULT, ALL, ALL)


@pytest.fixture(scope="module")
def models(caption_folder: Path, vqa_folder: Path) -> Models:
    folders = {"caption": str(caption_folder), "vqa": str(vqa_folder)}
    return Models(lambda name, model: mm_demo.load(name, model or folders[name], "cpu"))


@pytest.fixture
def file(pictures: list[Image.Image], tmp_path: Path) -> str:
    pictures[0].save(tmp_path / "a.png")
    return str(tmp_path / "a.png")


def test_a_caption_grows_word_by_word_and_is_explained_anew(models: Models, file: str) -> None:
    with gr.Blocks():
        tab = CaptionTab(models, gr.HTML())
    first, *growing, last = list(tab._run("picture", file, "", *DEFAULTS))
    assert "picture_uri" in first[0] and not any("picture_uri" in step[0] for step in (*growing, last))
    assert [len(step[0]["tokens"]) for step in growing] == list(range(1, len(growing) + 1))
    run, result = last[2]
    expected = models.get("caption")(file)
    assert last[0]["run"] == run and result.answer == expected.answer
    assert [t["map"] for t in last[0]["tokens"]] == [flat(step.map) for step in expected.tokens]

    for method in models.get("caption").methods:
        shown, (_, changed), *_ = tab._explain(last[2], method.name, ALL, ALL)
        maps = models.get("caption").explain(result, method.name)
        assert [t["map"] for t in shown["tokens"]] == [flat(values) for values in maps]
        assert changed.answer == result.answer


def test_an_answer_carries_its_words_and_is_explained_anew(models: Models, file: str) -> None:
    with gr.Blocks():
        tab = VqaTab(models, gr.HTML())
    _, last = list(tab._run("what color is the star?", "picture", file, "", *DEFAULTS))
    expected = models.get("vqa")(file, "what color is the star?")
    shown = last[0]
    assert shown["whole"]["text"] == expected.answer and shown["whole"]["map"] == flat(expected.image_map)
    assert [t["text"] for t in shown["tokens"]] == [t.token for t in expected.question_tokens]
    again = tab._explain(last[4], models.get("vqa").methods[-1].name, ALL, ALL)
    assert again[2][1].answer == expected.answer


def test_a_frame_of_the_camera_is_captioned_whole(models: Models, pictures: list[Image.Image]) -> None:
    with gr.Blocks():
        tab = CaptionTab(models, gr.HTML())
    shown, _ = tab._frame(pictures[1], *DEFAULTS)
    assert len(shown["value"]["tokens"]) == len(models.get("caption")(pictures[1]).tokens)
