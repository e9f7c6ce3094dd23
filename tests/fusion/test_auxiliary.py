"""The losses that some strategies add to the classes': their formulas, and what they teach."""

from __future__ import annotations

import numpy as np
import torch

from mm_demo.fusion import STRATEGIES, AutoencoderFusion, Modality, Shape
from mm_demo.fusion.adversarial import reversed_gradient
from tests.fusion.given import batch, every, every_count, make, ragged, without
from tests.fusion.references import Reference

TRANSLATING = {"autoencoder", "adversarial"}


@every
def test_a_strategy_adds_a_loss_only_while_it_trains(name: str) -> None:
    strategy = make(name)
    assert strategy(batch()).auxiliary is None
    auxiliary = strategy.train()(batch()).auxiliary
    assert (auxiliary is not None) == (name in TRANSLATING)
    if auxiliary is not None:
        assert auxiliary.shape == () and auxiliary.isfinite()


@every_count
def test_reconstruction_is_of_every_modality_from_every_other(count: int) -> None:
    ref = Reference("autoencoder", count)
    errors = []
    for source in ref.names:
        for target in ref.names:
            found = []
            for vectors in ref.vectors():
                if source in vectors and target in vectors:
                    code = np.tanh(ref.linear(f"encoders.{source}", vectors[source]))
                    found.append(np.mean((ref.network(f"decoders.{target}", code) - vectors[target]) ** 2))
            errors.append(np.mean(found) if found else 0.0)
    auxiliary = ref.strategy.train()(ref.given).auxiliary
    assert auxiliary is not None
    np.testing.assert_allclose(auxiliary.item(), 0.1 * np.mean(errors))


@every_count
def test_the_judges_loss_is_that_of_two_classes(count: int) -> None:
    ref = Reference("adversarial", count)
    losses = []
    for target in ref.names:
        found = []
        for vectors in ref.vectors():
            codes = [np.tanh(ref.linear(f"encoders.{n}", v)) for n, v in vectors.items() if n != target]
            if target in vectors and codes:
                code = np.mean(codes, axis=0)
                real, fake = (
                    ref.network(f"judges.{target}", np.concatenate([code, vector]))[0]
                    for vector in (vectors[target], ref.network(f"decoders.{target}", code))
                )
                found.append(np.log1p(np.exp(-real)) + np.log1p(np.exp(fake)))
        losses.append(np.mean(found) if found else 0.0)
    auxiliary = ref.strategy.train()(ref.given).auxiliary
    assert auxiliary is not None
    np.testing.assert_allclose(auxiliary.item(), 0.1 * np.mean(losses))


def test_one_step_helps_the_judges_and_the_decoders_against_each_other() -> None:
    # A step down the same loss by the judges alone must lower it; by the decoders alone, raise it.
    for part, better in (("judges", -1), ("decoders", 1)):
        strategy, given = make("adversarial", dropout=0.0).train(), batch()
        before = strategy(given).auxiliary
        assert before is not None
        before.backward()
        with torch.no_grad():
            for key, parameter in strategy.named_parameters():
                if key.startswith(part) and parameter.grad is not None:
                    parameter -= 0.05 * parameter.grad
        after = strategy(given).auxiliary
        assert after is not None
        assert (after - before).item() * better > 0


def test_the_reversed_gradient() -> None:
    values = torch.tensor([1.5, -2.25], requires_grad=True)
    out = reversed_gradient(values)
    assert torch.equal(out, values)
    (out * torch.tensor([3.0, 5.0])).sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [-3.0, -5.0]


def test_targets_are_not_moved_towards_what_is_easy() -> None:
    for name in sorted(TRANSLATING):
        strategy = make(name, {"a": Shape(3, 3), "b": Shape(3, 3)}, dropout=0.0).train()
        a, b = torch.randn(4, 3), torch.randn(4, 3, requires_grad=True)
        there = torch.tensor([True, True, True, True])
        # With a missing everywhere, b could only be a target of itself.
        fused = strategy({"a": Modality.of_vector(a, ~there), "b": Modality.of_vector(b, there)})
        assert fused.auxiliary is not None
        if name == "adversarial":
            assert fused.auxiliary.item() == 0
        else:
            fused.auxiliary.backward()
            code = torch.tanh(strategy.encoders["b"](b))
            fixed = (strategy.decoders["b"](code) - b.detach()).square().mean() * 0.1 / 4
            (expected,) = torch.autograd.grad(fixed, b)
            torch.testing.assert_close(b.grad, expected)


def test_a_trained_autoencoder_knows_the_missing_one() -> None:
    # b is a rotation of a: after training, an input without b is filled with about the b it had.
    torch.manual_seed(0)
    shapes = {"a": Shape(3, 3), "b": Shape(3, 3)}
    strategy = STRATEGIES["autoencoder"](shapes, 2, width=16, dropout=0.0).train()
    assert isinstance(strategy, AutoencoderFusion)
    rotation = torch.linalg.qr(torch.randn(3, 3))[0]
    optimizer = torch.optim.Adam(strategy.parameters(), lr=1e-2)
    for _ in range(200):
        a = torch.randn(64, 3)
        loss = strategy({"a": Modality.of_vector(a), "b": Modality.of_vector(a @ rotation)}).auxiliary
        assert loss is not None
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    a = torch.randn(200, 3)
    made = strategy.decoders["b"](strategy.encode("a", a))
    assert (made - a @ rotation).square().mean() < 0.1 * (a @ rotation).square().mean()


def test_nothing_to_translate_is_no_loss() -> None:
    given = {key: without(m, range(5)) for key, m in ragged(batch()).items()}
    for name in sorted(TRANSLATING):
        auxiliary = make(name).train()(given).auxiliary
        assert auxiliary is not None
        assert auxiliary.item() == 0
