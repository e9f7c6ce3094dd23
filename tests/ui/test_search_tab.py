"""The search tab's handlers over the stand-in task, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.ui.models import Models
from mm_demo.ui.pickers import DEFAULT
from mm_demo.ui.retrieval.gallery import GENERATED, UPLOAD, Own
from mm_demo.ui.retrieval.lines import read_lines
from mm_demo.ui.retrieval.match_view import method_filled
from mm_demo.ui.retrieval.naming import NamingPanel
from mm_demo.ui.retrieval.tab import SearchTab
from mm_demo.ui.turns import Turns
from tests.ui.fake_retrieval import FakeRetrieval
from tests.ui.fakes_common import silent

NO_PICTURE = ("picture", None, None)


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SearchTab:
    (tmp_path / "generated").mkdir()
    for name, colour in {"sun": "yellow", "sea": "blue", "grass": "green"}.items():
        Image.new("RGB", (40, 30), colour).save(tmp_path / "generated" / f"{name}.png")
    monkeypatch.setattr("mm_demo.tasks.gallery.bundled_gallery", lambda: tmp_path / "generated")
    with gr.Blocks():
        return SearchTab(Models(lambda name, model: FakeRetrieval(), ("retrieval",)), False, gr.HTML())


def merged(updates: Iterator[dict[Any, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for update in updates:
        found.update(update)
    return found


def search(
    tab: SearchTab,
    words: str,
    picture: tuple[Any, ...] = NO_PICTURE,
    share: float = 0.5,
    own: Own | None = None,
    turns: Turns | None = None,
) -> Iterator[dict[Any, Any]]:
    kind = GENERATED if own is None else UPLOAD
    return tab._search(words, *picture, share, 10, kind, own, DEFAULT, turns or Turns())


def names(shown: dict[Any, Any], tab: SearchTab) -> list[str]:
    return [hit.path.name for hit in shown[tab.found].hits]


def test_words_find_pictures_and_the_best_hit_is_explained(tab: SearchTab) -> None:
    shown = merged(search(tab, "yellow not zebra"))
    assert names(shown, tab)[0] == "sun.png" and len(names(shown, tab)) == 3
    assert "sun.png, score" in shown[tab.hits]["shown"]
    assert "mean score of 3 pictures" in shown[tab.hits]["shown"]
    view = shown[tab.match.view]["value"]
    assert [word["text"] for word in view["tokens"]] == ["yellow", "not", "zebra"]
    assert view["about"] == "match" and view["tokens"][1]["relevance"] < 0 < view["tokens"][0]["relevance"]
    assert max(abs(word["relevance"]) for word in view["tokens"]) == 1
    assert view["tokens"][2]["known"] is False and "zebra" in shown[tab.match.notice]["value"]
    assert "sun.png, score" in view["heading"] and shown[tab.match.beside]["visible"] is False


def test_a_click_explains_that_hit_and_an_old_one_nothing(tab: SearchTab) -> None:
    turns = Turns()
    found = merged(search(tab, "blue", turns=turns))[tab.found]
    index = [hit.path.name for hit in found.hits].index("grass.png")
    clicked: Any = SimpleNamespace(index=index, run=found.run)
    shown = merged(tab._select(found, DEFAULT, turns, clicked))
    assert shown[tab.explained].name == "grass.png" and "grass.png" in shown[tab.match.view]["value"]["heading"]
    for stale in (SimpleNamespace(index=0, run="other"), SimpleNamespace(index=99, run=found.run)):
        assert tab.match.view not in merged(tab._select(found, DEFAULT, turns, stale))  # type: ignore[arg-type]
    again = merged(tab._redraw(shown[tab.explained], "gradient", turns))
    assert again[tab.match.view]["value"]["run"] == shown[tab.match.view]["value"]["run"]


def test_a_picture_finds_its_like_and_both_are_mapped(tab: SearchTab, tmp_path: Path) -> None:
    Image.new("RGB", (50, 50), "blue").save(tmp_path / "mine.png")
    mine = ("picture", str(tmp_path / "mine.png"), None)
    shown = merged(search(tab, "", mine))
    assert names(shown, tab)[0] == "sea.png" and shown[tab.match.beside]["visible"]
    assert shown[tab.match.query_view]["value"]["whole"]["text"] == "your picture"
    assert shown[tab.match.words]["visible"] is False
    for share, first in ((0.1, "sea.png"), (0.9, "grass.png")):
        assert names(merged(search(tab, "green", mine, share)), tab)[0] == first


def test_words_that_look_like_a_path_stay_words(tab: SearchTab, tmp_path: Path) -> None:
    Image.new("RGB", (50, 50), "blue").save(tmp_path / "secret.png")
    shown = merged(search(tab, str(tmp_path / "secret.png")))
    assert shown[tab.found].query.picture is None and shown[tab.found].query.text == str(tmp_path / "secret.png")


@pytest.mark.parametrize("words, picture", [("  ", NO_PICTURE), ("", ("picture", __file__, None))])
def test_a_mistake_is_one_sentence_in_the_place_of_the_hits(
    tab: SearchTab, words: str, picture: tuple[Any, ...]
) -> None:
    shown = merged(search(tab, words, picture))
    assert 'role="alert"' in shown[tab.hits]["shown"] and shown[tab.found] is None
    assert names(merged(search(tab, "blue")), tab)[0] == "sea.png"


def test_ten_thousand_words_are_answered_with_a_remark(tab: SearchTab) -> None:
    shown = merged(search(tab, "blue " * 10_000))
    assert names(shown, tab)[0] == "sea.png" and "Only its first 8 words" in shown[tab.match.notice]["value"]
    clicked: Any = SimpleNamespace(index=1, run=shown[tab.found].run)
    other = merged(tab._select(shown[tab.found], DEFAULT, Turns(), clicked))
    assert "Only its first 8 words" in other[tab.match.notice]["value"]


def test_a_newer_search_silences_the_older_one(tab: SearchTab) -> None:
    turns = Turns()
    older = search(tab, "blue", turns=turns)
    next(older)
    newer = merged(search(tab, "yellow", turns=turns))
    assert silent(older) and names(newer, tab)[0] == "sun.png"


def test_two_people_search_their_own_galleries(tab: SearchTab, tmp_path: Path) -> None:
    owned = []
    for colour in ("red", "blue"):
        Image.new("RGB", (20, 20), colour).save(tmp_path / f"{colour}.png")
        *_, (_, _, own) = tab.gallery._upload([str(tmp_path / f"{colour}.png")], None, Turns())
        owned.append(own)
    assert [names(merged(search(tab, "green", own=own)), tab) for own in owned] == [["red.png"], ["blue.png"]]


def test_a_hit_deleted_meanwhile_is_one_sentence(tab: SearchTab, tmp_path: Path) -> None:
    found = merged(search(tab, "blue"))[tab.found]
    found.hits[0].path.unlink()
    shown = merged(tab._select(found, DEFAULT, Turns(), SimpleNamespace(index=0, run=found.run)))  # type: ignore[arg-type]
    assert "sea.png" in shown[tab.match.view]["error"] and shown[tab.explained] is None


def test_the_method_picker_offers_what_the_task_offers() -> None:
    (update,) = method_filled(FakeRetrieval())
    assert [value for _, value in update["choices"]] == [DEFAULT, "gradient"]


def test_texts_are_ranked_for_the_hit_or_for_ones_own_picture(tab: SearchTab, tmp_path: Path) -> None:
    Image.new("RGB", (50, 50), "red").save(tmp_path / "mine.png")
    explained = merged(search(tab, "blue"))[tab.explained]
    with gr.Blocks():
        panel = NamingPanel(tab._models, [], gr.State(None), gr.State("").change)
    answer = panel._name("hit", "yellow\n\nblue\nyellow", explained, *NO_PICTURE)
    assert answer.index(">blue<") < answer.index(">yellow<") and answer.count("<li") == 2
    assert (
        "a red thing" in panel._name("query", "", None, "picture", str(tmp_path / "mine.png"), None).split("</li>")[0]
    )
    for which in ("hit", "query"):
        assert 'role="alert"' in panel._name(which, "", None, *NO_PICTURE)


def test_lines_are_cleaned_once_each_and_few() -> None:
    assert read_lines(" a \n\n b\u0000c\na", 2) == ["a", "b c"]
    for text, most in (("a\nb\nc", 2), ("x" * 501, 9)):
        with pytest.raises(UserError):
            read_lines(text, most)


def test_texts_beside_pictures_show_the_models_own_shares(tab: SearchTab) -> None:
    from mm_demo.ui.retrieval.comparing import ComparingPanel

    with gr.Blocks():
        panel = ComparingPanel(tab.gallery, gr.State(None), gr.State("").change)
    message, matrix, space = panel._compare("blue\nyellow", "best", None, GENERATED, None)
    assert message == "" and matrix["temperature"] == 0.1 and "svg" in space
    table = matrix["table"]
    assert table.index("sea.png") < table.index("sun.png") and table.count("data-cosine") == 4
    task = FakeRetrieval()
    folder = tab.gallery.under_way(GENERATED, None).gallery().folder
    cosines = task.similarities(["blue", "yellow"], [folder / "sea.png", folder / "sun.png"])
    for share in np.round(100 * task.probabilities(cosines)).ravel():
        assert f"<b>{share:.0f} %</b>" in table
    for typed, which in (("", "best"), ("blue", "hits"), ("\n".join(map(str, range(13))), "best")):
        message, matrix, _ = panel._compare(typed, which, None, GENERATED, None)
        assert 'role="alert"' in message and matrix is None
