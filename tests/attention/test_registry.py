"""Weights multiplied by the values are what the kernel gives: the check that needs no eager attention."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mm_demo.attention.recorder import Recorder, Site
from mm_demo.attention.registry import recorded_attention

HEADS = 4
MASKS = ("none", "causal", "boolean", "window", "additive")


class _Attention(nn.Module):
    """What the registry asks of a module."""

    def __init__(self, groups: int, *, is_causal: bool) -> None:
        super().__init__()
        self.num_key_value_groups, self.is_causal = groups, is_causal


def _given(queries: int, keys: int, groups: int) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value of a batch of two; the query lies in memory as projections leave it."""
    generator = torch.Generator().manual_seed(2)
    query = torch.randn(2, queries, HEADS, 8, generator=generator).transpose(1, 2)
    key, value = torch.randn(2, 2, HEADS // groups, keys, 8, generator=generator).unbind(0)
    return query.requires_grad_(), key.requires_grad_(), value.requires_grad_()


def _mask(name: str, queries: int, keys: int) -> Tensor | None:
    generator = torch.Generator().manual_seed(3)
    behind = torch.arange(keys - queries, keys)[:, None] - torch.arange(keys)
    allowed = torch.rand(2, 1, queries, keys, generator=generator) > 0.4
    allowed[..., 0] = True
    allowed[1, :, 0] = False  # a row of padding sees nothing
    return {
        "boolean": allowed,
        "window": ((behind >= 0) & (behind < 3)).expand(2, 1, -1, -1),
        "additive": torch.randn(2, HEADS, queries, keys, generator=generator),
    }.get(name)


def _record(
    module: nn.Module, given: tuple[Tensor, ...], mask: Tensor | None, rows: list[int] | None, *, differentiable: bool
) -> tuple[Tensor, Tensor]:
    recorder = Recorder([Site(module, 0, "self", "text", "text")], differentiable=differentiable)
    recorder.queries = None if rows is None else torch.tensor(rows)
    with recorder.active():
        output, _ = recorded_attention(module, *given, mask)
    ((_, weights),) = recorder.take()
    return output, weights


@pytest.mark.parametrize("rows", [None, [2, 0, -1]])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (3, 7), (1, 7)])
@pytest.mark.parametrize("name", MASKS)
def test_weights_make_the_kernels_output(
    name: str, queries: int, keys: int, groups: int, rows: list[int] | None
) -> None:
    module = _Attention(groups, is_causal=name == "causal")
    given, mask = _given(queries, keys, groups), _mask(name, queries, keys)
    expected, nothing = recorded_attention(module, *given, mask)
    assert nothing is None
    output, weights = _record(module, given, mask, rows, differentiable=False)
    assert torch.equal(output, expected)
    assert not weights.requires_grad
    made = (weights @ given[2].repeat_interleave(groups, dim=1)).transpose(1, 2)
    taken = list(range(queries)) if rows is None or queries == 1 else [row % queries for row in rows]
    torch.testing.assert_close(made, expected[:, taken], atol=1e-6, rtol=1e-5)
    full = weights.sum(-1).expand(2, HEADS, -1)
    assert bool((torch.isclose(full, torch.tensor(1.0)) | (full == 0)).all())


@pytest.mark.parametrize("rows", [None, [2, 0, -1]])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("name", MASKS)
def test_what_came_before_gets_the_kernels_gradient(name: str, groups: int, rows: list[int] | None) -> None:
    module = _Attention(groups, is_causal=name == "causal")
    given, mask = _given(5, 5, groups), _mask(name, 5, 5)
    direction = torch.randn(2, 5, HEADS, 8, generator=torch.Generator().manual_seed(4))
    plain, _ = recorded_attention(module, *given, mask)
    output, weights = _record(module, given, mask, rows, differentiable=True)
    torch.testing.assert_close(output, plain, atol=1e-6, rtol=1e-5)
    found = torch.autograd.grad((output * direction).sum(), (*given, weights), retain_graph=True)
    expected = torch.autograd.grad((plain * direction).sum(), given)
    for mine, kernels in zip(found, expected, strict=False):
        torch.testing.assert_close(mine, kernels, atol=1e-5, rtol=1e-4)
    taken = direction if rows is None else direction[:, rows]
    by_hand = taken.transpose(1, 2) @ given[2].repeat_interleave(groups, dim=1).transpose(-1, -2)
    torch.testing.assert_close(found[-1], by_hand, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("scaling", [None, 1.0, 0.3])
def test_the_callers_scale_is_used(scaling: float | None) -> None:
    module, given = _Attention(1, is_causal=False), _given(5, 5, 1)
    recorder = Recorder([Site(module, 0, "self", "text", "text")])
    with recorder.active():
        output, weights = recorded_attention(module, *given, None, scaling=scaling)
    assert weights is not None
    torch.testing.assert_close((weights @ given[2]).transpose(1, 2), output, atol=1e-6, rtol=1e-5)
