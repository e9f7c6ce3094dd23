"""Both collections are read with their splits, and half-present data are refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from mm_demo.errors import UserError
from mm_demo.training.sentences import AMBIGUOUS, NEGATIVE, POSITIVE, Sentence, read_goemotions, read_rt_polarity

NAMES = [*sorted(POSITIVE | NEGATIVE | AMBIGUOUS), "neutral"]


def line(text: str, *labels: str) -> str:
    return f"{text}\t{','.join(str(NAMES.index(name)) for name in labels)}\tid"


@pytest.fixture
def goemotions(tmp_path: Path) -> Path:
    (tmp_path / "labels.txt").write_text("\n".join(NAMES), encoding="utf-8")
    for split in ("train", "dev", "test"):
        rows = [line(f'{split} "quoted, with a comma', "joy", "love"), line("half", "joy", "anger")]
        rows += [line("plain", "neutral"), line("what?", "curiosity"), line("huh", "surprise", "fear")]
        rows += [line("fine", "neutral", "grief")]
        (tmp_path / f"{split}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_only_sentences_of_one_polarity_are_kept(goemotions: Path) -> None:
    found = read_goemotions(goemotions)
    assert list(found) == ["train", "dev", "test"]
    assert found["dev"] == [
        Sentence('dev "quoted, with a comma', "positive", ("joy", "love")),
        Sentence("plain", "neutral", ()),
        Sentence("fine", "negative", ("grief",)),
    ]


def test_every_emotion_has_one_place() -> None:
    assert len(NAMES) == 28 == len(set(NAMES))


def test_every_tenth_line_is_held_out(tmp_path: Path) -> None:
    # A next-line character ends a line for Python's splitlines(), but not for an editor, and numbers must agree.
    texts = [f"review\x85{n}" for n in range(1, 26)]
    for end in ("neg", "pos"):
        (tmp_path / f"rt-polarity.{end}").write_text("".join(f"{t} \n" for t in texts), encoding="utf-8")
    found = read_rt_polarity(tmp_path)
    assert [s.text for s in found["test"] if s.sentiment == "negative"] == ["review\x8510", "review\x8520"]
    assert [s.text for s in found["test"]] == ["review\x8510", "review\x8520"] * 2
    assert len(found["train"]) == 46
    assert {s.text for s in found["train"]}.isdisjoint(s.text for s in found["test"])


@pytest.mark.parametrize("missing", ["dev.tsv", "labels.txt"])
def test_a_half_present_folder_is_refused(goemotions: Path, missing: str) -> None:
    (goemotions / missing).unlink()
    with pytest.raises(UserError, match=missing):
        read_goemotions(goemotions)


@pytest.mark.parametrize("broken", ["", "no tabs here", "text\t99\tid", "text\tjoy\tid"])
def test_a_broken_file_is_refused(goemotions: Path, broken: str) -> None:
    (goemotions / "train.tsv").write_text(broken, encoding="utf-8")
    with pytest.raises(UserError, match=r"train\.tsv"):
        read_goemotions(goemotions)


def test_a_missing_folder_and_a_wrong_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        read_rt_polarity(tmp_path / "nowhere")
    for end in ("neg", "pos"):
        (tmp_path / f"rt-polarity.{end}").write_bytes("déjà vu\n".encode("latin-1"))
    with pytest.raises(UserError, match="UTF-8"):
        read_rt_polarity(tmp_path)
