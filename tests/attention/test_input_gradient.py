"""Gradient × input: sums by hand, and offered only where a trace can hold it."""

from __future__ import annotations

import pytest
import torch

from mm_demo.attention.methods import METHODS, get_method
from mm_demo.attention.trace import AudioLayout, InputGradient, Segment, TextLayout, Trace
from mm_demo.errors import UserError
from mm_demo.models.family import ModelInfo
from mm_demo.tasks.methods import choose_method, offered_methods

METHOD = METHODS["input_gradient"]


def _trace() -> Trace:
    segments = {
        "audio": Segment("audio", "audio", ("a", "b"), AudioLayout(((0.0, 1.0), (1.0, 2.0)))),
        "text": Segment("text", "text", ("x", "y", "z"), TextLayout("x y z", ((0, 1), (2, 3), (4, 5)))),
    }
    inputs = [
        InputGradient("audio", ("100 Hz", "200 Hz"), torch.tensor([[1.0, -3.0], [0.5, 0.25]])),
        InputGradient("text", ("embedding",), torch.tensor([[1.0], [-2.0], [0.0]])),
    ]
    return Trace(segments, [], inputs)


def test_channels_are_summed_with_their_sign() -> None:
    found = METHOD.rows(_trace(), "text", slice(0, 1))
    assert found["audio"].tolist() == [[-2.0, 0.75]]
    assert found["text"].tolist() == [[1.0, -2.0, 0.0]]


def test_it_is_the_same_for_whichever_element_is_asked() -> None:
    trace = _trace()
    assert torch.equal(METHOD(trace, "text", 0)["audio"], METHOD(trace, "audio", 1)["audio"])


def test_a_trace_without_inputs_is_refused() -> None:
    with pytest.raises(ValueError, match="by the inputs"):
        METHOD(Trace(_trace().segments), "text", 0)


@pytest.mark.parametrize("task", ["caption", "vqa"])
def test_tasks_on_pictures_do_not_offer_it(task: str) -> None:
    assert "input_gradient" not in {method.name for method in offered_methods(task, "blip")}
    info = ModelInfo("tiny", "Tiny", "local", "cpu", "float32", 1, 1, 2, 4)
    with pytest.raises(UserError, match="no method 'input_gradient'; choose one of: raw"):
        choose_method(task, "blip", info, "input_gradient", None, None)
    assert get_method("input_gradient") is METHOD
