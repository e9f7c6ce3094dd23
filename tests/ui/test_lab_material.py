"""The example panel's material: what is shown of an example, and a picture and question of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.lab import Experiment
from mm_demo.lab.data.dataset import Dataset, ModalityData
from mm_demo.lab.data.origin import Entered, Shown
from mm_demo.ui.lab.data_source import DataSource, open_chosen
from mm_demo.ui.lab.example import SLIDERS, ExamplePanel, _asked, _chosen, _disturbed
from mm_demo.ui.lab.material import Material, material
from mm_demo.ui.lab.run import Run
from tests.lab.small import PLAN, small

PLAIN = [0.0] * SLIDERS
SOUND = (16_000, np.zeros(160, dtype=np.float32))


class Pictures:
    """Grey pictures, the brighter the higher the row; one of a person's own is the data's row `row`."""

    def __init__(self, data: Dataset, row: int) -> None:
        self._data, self._row = data, row

    def shown(self, row: int) -> Shown:
        return Shown(f"what is {row}?", np.full((8, 8, 3), row % 256, dtype=np.uint8))

    def enter(self, picture: Image.Image, question: str) -> Entered:
        longer = {}
        for name, modality in self._data.modalities.items():
            one = modality[self._row : self._row + 1]
            # Padding that a longer example would bring along changes nothing.
            longer[name] = ModalityData(
                torch.cat([one.states, torch.zeros_like(one.states)], dim=1),
                torch.cat([one.mask, torch.zeros_like(one.mask)], dim=1),
            )
        return Entered(longer, [f"{question} <{picture.width}>"])


class Recordings:
    def shown(self, row: int) -> Shown:
        return Shown("well said", sound=SOUND if row % 2 else None)


@pytest.fixture(scope="module")
def run() -> Run:
    data = small()
    data = replace(data, origin=Pictures(data, int(data.splits["test"][5])))
    found = Run(Experiment(data, ["early", "late"], PLAN))
    list(found.watch())
    return found


@pytest.fixture
def picture(tmp_path: Path) -> str:
    Image.new("RGB", (30, 20)).save(tmp_path / "mine.png")
    return str(tmp_path / "mine.png")


def rows(table: str) -> str:
    return table[table.index("<tbody>") :]


def test_the_example_s_picture_and_question_are_shown(run: Run) -> None:
    with gr.Blocks():
        panel = ExamplePanel(gr.State(None))
        updates = panel.shown(run)
    assert len(updates) == len(panel.outputs) and updates[-1].count('<th scope="row">') == 2
    own, row, shown, question, heard, *_ = _chosen(run, 3, *PLAIN)
    number = int(run.experiment.data.splits["test"][2])
    assert own is None and row["visible"] and not heard["visible"]
    assert question == f"what is {number}?" and (shown == number % 256).all()


def test_a_question_of_one_s_own_is_asked_everywhere_and_disturbed(run: Run, picture: str) -> None:
    own, table = _asked(run, picture, " where? ", *PLAIN)
    assert own is not None and "where? &lt;30&gt;" in table and "Your own question" in table
    assert "Seeds right" not in table and "wrong" not in rows(table)
    known = _chosen(run, 6, *PLAIN)[-1]
    for bar in [part.split("%")[0] for part in rows(known).split("width:")[1:]]:
        assert bar in rows(table), "the sixth example itself was asked about"
    noisy = _disturbed(run, 1, own, 0.7, 0.7, 0.7, 0.0)
    assert "Your own question" in noisy and rows(noisy) != rows(table)
    assert "Your own question" not in _disturbed(run, 1, None, *PLAIN)


@pytest.mark.parametrize(
    ("brought", "question", "sentence"),
    [
        (None, "what?", "no picture yet"),
        ("picture", "  ", "question is empty"),
        ("nowhere.png", "what?", "nowhere.png"),
    ],
)
def test_bad_input_is_one_sentence(run: Run, picture: str, brought: str | None, question: str, sentence: str) -> None:
    own, said = _asked(run, picture if brought == "picture" else brought, question, *PLAIN)
    assert own is None and 'role="alert"' in said and sentence in said


def test_data_without_pictures_take_no_questions_and_a_run_that_is_gone_says_so(run: Run, picture: str) -> None:
    other = Run(Experiment(replace(small(), origin=Recordings()), ["late"], PLAN))
    list(other.watch())
    own, said = _asked(other, picture, "what?", *PLAIN)
    assert own is None and "take no questions" in said
    assert all("press Train again" in found[-1] for found in (_asked(None, picture, "what?"), _chosen(None, 1)))
    assert "press Train again" in _disturbed(None, 1, None)


def test_a_sentence_comes_with_its_recording_where_that_is_at_hand() -> None:
    with gr.Blocks():
        outputs = Material().outputs
    for row, there in ((0, False), (1, True)):
        updates: list[Any] = material(Recordings().shown(row))
        assert len(updates) == len(outputs)
        asked, *_, heard, sentence, sound = updates
        assert not asked["visible"] and heard["visible"] and sentence == "well said" and sound["visible"] is there
    assert [update.get("visible") for update in material(None)] == [False, None, None, False, None, None]


def test_recordings_can_be_chosen_only_on_this_machine_s_own_page() -> None:
    for local in (False, True):
        with gr.Blocks():
            values = [value for _, value in DataSource(local).inputs[0].choices]
        assert "questions" in values and values[-1] == "own" and ({"digits", "voices"} <= set(values)) is local


@pytest.mark.parametrize("kind", ["digits", "voices"])
def test_recordings_need_a_folder(kind: str, tmp_path: Path) -> None:
    amounts = (0.0, 0.0, 0.0, 0.0, 0.09)
    with pytest.raises(UserError, match="no folder of recordings yet"):
        open_chosen(kind, *amounts, None, None)
    with pytest.raises(UserError, match=str(tmp_path)):
        open_chosen(kind, *amounts, None, str(tmp_path))
