"""Every method against a 2 × 2 case worked out by hand, and what all of them must keep to."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mm_demo.attention.methods import METHODS, get_method
from mm_demo.attention.shares import modality_shares
from mm_demo.attention.trace import ImageLayout, InputGradient, Record, Segment, TextLayout, Trace
from mm_demo.errors import UserError


def _trace(*, answer: bool = False) -> Trace:
    """Two words that look at each other and at two patches; with `answer`, one answer token that looks at the words."""
    segments = {
        "image": Segment("image", "image", ("p", "q"), ImageLayout(1, 2)),
        "words": Segment("words", "text", ("a", "b"), TextLayout("a b", ((0, 1), (2, 3)))),
    }
    records = [
        _record("self", "words", "words", [[1.0, 0.0], [0.5, 0.5]], [[2.0, 0.0], [1.0, -1.0]]),
        _record("cross", "words", "image", [[0.5, 0.5], [0.25, 0.75]], [[1.0, -1.0], [4.0, 2.0]]),
    ]
    if answer:
        segments["answer"] = Segment("answer", "text", ("x",), TextLayout("x", (None,)))
        records.append(_record("cross", "answer", "words", [[0.2, 0.8]], [[5.0, 1.0]]))
    return Trace(segments, records)


def _record(kind: str, query: str, key: str, weights: list[list[float]], gradient: list[list[float]]) -> Record:
    # A second head with the rows' keys swapped and no gradient checks that heads are averaged where they must be.
    swapped = torch.tensor(weights).flip(-1)
    both = torch.stack([torch.tensor(weights), swapped])
    gradients = torch.stack([torch.tensor(gradient), torch.zeros_like(swapped)])
    return Record(0, kind, query, key, both, gradients)  # type: ignore[arg-type]


def _close(found: Tensor, expected: list[float]) -> None:
    torch.testing.assert_close(found, torch.tensor(expected))


def test_raw_is_the_row_of_the_chosen_head() -> None:
    found = METHODS["raw"](_trace(), "words", 1, layer=0, head=0)
    _close(found["image"], [0.25, 0.75])
    _close(found["words"], [0.5, 0.5])


def test_raw_averages_heads() -> None:
    _close(METHODS["raw"](_trace(), "words", 1)["image"], [0.5, 0.5])


def test_raw_reaches_the_image_through_the_words() -> None:
    found = METHODS["raw"](_trace(answer=True), "answer", 0, head=0)
    _close(found["words"], [0.2, 0.8])
    _close(found["image"], [0.2 * 0.5 + 0.8 * 0.25, 0.2 * 0.5 + 0.8 * 0.75])


def test_rollout_by_hand() -> None:
    # Self: (A + I)/rowsum = [[1, 0], [.25, .75]]. Cross: half the words' own flow, half what they read.
    found = METHODS["rollout"](_trace(), "words", 1, head=0)
    _close(found["words"], [0.125, 0.375])
    _close(found["image"], [0.125, 0.375])


def test_rollout_rows_sum_to_one_over_all_segments() -> None:
    found = METHODS["rollout"](_trace(answer=True), "answer", 0)
    assert sum(float(part.sum()) for part in found.values()) == pytest.approx(1.0)


def test_gradient_by_hand() -> None:
    # Self: Ā = mean over two heads of (∇A ⊙ A)⁺ = [[1, 0], [.25, 0]], so R_ww = I + Ā = [[2, 0], [.25, 1]].
    # Its normalised form: R − I = [[1, 0], [.25, 0]], rows divided by their sums, plus I = [[2, 0], [1, 1]].
    # Cross: Ā = [[.25, 0], [.5, .75]]; R_wi = R̄_wwᵀ Ā R̄_ii = [[2, 1], [0, 1]] Ā = [[1, .75], [.5, .75]].
    first, second = (METHODS["gradient"](_trace(), "words", i) for i in (0, 1))
    _close(first["words"], [2.0, 0.0])
    _close(second["words"], [0.25, 1.0])
    _close(first["image"], [1.0, 0.75])
    _close(second["image"], [0.5, 0.75])


def test_gradient_reaches_the_image_through_the_words() -> None:
    # Answer: Ā = [[.5, .4]], R̄_aa = I. R_aw = Ā R̄_ww with R̄_ww = [[2, 0], [1, 1]]; R_ai = Ā R_wi.
    found = METHODS["gradient"](_trace(answer=True), "answer", 0)
    _close(found["words"], [0.5 * 2 + 0.4 * 1, 0.4])
    _close(found["image"], [0.5 * 1.0 + 0.4 * 0.5, 0.5 * 0.75 + 0.4 * 0.75])


def test_gradient_without_any_relevance_is_the_identity() -> None:
    trace = _trace()
    silent = [Record(r.layer, r.kind, r.query, r.key, r.weights, torch.zeros_like(r.weights)) for r in trace.records]
    found = METHODS["gradient"](Trace(trace.segments, silent), "words", 0)
    _close(found["words"], [1.0, 0.0])
    _close(found["image"], [0.0, 0.0])


def test_attention_gradient_by_hand() -> None:
    found = METHODS["attention_gradient"](_trace(), "words", 0, head=0)
    _close(found["image"], [0.5, -0.5])
    _close(found["words"], [2.0, 0.0])


def test_attention_gradient_credits_all_rows_on_the_way() -> None:
    found = METHODS["attention_gradient"](_trace(answer=True), "answer", 0, head=0)
    _close(found["words"], [1.0, 0.8])
    _close(found["image"], [0.5 + 1.0, -0.5 + 1.5])


def test_mean_by_hand() -> None:
    # Word b: attention [.5, .5] over the heads; (A ⊙ ∇A)⁺ = [1, 1.5] / 2, so shares of .4 and .6.
    _close(METHODS["mean"](_trace(), "words", 1)["image"], [0.45, 0.55])
    # One head: attention [.25, .75], shares of the gradient as above.
    _close(METHODS["mean"](_trace(), "words", 1, head=0)["image"], [0.325, 0.675])


def test_mean_leaves_the_class_token_out_of_the_scale() -> None:
    trace = _trace()
    seen = Segment("image", "image", ("picture", "p"), ImageLayout(1, 1), leading=1)
    found = METHODS["mean"](Trace(trace.segments | {"image": seen}, trace.records), "words", 1)
    assert float(found["image"][1]) == pytest.approx(1)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_says_what_it_is_and_leaves_the_trace_alone(name: str) -> None:
    method = METHODS[name]
    assert method.name == name
    assert method.label
    assert method.help.endswith(".")
    assert set(method.controls) <= {"layer", "head"}
    trace = _trace(answer=True)
    if method.needs_inputs:
        trace.inputs += [InputGradient(name, ("x",), torch.ones(2, 1)) for name in ("words", "image")]
    before = [(r.weights.clone(), r.gradient.clone()) for r in trace.records if r.gradient is not None]
    found = method(trace, "answer", 0)
    assert {"words", "image"} <= set(found)
    assert all(found[name].shape == (2,) for name in ("words", "image"))
    for record, (weights, gradient) in zip(trace.records, before, strict=True):
        assert record.gradient is not None
        assert torch.equal(record.weights, weights)
        assert torch.equal(record.gradient, gradient)


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.needs_gradient])
def test_a_gradient_method_refuses_a_trace_without(name: str) -> None:
    trace = _trace()
    bare = Trace(trace.segments, [Record(r.layer, r.kind, r.query, r.key, r.weights) for r in trace.records])
    with pytest.raises(ValueError, match="gradients"):
        METHODS[name](bare, "words", 0)


def test_an_unknown_method_is_one_sentence() -> None:
    with pytest.raises(UserError, match="no method 'magic'; choose one of: raw"):
        get_method("magic")


def test_attention_shares_are_even_where_every_word_reads_both() -> None:
    assert modality_shares(_trace(), ("words",), relevance=False) == {"text": 0.5, "image": 0.5}


def test_relevance_shares_by_hand() -> None:
    # |A ∇A|: words 2 + .5 + .5, image .5 + .5 + 1 + 1.5.
    shares = modality_shares(_trace(), ("words",), relevance=True)
    assert shares == pytest.approx({"text": 3 / 6.5, "image": 3.5 / 6.5})
