"""A model is opened once for everybody, and one checkpoint has one set of weights whatever it is used for."""

from __future__ import annotations

import gc
import shutil
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from transformers import BlipForConditionalGeneration, BlipProcessor

from mm_demo.errors import UserError
from mm_demo.models import loading
from mm_demo.models.architecture import Architecture
from mm_demo.models.blip import BlipCaptioner
from mm_demo.models.loading import open_model
from mm_demo.models.once import Once
from tests.checkpoints import TINY, make_model, make_processor


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_model(BlipForConditionalGeneration, TINY).save_pretrained(tmp_path)
    make_processor(TINY).save_pretrained(tmp_path)
    return tmp_path


def test_two_tasks_of_one_checkpoint_share_its_weights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wraps = {"caption": BlipCaptioner, "vqa": BlipCaptioner}
    both = Architecture(BlipForConditionalGeneration, BlipProcessor.from_pretrained, wraps)
    monkeypatch.setattr(loading, "find_architecture", lambda _name: both)
    caption, vqa = (open_model(task, str(folder), "cpu") for task in ("caption", "vqa"))
    assert caption is not vqa
    assert caption._model is vqa._model  # type: ignore[union-attr]
    assert open_model("vqa", str(folder), "cpu,bfloat16")._model is not vqa._model  # type: ignore[union-attr]


def test_a_deleted_checkpoint_leaves_the_memory_once_nobody_uses_it(folder: Path) -> None:
    model = open_model("caption", str(folder), "cpu")
    weights = weakref.ref(next(model._model.parameters()))  # type: ignore[union-attr]
    del model
    loading.forget_deleted()
    gc.collect()
    assert weights() is not None, "its files are still there"
    shutil.rmtree(folder)
    loading.forget_deleted()
    gc.collect()
    assert weights() is None


def test_a_checkpoint_that_was_mended_opens(folder: Path) -> None:
    name = next(p for p in (folder / "processor_config.json", folder / "preprocessor_config.json") if p.exists())
    whole = name.read_text()
    name.write_text(whole.replace('"height": 32', '"height": 64').replace('"width": 32', '"width": 64'))
    with pytest.raises(UserError, match="64 × 64"):
        open_model("caption", str(folder), "cpu")
    name.write_text(whole)
    assert open_model("caption", str(folder), "cpu").info.layers == 2


def test_many_who_ask_at_once_get_the_same(folder: Path) -> None:
    with ThreadPoolExecutor(4) as people:
        models = list(people.map(lambda _: open_model("caption", str(folder), "cpu"), range(8)))
    assert len({id(model) for model in models}) == 1


def test_who_asks_for_another_does_not_wait() -> None:
    once: Once[str, int] = Once()
    slow = threading.Event()

    def wait() -> int:
        assert slow.wait(60)
        return 1

    with ThreadPoolExecutor(1) as people:
        first = people.submit(once, "slow", wait)
        assert once("quick", lambda: 2) == 2
        assert not first.done()
        slow.set()
        assert first.result(60) == 1
    assert once("slow", lambda: 3) == 1
    once.forget("slow")
    assert once("slow", lambda: 3) == 3


def test_what_failed_is_tried_again() -> None:
    once: Once[str, float] = Once()
    with pytest.raises(ZeroDivisionError):
        once("key", lambda: 1 / 0)
    assert once("key", lambda: 4.0) == 4.0
