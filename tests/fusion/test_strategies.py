"""Every strategy: parameters that train, masks that hide, names that order, modalities that may be missing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from itertools import chain, combinations
from typing import get_args

import pytest
import torch
from torch import Tensor

import mm_demo.fusion
from mm_demo.fusion import STRATEGIES, AttentionFusion, FusionStrategy, Modality, Shape
from tests.fusion.given import (
    BATCH,
    CLASSES,
    SHAPES,
    Kind,
    batch,
    every,
    every_count,
    every_kind,
    loss_of,
    make,
    ragged,
    same,
    shapes_of,
    without,
)

LABELS = torch.tensor([0, 1, 2, 0, 1])


@pytest.mark.parametrize(
    ("name", "kind"),
    # Where there is one state only, those that choose among states have nothing to learn it from.
    [(n, k) for n in STRATEGIES for k in get_args(Kind) if k == "sequences" or not STRATEGIES[n].sequential],
)
@every_count
def test_every_parameter_gets_a_gradient(name: str, kind: Kind, count: int) -> None:
    shapes = shapes_of(kind, count)
    strategy = make(name, shapes, dropout=0.0).train()
    # Hard attention teaches a projection only where it is chosen: enough rows that each is somewhere.
    given = {key: without(m, range(i, 40, 5)) for i, (key, m) in enumerate(batch(shapes, kind, rows=40).items())}
    given = {key: without(m, [39]) for key, m in given.items()}
    loss_of(strategy(given), LABELS.repeat(8)).backward()
    still = [key for key, p in strategy.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []
    assert all(p.grad is not None and p.grad.isfinite().all() for p in strategy.parameters())
    assert sum(p.numel() for p in strategy.parameters()) > 0


@every
@every_count
def test_what_starts_at_zero_is_not_stuck_there(name: str, count: int) -> None:
    shapes = shapes_of("sequences", count)
    torch.manual_seed(0)
    strategy = STRATEGIES[name](shapes, CLASSES, width=8, dropout=0.0)
    given = {key: without(m, range(i, 40, 5)) for i, (key, m) in enumerate(batch(shapes, rows=40).items())}
    given = {key: without(m, [39]) for key, m in given.items()}
    loss_of(strategy(given), LABELS.repeat(8)).backward()
    assert [key for key, p in strategy.named_parameters() if p.grad is None or not p.grad.any()] == []


@every
@every_kind
@every_count
def test_the_output_has_its_shape_and_the_weights_sum_to_one(name: str, kind: Kind, count: int) -> None:
    shapes = shapes_of(kind, count)
    given = ragged(batch(shapes, kind))
    out = make(name, shapes)(given)
    assert out.logits.shape == (BATCH, CLASSES)
    assert out.logits.isfinite().all()
    assert out.auxiliary is None
    if out.weights is not None:
        present = torch.stack([given[key].present for key in sorted(given)], dim=1)
        assert out.weights.shape == (BATCH, count)
        assert (out.weights >= 0).all()
        assert (out.weights[~present] == 0).all()
        torch.testing.assert_close(out.weights.sum(1), present.any(1).float())


@every
@every_kind
@every_count
@pytest.mark.parametrize("filling", [1e6, float("nan")])
def test_what_is_masked_changes_nothing(name: str, kind: Kind, count: int, filling: float) -> None:
    shapes = shapes_of(kind, count)
    strategy, given = make(name, shapes), ragged(batch(shapes, kind))
    changed = {
        key: Modality(
            torch.where(m.present[:, None], m.vector, filling),
            torch.where(m.mask[..., None], m.states, filling),
            m.mask,
        )
        for key, m in given.items()
    }
    same(strategy(given), strategy(changed))


@every
@every_count
def test_padding_changes_nothing(name: str, count: int) -> None:
    shapes = shapes_of("sequences", count)
    strategy, given = make(name, shapes), ragged(batch(shapes))
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
@every_kind
@every_count
def test_the_order_of_the_modalities_is_by_name(name: str, kind: Kind, count: int) -> None:
    shapes = shapes_of(kind, count)
    strategy, given = make(name, shapes), batch(shapes, kind)
    other = make(name, dict(reversed(shapes.items())), seed=1)
    other.load_state_dict(strategy.state_dict())
    same(strategy(given), other(dict(reversed(given.items()))))


@every
@every_kind
@every_count
def test_any_modalities_may_be_missing(name: str, kind: Kind, count: int) -> None:
    shapes = shapes_of(kind, count)
    strategy = make(name, shapes)
    names = sorted(shapes)
    subsets = list(chain.from_iterable(combinations(names, size) for size in range(count + 1)))
    full = batch(shapes, kind, rows=16 * len(subsets))
    given = {
        key: without(m, [16 * r + k for r, there in enumerate(subsets) if key not in there for k in range(16)])
        for key, m in full.items()
    }
    out = strategy(given).logits.unflatten(0, (len(subsets), 16))
    assert out.isfinite().all()
    # With nothing there, one answer for all; with anything, an answer that depends on it.
    torch.testing.assert_close(out[0], out[0, :1].expand_as(out[0]))
    assert all(row.std(0).max() > 1e-5 for row in out[1:])
    whole = strategy(full).logits.unflatten(0, (len(subsets), 16))
    assert all(not torch.allclose(a, b) for a, b in zip(out[:-1], whole[:-1], strict=True))
    torch.testing.assert_close(out[-1], whole[-1])


@every
@every_kind
@every_count
def test_rows_do_not_see_each_other(name: str, kind: Kind, count: int) -> None:
    shapes = shapes_of(kind, count)
    strategy, given = make(name, shapes), ragged(batch(shapes, kind))
    together = strategy(given)
    for row in range(BATCH):
        one = {key: Modality(m.vector[[row]], m.states[[row]], m.mask[[row]]) for key, m in given.items()}
        torch.testing.assert_close(strategy(one).logits, together.logits[[row]])


@every
def test_what_is_saved_comes_back(name: str) -> None:
    strategy, other, given = make(name), make(name, seed=1), batch()
    assert not torch.allclose(strategy(given).logits, other(given).logits)
    other.load_state_dict(strategy.state_dict())
    same(strategy(given), other(given))


@every
def test_only_the_sequential_ones_read_the_states(name: str) -> None:
    strategy, given = make(name), batch()
    changed = {key: Modality(m.vector, m.states + 1, m.mask) for key, m in given.items()}
    assert torch.allclose(strategy(given).logits, strategy(changed).logits) != STRATEGIES[name].sequential
    shuffled = {key: Modality(m.vector, m.states.flip(1), m.mask.flip(1)) for key, m in given.items()}
    assert torch.allclose(strategy(given).logits, strategy(shuffled).logits) != STRATEGIES[name].sequential


@every
def test_an_exclusive_or_is_learned_unless_additive(name: str) -> None:
    # As indicators, so that any function of one modality is a linear one: what encoders before could do is there.
    bits = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    given = {key: Modality.of_vector(torch.eye(2)[bits[:, i]]) for i, key in enumerate("ab")}
    labels = bits[:, 0] ^ bits[:, 1]
    most = max(_right_answers(name, given, labels, seed) for seed in range(2))
    assert (most == 4) != STRATEGIES[name].additive


def _right_answers(name: str, given: Mapping[str, Modality], labels: Tensor, seed: int) -> int:
    """The most that are right at any time of a short training."""
    torch.manual_seed(seed)
    strategy = STRATEGIES[name]({"a": Shape(2, 2), "b": Shape(2, 2)}, 2, width=32, dropout=0.0)
    optimizer = torch.optim.Adam(strategy.parameters(), lr=0.01)
    right = 0
    for _ in range(100):
        fused = strategy(given)
        right = max(right, int((fused.logits.argmax(1) == labels).sum()))
        if right == len(labels):
            break
        optimizer.zero_grad()
        loss_of(fused, labels).backward()
        optimizer.step()
    return right


def test_all_are_exported_and_found_once() -> None:
    exported = {getattr(mm_demo.fusion, name) for name in mm_demo.fusion.__all__ if name.endswith("Fusion")}
    assert exported == set(STRATEGIES.values())
    assert len({s.rank for s in exported}) == len({s.label for s in exported}) == len(exported) == 26


def test_import_needs_torch_and_nothing_else() -> None:
    heavy = "{'transformers', 'gradio', 'sklearn', 'scipy'} & set(sys.modules)"
    code = f"import sys, mm_demo.fusion; sys.exit(str({heavy}) if {heavy} else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["", "a.b", "keys", "type", "training", "get"])
def test_names_that_cannot_be_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be called"):
        AttentionFusion({name: Shape(2, 2), "text": Shape(2, 2)}, 3)


@every
def test_fewer_than_two_modalities_are_no_fusion(name: str) -> None:
    strategy: type[FusionStrategy] = STRATEGIES[name]
    with pytest.raises(ValueError, match="two modalities"):
        strategy({"audio": SHAPES["audio"]}, 3)
