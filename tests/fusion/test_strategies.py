"""Every strategy: parameters that train, masks that hide, names that order, modalities that may be missing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from mm_demo.fusion import STRATEGIES, AttentionFusion, Fused, FusionStrategy, GatedFusion, LateFusion, Modality, Shape
from mm_demo.fusion.sequences import positions
from mm_demo.fusion.transformer import CrossModalBlock

SHAPES = {"text": Shape(6, 5), "audio": Shape(4, 3), "image": Shape(7, 2)}
BATCH, CLASSES = 5, 3

every = pytest.mark.parametrize("name", list(STRATEGIES))


def make(name: str, shapes: Mapping[str, Shape] = SHAPES) -> FusionStrategy:
    torch.manual_seed(0)
    strategy = STRATEGIES[name](shapes, CLASSES, width=16).eval()
    for parameter in strategy.parameters():
        if not parameter.any():  # what starts at zero would hide a mistake
            torch.nn.init.normal_(parameter, std=0.3)
    return strategy


def batch(shapes: Mapping[str, Shape] = SHAPES, seed: int = 1) -> dict[str, Modality]:
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for i, (name, shape) in enumerate(sorted(shapes.items())):
        length = 4 + i
        mask = torch.ones(BATCH, length, dtype=torch.bool)
        mask[1, 2:] = False
        made[name] = Modality(
            torch.randn(BATCH, shape.vector, generator=generator),
            torch.randn(BATCH, length, shape.states, generator=generator),
            mask,
        )
    return made


def without(modality: Modality, rows: list[int]) -> Modality:
    mask = modality.mask.clone()
    mask[rows] = False
    return Modality(modality.vector, modality.states, mask)


def same(a: Fused, b: Fused) -> None:
    torch.testing.assert_close(a.logits, b.logits)
    if a.weights is not None:
        torch.testing.assert_close(a.weights, b.weights)


@every
def test_every_parameter_gets_a_gradient(name: str) -> None:
    strategy = make(name)
    given = batch()
    # Missing in some rows and there in others, so that what stands for a missing modality is used, too.
    given = {key: without(modality, [i]) for i, (key, modality) in enumerate(given.items())}
    given["text"] = without(given["text"], [0, 1, 4])
    given["audio"], given["image"] = without(given["audio"], [0, 4]), without(given["image"], [2, 4])
    out = strategy(given)
    torch.nn.functional.cross_entropy(out.logits, torch.tensor([0, 1, 2, 0, 1])).backward()
    still = [key for key, p in strategy.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []
    assert sum(p.numel() for p in strategy.parameters()) > 0


@every
def test_the_output_has_its_shape_and_the_weights_sum_to_one(name: str) -> None:
    out = make(name)(batch())
    assert out.logits.shape == (BATCH, CLASSES)
    assert out.logits.isfinite().all()
    if out.weights is not None:
        assert out.weights.shape == (BATCH, len(SHAPES))
        assert (out.weights >= 0).all()
        torch.testing.assert_close(out.weights.sum(1), torch.ones(BATCH))


@every
def test_what_is_masked_changes_nothing(name: str) -> None:
    strategy, given = make(name), batch()
    changed = {
        key: Modality(m.vector, torch.where(m.mask[..., None], m.states, 1e3), m.mask) for key, m in given.items()
    }
    same(strategy(given), strategy(changed))


@every
def test_padding_changes_nothing(name: str) -> None:
    strategy, given = make(name), batch()
    padded = {
        key: Modality(
            m.vector,
            torch.nn.functional.pad(m.states, (0, 0, 0, 3), value=7.0),
            torch.nn.functional.pad(m.mask, (0, 3)),
        )
        for key, m in given.items()
    }
    same(strategy(given), strategy(padded))


@every
def test_the_order_of_the_modalities_is_by_name(name: str) -> None:
    strategy, given = make(name), batch()
    other = make(name, dict(reversed(SHAPES.items())))
    other.load_state_dict(strategy.state_dict())
    same(strategy(given), other(dict(reversed(given.items()))))


@every
def test_a_missing_modality_is_ignored_whatever_it_holds(name: str) -> None:
    strategy, given = make(name), batch()
    gone = without(given["audio"], [0, 3])
    other = Modality(gone.vector.clone(), gone.states.clone(), gone.mask)
    other.vector[[0, 3]] = 1e3
    other.states[[0, 3]] = -1e3
    a, b = strategy({**given, "audio": gone}), strategy({**given, "audio": other})
    same(a, b)
    assert not torch.allclose(a.logits[[0, 3]], strategy(given).logits[[0, 3]])
    if a.weights is not None:
        assert (a.weights[[0, 3], 0] == 0).all()


@every
def test_nothing_at_all_gives_one_answer_and_a_gradient(name: str) -> None:
    strategy = make(name)
    out = strategy({key: without(modality, list(range(BATCH))) for key, modality in batch().items()})
    assert out.logits.isfinite().all()
    torch.testing.assert_close(out.logits, out.logits[:1].expand_as(out.logits))
    out.logits.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in strategy.parameters())


@every
def test_a_modality_that_is_one_vector_will_do(name: str) -> None:
    shapes = {"a": Shape(4, 4), "b": Shape(6, 6)}
    vectors = {key: torch.randn(BATCH, shape.vector) for key, shape in shapes.items()}
    out = make(name, shapes)({key: Modality.of_vector(vector) for key, vector in vectors.items()})
    assert out.logits.isfinite().all()


def pair() -> dict[str, Modality]:
    return batch({"audio": Shape(2, 2), "text": Shape(2, 2)})


def test_attention_by_its_formula() -> None:
    given = pair()
    strategy = make("attention", {"audio": Shape(2, 2), "text": Shape(2, 2)})
    assert isinstance(strategy, AttentionFusion)
    for row in range(BATCH):
        features = [
            strategy.project[key].weight @ given[key].vector[row] + strategy.project[key].bias for key in sorted(given)
        ]
        scores = [
            strategy.query.weight[0] @ torch.tanh(strategy.energy.weight @ f + strategy.energy.bias) for f in features
        ]
        alpha = 1 / (1 + torch.exp(scores[1] - scores[0]))
        fused = alpha * features[0] + (1 - alpha) * features[1]
        out = strategy(given)
        torch.testing.assert_close(out.weights[row], torch.stack([alpha, 1 - alpha]))
        torch.testing.assert_close(out.logits[row], strategy.classifier.weight @ fused + strategy.classifier.bias)


def test_the_gate_of_two_is_a_sigmoid() -> None:
    given = pair()
    strategy = make("gated", {"audio": Shape(2, 2), "text": Shape(2, 2)})
    assert isinstance(strategy, GatedFusion)
    both = torch.cat([given["audio"].vector, given["text"].vector], dim=1)
    z = torch.sigmoid(strategy.gates["audio"](both) - strategy.gates["text"](both))
    mixed = z * torch.tanh(strategy.project["audio"](given["audio"].vector))
    mixed = mixed + (1 - z) * torch.tanh(strategy.project["text"](given["text"].vector))
    out = strategy(given)
    torch.testing.assert_close(out.logits, strategy.classifier(mixed))
    torch.testing.assert_close(out.weights[:, 0], z.mean(1))


def test_late_fusion_is_a_mixture_with_votes_that_never_change() -> None:
    given = pair()
    strategy = make("late", {"audio": Shape(2, 2), "text": Shape(2, 2)})
    assert isinstance(strategy, LateFusion)
    votes = strategy.votes.softmax(0)
    mixture = sum(
        vote * strategy.classifiers[key](given[key].vector).softmax(-1)
        for vote, key in zip(votes, ("audio", "text"), strict=True)
    )
    out = strategy(given)
    assert isinstance(mixture, Tensor)
    torch.testing.assert_close(out.logits.exp(), mixture)
    torch.testing.assert_close(out.weights, votes.expand(BATCH, 2))
    alone = strategy({**given, "audio": without(given["audio"], list(range(BATCH)))})
    torch.testing.assert_close(alone.logits.exp(), strategy.classifiers["text"](given["text"].vector).softmax(-1))


def test_a_cross_modal_block_looks_only_where_it_may_and_positions_count() -> None:
    torch.manual_seed(0)
    block = CrossModalBlock(8, 0.0).eval()
    target, source = torch.randn(2, 3, 8), torch.randn(2, 4, 8)
    mask = torch.tensor([[True, True, False, False], [True] * 4])
    _, weights = block(target, source, mask)
    assert weights.shape == (2, 4, 3, 4)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 3))
    assert (weights[0, ..., 2:] == 0).all()
    assert (positions(5, 8)[1:] - positions(5, 8)[:-1]).abs().sum(1).min() > 0.1
    strategy, given = make("cross_modal"), batch()
    shuffled = {key: Modality(m.vector, m.states.flip(1), m.mask.flip(1)) for key, m in given.items()}
    assert not torch.allclose(strategy(given).logits, strategy(shuffled).logits)


def test_fewer_than_two_modalities_are_no_fusion() -> None:
    with pytest.raises(ValueError, match="two modalities"):
        AttentionFusion({"audio": Shape(2, 2)}, 3)
