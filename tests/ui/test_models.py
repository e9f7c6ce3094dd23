import threading

import pytest

from mm_demo.errors import UserError
from mm_demo.ui.models import UNEXPECTED, Models
from mm_demo.ui.status import settled, status_line
from tests.ui.fakes import fake


def test_a_task_is_opened_once_for_all_who_ask_at_the_same_time() -> None:
    opened: list[str] = []
    begin = threading.Barrier(8)

    def factory(name: str, model: str | None) -> object:
        opened.append(name)
        return object()

    models = Models(factory)
    got: list[object] = []

    def ask() -> None:
        begin.wait()
        got.append(models.get("caption"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == ["caption"] and len(got) == 8 and len(set(map(id, got))) == 1


def test_a_failure_is_a_sentence_on_the_page_and_is_tried_again() -> None:
    outcomes: list[object] = [UserError("Get the model <first>."), object()]

    def factory(name: str, model: str | None) -> object:
        outcome = outcomes.pop(0)
        if isinstance(outcome, UserError):
            raise outcome
        return outcome

    models = Models(factory, ["caption"])
    assert not settled(models) and "loading" in status_line(models)
    with pytest.raises(UserError, match="Get the model"):
        models.get("caption")
    assert settled(models)
    assert "failed" in status_line(models) and "&lt;first&gt;" in status_line(models)
    assert models.get("caption") is models.ready("caption")
    assert models.state("caption").name == "ready"


def test_an_unexpected_error_never_reaches_the_page_in_its_own_words() -> None:
    def factory(name: str, model: str | None) -> object:
        raise RuntimeError("secret path /home/someone")

    models = Models(factory, ["vqa"])
    with pytest.raises(UserError) as caught:
        models.get("vqa")
    assert str(caught.value) == UNEXPECTED == models.state("vqa").problem


def test_the_status_line_names_model_device_number_format_and_size() -> None:
    models = Models(fake)
    models.get("vqa")
    line = status_line(models)
    for part in ("fake-answerer", "cpu", "float32", "3 MB", "ready", "loading"):
        assert part in line
