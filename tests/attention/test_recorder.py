"""A recording belongs to its own call, and leaves nothing behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import BlipForQuestionAnswering
from transformers.models.blip.modeling_blip_text import BlipTextSelfAttention

from mm_demo.attention.recorder import Recorder, Site, to_records
from tests.attention.tiny import CASES, Case
from tests.checkpoints import TINY, make_model

THREADS = 4
# ViLT draws its order of patches from a generator that all threads share: no two of its forwards are alike.
EACH = [pytest.param(case, id=case.name) for case in CASES if case.name != "ViLT"]


def _record(part: nn.Module, sites: list[Site], inputs: dict[str, Any], queries: Tensor | None) -> list[Tensor]:
    recorder = Recorder(sites)
    recorder.queries = queries
    with torch.no_grad(), recorder.hooked(), recorder.active():
        part(**inputs)
    return [weights for _, weights in recorder.take()]


@pytest.mark.parametrize("case", EACH)
def test_threads_through_one_model_get_their_own_weights(case: Case) -> None:
    _, part = case.open(record=True)
    sites = case.sites(part)
    given = [
        {name: x.roll(i, -1) if name != "image_grid_thw" else x for name, x in case.inputs("none").items()}
        for i in range(THREADS)
    ]
    wanted = [None if i % 2 else torch.tensor([i]) for i in range(THREADS)]
    alone = [_record(part, sites, inputs, rows) for inputs, rows in zip(given, wanted, strict=True)]
    together = Barrier(THREADS)

    def run(i: int) -> list[Tensor]:
        together.wait()
        return _record(part, sites, given[i], wanted[i])

    with ThreadPoolExecutor(THREADS) as pool:
        for found, expected in zip(pool.map(run, range(THREADS)), alone, strict=True):
            for mine, lone in zip(found, expected, strict=True):
                torch.testing.assert_close(mine, lone, atol=1e-6, rtol=0)
    assert float((alone[1][0] - alone[3][0]).abs().max()) > 1e-3, "inputs alike would prove nothing"
    assert not any(site.module._forward_hooks for site in sites if not case.registry)


@pytest.mark.parametrize("case", EACH)
def test_nothing_is_recorded_outside_its_own_call(case: Case) -> None:
    _, part = case.open(record=True)
    recorder, other = Recorder(case.sites(part)), Recorder(case.sites(part))
    with torch.no_grad(), recorder.hooked(), other.hooked():
        part(**case.inputs("none"))
        assert recorder.take() == other.take() == []
        with recorder.active():
            with other.active():
                part(**case.inputs("none"))
            assert recorder.take() == []
            assert other.take()


def _finite_difference(layer: BlipTextSelfAttention, image: Tensor, weights: Tensor, at: tuple[int, ...]) -> float:
    values = layer.value(image).view(*image.shape[:2], 4, -1).transpose(1, 2)
    scores = []
    for step in (-1e-3, 1e-3):
        nudged = weights.clone()
        nudged[at] += step
        scores.append(float((nudged @ values).transpose(1, 2).flatten(2).sum()))
    return (scores[1] - scores[0]) / 2e-3


def test_gradient_equals_a_finite_difference() -> None:
    encoder = make_model(BlipForQuestionAnswering, TINY).text_encoder
    layer = encoder.encoder.layer[0].crossattention.self
    generator = torch.Generator().manual_seed(1)
    ask = torch.randn(1, 3, TINY.dim, generator=generator).requires_grad_()
    image = torch.randn(1, 17, TINY.dim, generator=generator)
    recorder = Recorder([Site(layer, 0, "cross", "question", "image")], differentiable=True)
    with recorder.hooked(), recorder.active():
        context, _ = layer(ask, encoder_hidden_states=image)
    (record,) = to_records(recorder.take(), context.sum())
    assert record.gradient is not None
    for at in ((0, 0, 0), (3, 2, 16)):
        expected = _finite_difference(layer, image, record.weights[None], (0, *at))
        assert float(record.gradient[at]) == pytest.approx(expected, abs=2e-3)


def test_eager_modules_give_all_rows_where_gradients_are_asked_for() -> None:
    layer = make_model(BlipForQuestionAnswering, TINY).text_encoder.encoder.layer[0].attention.self
    recorder = Recorder([Site(layer, 0, "self", "question", "question")], differentiable=True)
    recorder.queries = torch.tensor([1])
    with recorder.hooked(), recorder.active():
        layer(torch.randn(1, 3, TINY.dim).requires_grad_())
    assert recorder.take()[0][1].shape[2] == 3


def test_hooks_are_gone_after_an_error() -> None:
    layer = nn.MultiheadAttention(8, 2, batch_first=True)
    recorder = Recorder([Site(layer, 0, "self", "text", "text")])
    with pytest.raises(ZeroDivisionError), recorder.hooked():
        assert layer._forward_hooks
        raise ZeroDivisionError
    assert not layer._forward_hooks


def test_a_module_without_weights_is_named() -> None:
    recorder = Recorder([Site(layer := nn.Linear(2, 2), 0, "self", "text", "text")])
    with recorder.hooked(), recorder.active(), pytest.raises(RuntimeError, match="Linear returned no attention"):
        layer(torch.zeros(1, 2))
