"""ViLT through the task and the command line: whole answers, every method, probes, several people at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import torch
from transformers import ViltForQuestionAnswering

import mm_demo
from mm_demo.__main__ import main
from mm_demo.attention.methods import get_method
from mm_demo.attention.shares import modality_shares
from mm_demo.attention.trace import ImageLayout, JointSequence, Record, Segment, TextLayout, Trace
from mm_demo.models.catalog import cards_for
from mm_demo.models.family import ModelInfo
from mm_demo.models.vilt import ViltAnswerer
from mm_demo.tasks.methods import offered_methods
from mm_demo.tasks.results import VqaResult
from mm_demo.tasks.vqa import VqaTask
from tests.models.test_vilt_answerer import QUESTION, inputs_of, picture
from tests.models.vilt_checkpoints import BASE, TINY, make_model, make_processor, save

BY_HAND = {
    "raw": (0.65, 0.35),
    "attention_gradient": (-0.3, 2.0),
    "gradient": (2.5, 2.0),
    "rollout": (0.6875, 0.3125),
    "mean": (0.425, 0.575),
}
"""Method → the answer's relevance for itself and for the one patch of `two_elements`, worked out by hand."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("vilt"), seed=5)


@pytest.fixture(scope="module")
def task(folder: Path) -> VqaTask:
    return mm_demo.load("vqa", str(folder), "cpu")


@pytest.fixture(scope="module")
def result(task: VqaTask) -> VqaResult:
    return task(picture(40, 62), QUESTION)


def two_elements() -> Trace:
    """Two layers of one head, in which an answer and one patch look at each other."""
    layers = (
        ([[0.5, 0.5], [0.25, 0.75]], [[1.0, 2.0], [4.0, -1.0]]),
        ([[0.8, 0.2], [0.4, 0.6]], [[-1.0, 5.0], [0.0, 0.0]]),
    )
    return Trace(
        {
            "image": Segment("image", "image", ("patch",), ImageLayout(1, 1)),
            "answer": Segment("answer", "text", ("yes",), TextLayout("yes", (None,))),
        },
        [
            Record(layer, "self", "both", "both", torch.tensor([weights]), torch.tensor([gradient]))
            for layer, (weights, gradient) in enumerate(layers)
        ],
        joint=JointSequence("both", {"image": (1,), "answer": (0,)}, 2),
    )


@pytest.mark.parametrize("name", BY_HAND)
def test_a_sequence_of_two_is_split_as_by_hand(name: str) -> None:
    found = get_method(name)(two_elements(), "answer", 0)
    assert (float(found["answer"]), float(found["image"])) == pytest.approx(BY_HAND[name])


def test_shares_of_a_sequence_of_two_are_those_by_hand() -> None:
    # The answer's rows of |weight × gradient|: 0.5 and 1, then 0.8 and 1.
    shares = modality_shares(two_elements(), ("answer",), relevance=True)
    assert shares == pytest.approx({"text": 1.3 / 3.3, "image": 2 / 3.3})
    # What the model itself wrote is of no input.
    assert modality_shares(two_elements(), ("answer",), relevance=True, written="answer") == {"image": 1.0}


def test_one_result_holds_everything(task: VqaTask, result: VqaResult) -> None:
    assert result.method == "gradient"
    assert result.answer == result.candidates[0][0]
    assert [token.token for token in result.question_tokens] == ["What", "color", "is", "the", "star", "?"]
    assert max(abs(token.relevance) for token in result.question_tokens) == 1
    assert all(token.map.shape == (4, 6) for token in result.question_tokens)
    assert result.image_map.shape == (4, 6)
    assert result.image_map.sum() == pytest.approx(1)
    assert np.ptp(result.image_map) > 0.01
    assert sum(result.modality_shares.values()) == pytest.approx(1)
    assert min(result.modality_shares.values()) > 0.05
    assert result.familiar
    assert (task.info.layers, task.info.heads) == (TINY.layers, TINY.heads)


def test_every_method_explains_it_in_its_own_way(task: VqaTask, result: VqaResult) -> None:
    maps = [task.explain(result, method.name).image_map for method in offered_methods("vqa", "vilt")]
    assert len(maps) == 5
    for i, one in enumerate(maps):
        assert one.shape == (4, 6)
        assert one.sum() == pytest.approx(1)
        assert all(np.abs(one - other).max() > 1e-3 for other in maps[:i])
    chosen = task.explain(result, "raw", layer=1, head=2)
    own = result.trace.records[1].weights[2, 0, -24:]
    assert chosen.image_map.ravel() == pytest.approx((own / own.sum()).numpy(), abs=1e-6)


def test_probes_of_both_parts_begin_at_the_answers_probability(task: VqaTask, result: VqaResult) -> None:
    for part, elements in (("image", 24), ("text", 6)):
        for way in task.removals[part]:  # type: ignore[index]
            probe = task.probe(result, part, way)  # type: ignore[arg-type]
            assert len(probe.relevance) == len(probe.labels) == elements
            whole, nothing = probe.score(np.stack([np.ones(elements, bool), np.zeros(elements, bool)]))
            assert whole == pytest.approx(result.candidates[0][1], abs=1e-6)
            assert abs(whole - nothing) > 1e-3


