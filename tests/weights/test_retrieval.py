"""The shipped retrieval checkpoints find what is meant, point at it, and say what they don't know."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from PIL import Image

import mm_demo
from mm_demo.evaluation.pictures import SETS
from mm_demo.evaluation.retrieval import recall
from mm_demo.evaluation.singling import SingledOut, single_out
from mm_demo.evidence.pointing import pointing
from mm_demo.models.catalog import WEIGHTS, cards_for
from mm_demo.scenes import COLORS
from mm_demo.tasks.retrieval import RetrievalTask
from mm_demo.tasks.retrieval_result import Query

FIRST = 78_000_000
"""Seeds that neither training nor the published figures use."""

CHECKPOINTS = [card.id for card in cards_for("retrieval", "embedded")]


@pytest.fixture(scope="module", params=CHECKPOINTS)
def task(request: pytest.FixtureRequest) -> RetrievalTask:
    return mm_demo.load("retrieval", model=request.param, device="cpu")


@pytest.fixture(scope="module")
def contrastive() -> RetrievalTask:
    return mm_demo.load("retrieval", device="cpu")


@pytest.fixture(scope="module")
def gallery() -> list[SingledOut]:
    return single_out(SETS["held-out scenes"], count(FIRST), 150)


def test_texts_and_pictures_find_each_other(task: RetrievalTask, gallery: list[SingledOut]) -> None:
    cosines = task.similarities([one.told.text for one in gallery], [one.picture for one in gallery])
    for found in (recall(cosines), recall(cosines.T)):
        assert found["recall@1"] >= 0.85
        assert found["recall@5"] >= 0.97
        assert found["chance@1"] == pytest.approx(1 / 150)


def test_words_point_at_their_object(contrastive: RetrievalTask) -> None:
    pointed = []
    for one in single_out(SETS["held-out scenes"], count(FIRST + 1000), 25):
        scene = SETS["held-out scenes"](one.seed)
        match = contrastive.explain(one.picture, Query(one.told.text))
        maps = {word.place: word.map for word in match.words}
        mentions = one.description.mentions
        for start, end, at in one.told.spans:
            meant = [o for o in scene.objects if mentions[at].fits(o)]
            if len(meant) == 1 and (start, end) in maps:  # “plus sign” is two words
                pointed.append(pointing(maps[start, end], meant[0].mask).share)
    assert len(pointed) > 50
    assert np.mean(pointed) >= 0.8


def test_true_words_add_to_the_score_and_false_ones_take_from_it(
    contrastive: RetrievalTask, gallery: list[SingledOut]
) -> None:
    center = contrastive.center([one.picture for one in gallery])
    true, false = [], []
    for one in gallery[:30]:
        here = one.objects[0]
        for color in (here.color, next(c for c in COLORS if all(o.color != c for o in one.objects))):
            words = contrastive.explain(one.picture, Query(f"a {color} {here.kind}"), center=center).words
            said = next(word.contribution for word in words if word.word == color)
            (true if color == here.color else false).append(said)
    assert np.mean(np.array(true) > 0) >= 0.75
    assert np.mean(np.array(false) < 0) >= 0.85


def test_what_it_does_not_know_is_said(contrastive: RetrievalTask) -> None:
    query = Query("a red star, two umbrellas and a snarky xylophone")
    assert contrastive.unknown_words(query) == ["snarky", "xylophone"]
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    known, _ = contrastive.familiarity(Image.fromarray(noise))
    assert not known


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_the_folders_open_with_the_ordinary_classes(name: str) -> None:
    from transformers import AutoModel, AutoProcessor

    folder = WEIGHTS / name
    model = AutoModel.from_pretrained(folder, local_files_only=True)
    processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    inputs = processor(text=["a red star"], images=[Image.new("RGB", (50, 40))], return_tensors="pt", padding=True)
    assert type(model).__name__ == "CLIPModel"
    assert model(**inputs).logits_per_image.shape == (1, 1)
    assert (folder / "README.md").is_file()
