"""Many seeds at once: stacked parameters under `vmap` give what each strategy gives alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, stack_module_state, vmap

from mm_demo.fusion import STRATEGIES
from tests.fusion.given import batch, loss_of, make, ragged

SEEDS = 3
LABELS = torch.tensor([0, 1, 2, 0, 1])

vectorised = pytest.mark.parametrize("name", [name for name, s in STRATEGIES.items() if s.vectorises])

Tensors = Mapping[str, Tensor]


@vectorised
def test_logits_and_weights_are_those_of_each_alone(name: str) -> None:
    strategies = [make(name, seed=seed) for seed in range(SEEDS)]
    given = ragged(batch())

    def together(parameters: Tensors, buffers: Tensors) -> tuple[Tensor, ...]:
        fused = functional_call(strategies[0], (dict(parameters), dict(buffers)), (given,))
        return (fused.logits,) if fused.weights is None else (fused.logits, fused.weights)

    found = vmap(together)(*stack_module_state(strategies))
    for seed, strategy in enumerate(strategies):
        alone = strategy(given)
        torch.testing.assert_close(found[0][seed], alone.logits)
        if alone.weights is not None:
            torch.testing.assert_close(found[1][seed], alone.weights)


@vectorised
def test_gradients_are_those_of_each_alone(name: str) -> None:
    strategies = [make(name, seed=seed, dropout=0.0).train() for seed in range(SEEDS)]
    given = ragged(batch())

    def loss(parameters: Tensors, buffers: Tensors) -> Tensor:
        return loss_of(functional_call(strategies[0], (dict(parameters), dict(buffers)), (given,)), LABELS)

    found = vmap(grad(loss))(*stack_module_state(strategies))
    for seed, strategy in enumerate(strategies):
        loss_of(strategy(given), LABELS).backward()
        for key, parameter in strategy.named_parameters():
            torch.testing.assert_close(found[key][seed], parameter.grad, rtol=1e-4, atol=1e-5)


@vectorised
def test_it_trains_with_dropout_of_its_own_for_each(name: str) -> None:
    strategies = [make(name, seed=0, dropout=0.5).train() for _ in range(SEEDS)]
    given = batch()

    def logits(parameters: Tensors, buffers: Tensors) -> Tensor:
        fused = functional_call(strategies[0], (dict(parameters), dict(buffers)), (given,))
        return fused.logits  # type: ignore[no-any-return]

    found = vmap(logits, randomness="different")(*stack_module_state(strategies))
    assert not torch.allclose(found[0], found[1])