def test_shares_of_the_modalities_are_those_of_four_forwards(task: VqaTask, result: VqaResult, folder: Path) -> None:
    plain = ViltForQuestionAnswering.from_pretrained(folder).eval()
    [(index,)] = result.spellings
    value = {}
    for seen in (True, False):
        for asked in (True, False):
            inputs = inputs_of(folder, result.image)
            if not seen:
                inputs["pixel_values"][:] = inputs["pixel_values"].mean((2, 3), keepdim=True)
            if not asked:
                inputs["input_ids"][:, 1:-1] = 4
            with torch.no_grad():
                value[seen, asked] = float(plain(**inputs).logits.softmax(-1)[0, index])
    image = (value[True, False] - value[False, False] + value[True, True] - value[False, True]) / 2
    text = (value[False, True] - value[False, False] + value[True, True] - value[True, False]) / 2
    expected = abs(image) / (abs(image) + abs(text))
    assert task.coalition_shares(result)["image"] == pytest.approx(expected, abs=1e-4)


def test_a_map_changes_as_the_model_forgets(task: VqaTask, result: VqaResult) -> None:
    maps = dict(task.randomised(result))
    assert len(maps) == 4
    assert all(one.shape == (4, 6) and one.sum() == pytest.approx(1) for one in maps.values())
    assert all(np.abs(one - result.image_map).sum() > 0.05 for one in maps.values())


def test_four_people_at_once_get_what_they_get_alone(task: VqaTask) -> None:
    asked = [
        (picture(40, 40 + 9 * i, seed=i), f"is the {word} red ?")
        for i, word in enumerate(("star", "car", "tree", "one"))
    ]
    alone = [task(*one) for one in asked]
    start = Barrier(4)

    def ask(i: int) -> list[tuple[VqaResult, np.ndarray]]:
        start.wait()
        results = [task(*asked[i]) for _ in range(5)]
        keep = np.eye(results[0].image_map.size, dtype=bool)
        return [(found, task.probe(found, "image").score(keep)) for found in results]

    with ThreadPoolExecutor(4) as people:
        found = list(people.map(ask, range(4)))
    for expected, results in zip(alone, found, strict=True):
        keep = np.eye(expected.image_map.size, dtype=bool)
        scores = task.probe(expected, "image").score(keep)
        for one, probed in results:
            assert one.candidates == expected.candidates
            assert np.array_equal(one.image_map, expected.image_map)
            assert np.array_equal(probed, scores)


@pytest.mark.parametrize(("dtype", "tolerance"), [("bfloat16", 0.01), ("float16", 0.002)])
def test_half_precision_says_the_same(
    task: VqaTask, result: VqaResult, folder: Path, dtype: str, tolerance: float
) -> None:
    half = mm_demo.load("vqa", str(folder), f"cpu,{dtype}")
    found = half(result.image, QUESTION)
    assert found.answer == result.answer
    assert found.candidates[0][1] == pytest.approx(result.candidates[0][1], abs=tolerance)
    for method in offered_methods("vqa", "vilt"):
        maps = [of.explain(one, method.name).image_map for of, one in ((task, result), (half, found))]
        assert np.abs(maps[0] - maps[1]).sum() / 2 < 4 * tolerance  # the part of the relevance that moved elsewhere
    probed = half.probe(found, "image").score(np.ones((1, 24), bool))
    assert probed == pytest.approx([found.candidates[0][1]], abs=tolerance)
    assert len(list(half.randomised(found))) == 4


def test_the_command_line_answers(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "picture.png"
    picture(40, 62).save(path)
    assert main(["vqa", str(path), "what is this?", "--model", str(folder), "--device", "cpu", "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert said["answer"] == said["candidates"][0]["answer"]
    assert sum(one["probability"] for one in said["candidates"]) <= 1
    assert np.array(said["image_map"]).shape == (4, 6)
    assert [token["token"] for token in said["question_tokens"]] == ["what", "is", "this", "?"]
    assert set(said["modality_shares"]) == {"image", "text"}


def test_mistakes_are_one_line(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "picture.png"
    picture(10, 90).save(path)
    assert main(["vqa", str(path), "what is this?", "--model", str(folder), "--device", "cpu"]) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "too long and narrow" in captured.err


def test_the_list_of_models_offers_it() -> None:
    assert {card.family: card.id for card in cards_for("vqa")}["vilt"] == "dandelin/vilt-b32-finetuned-vqa"


def test_the_true_size_is_traced_and_probed() -> None:
    info = ModelInfo("vilt", "ViLT", "local", "cpu", "float32", 0, 0, BASE.layers, BASE.heads)
    model = make_model(BASE)
    task = VqaTask(ViltAnswerer(model, make_processor(BASE), info))
    assert sum(p.numel() for p in model.parameters()) == pytest.approx(117.6e6, rel=0.01)
    result = task(picture(480, 640), "what color is the star ?")
    assert result.image_map.shape == (12, 16)
    assert np.ptp(result.image_map) > 1e-4
    length = 8 + 1 + 192
    assert all(record.weights.shape == (12, length, length) for record in result.trace.records)
    whole, _ = task.probe(result, "image", "attention").score(np.stack([np.ones(192, bool), np.zeros(192, bool)]))
    assert whole == pytest.approx(result.candidates[0][1], abs=1e-5)
