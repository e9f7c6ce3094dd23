"""Training many members at once is training each alone; nothing depends on what ran before."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
import torch
from torch import nn

from mm_demo.fusion import STRATEGIES
from mm_demo.lab.training.adam import AdamW
from mm_demo.lab.training.batches import lost, orders
from mm_demo.lab.training.control import Control
from mm_demo.lab.training.fit import Fit
from mm_demo.lab.training.members import Members, seeded
from mm_demo.lab.training.model import FusionModel, controls
from mm_demo.lab.training.plan import Plan
from tests.lab.small import PLAN, small

DIMS = {"text": 3, "image": 3, "speech": 2}


def trained(strategy: str, plan: Plan = PLAN, vectorise: bool = True) -> Fit:
    fit = Fit(strategy, small(), plan, vectorise)
    for _ in fit.train():
        pass
    return fit


def same(a: Fit, b: Fit) -> None:
    """The same answers; a parameter whose gradient is 0 but for rounding may differ, as Adam makes much of little."""
    torch.testing.assert_close(a.state.least, b.state.least, atol=1e-3, rtol=1e-3)
    modalities, _ = small().part("test")
    torch.testing.assert_close(a.answers(modalities)[0], b.answers(modalities)[0], atol=5e-3, rtol=1e-3)


def test_adamw_is_torchs() -> None:
    torch.manual_seed(0)
    rows = torch.randn(2, 5)
    rates = torch.tensor([0.1, 0.003])
    ours, optimizer = rows.clone(), AdamW.of(rows, rates, decay=0.1)
    theirs = [nn.Parameter(row.clone()) for row in rows]
    optimizers = [torch.optim.AdamW([row], lr=float(rate), weight_decay=0.1) for row, rate in zip(theirs, rates)]
    for _ in range(5):
        gradient = torch.randn(2, 5)
        ours = optimizer.step(ours, gradient)
        for row, own, torchs in zip(theirs, gradient, optimizers):
            row.grad = own
            torchs.step()
    torch.testing.assert_close(ours, torch.stack([row.data for row in theirs]))


@pytest.mark.parametrize("strategy", [name for name, kind in STRATEGIES.items() if kind.vectorises])
def test_every_strategy_learns_the_same_at_once_and_one_by_one(strategy: str) -> None:
    plan = replace(PLAN, seeds=(0, 1), rates=(0.001,), epochs=1)
    same(trained(strategy, plan), trained(strategy, plan, vectorise=False))


def test_a_plain_loop_of_torch_finds_the_same() -> None:
    """One seed by hand: the module, torch's AdamW, and the same batches."""
    plan = replace(PLAN, seeds=(4,), rates=(0.01,), epochs=2, trial=1)
    fit = trained("early", plan)
    data = small()
    modalities, labels = data.part("train")
    model = seeded(lambda: FusionModel(DIMS, 2, "early"), 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=plan.decay)
    for epoch in range(2):
        order, gone = (
            orders((4,), epoch, len(labels))[0],
            lost((4,), epoch, len(labels), 3, plan.missing if epoch >= plan.trial else 0.0)[0],
        )
        for batch, absent in zip(order.split(plan.batch), gone.split(plan.batch)):
            states = {name: modalities[name].states[batch] for name in sorted(DIMS)}
            masks = {name: modalities[name].mask[batch] & (absent != i)[:, None] for i, name in enumerate(sorted(DIMS))}
            loss = nn.functional.cross_entropy(model(states, masks).logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    row = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
    torch.testing.assert_close(fit.state.rows[0], row, atol=1e-5, rtol=1e-4)


def test_a_member_as_a_module_says_the_same() -> None:
    fit = trained("attention")
    modalities, _ = small().part("test")
    logits, weights = fit.answers(modalities)
    assert weights is not None
    alone = fit.model(1)({n: m.states for n, m in modalities.items()}, {n: m.mask for n, m in modalities.items()})
    torch.testing.assert_close(alone.logits, logits[1])
    torch.testing.assert_close(alone.weights, weights[1])


def test_a_seeds_result_depends_on_no_other_and_on_nothing_before() -> None:
    first = trained("gated")
    torch.manual_seed(99)
    torch.rand(5)
    trained("late")
    same(first, trained("gated"))
    alone = trained("gated", replace(PLAN, seeds=(2,), rates=(PLAN.rates[first.state.best_rate()],)))
    torch.testing.assert_close(alone.state.chosen()[0], first.state.chosen()[2], atol=1e-4, rtol=1e-3)


def test_the_global_generator_stays_as_it_was() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trained("early", replace(PLAN, epochs=1))
    assert torch.equal(torch.rand(3), expected)


def test_first_parameters_are_the_seeds() -> None:
    members = Members(lambda: FusionModel(DIMS, 2, "early"), (3, 3, 4))
    assert torch.equal(members.first[0], members.first[1]) and not torch.equal(members.first[0], members.first[2])
    assert members.parameters == sum(p.numel() for p in FusionModel(DIMS, 2, "early").parameters())


def test_cancelled_and_gone_on_with_is_as_if_never_stopped() -> None:
    whole = trained("early")
    fit = Fit("early", small(), PLAN)
    control = Control()
    for event in fit.train(control):
        if event.epoch == 2:
            control.cancel()
    assert fit.state.epoch == 2 and not fit.state.done
    assert list(fit.train(control)) == [], "cancelled is cancelled"
    for _ in fit.train():
        pass
    same(whole, fit)


def test_cancelling_within_an_epoch_gives_that_epoch_up() -> None:
    fit = Fit("early", small(), PLAN)

    class AfterTwoSteps(Control):
        steps = 0

        def may_go_on(self) -> bool:
            self.steps += 1
            return self.steps < 3

    before = fit.state.rows.clone()
    assert list(fit.train(AfterTwoSteps())) == []
    assert torch.equal(fit.state.rows, before) and fit.state.optimizer.steps == 0


def test_pausing_waits_until_resumed() -> None:
    control = Control()
    control.pause()
    events: list[int] = []
    fit = Fit("early", small(), replace(PLAN, epochs=1))
    thread = threading.Thread(target=lambda: events.extend(e.epoch for e in fit.train(control)))
    thread.start()
    time.sleep(0.2)
    assert events == [] and control.paused
    control.resume()
    thread.join(timeout=60)
    assert events == [1]


def test_the_trial_leaves_one_rate_and_patience_ends_seeds() -> None:
    plan = replace(PLAN, epochs=30, patience=2, trial=2, rates=(0.01, 1e-9))
    fit = Fit("early", small(), plan)
    events = list(fit.train())
    assert [e.rate for e in events[:2]] == [None, 0.01] and events[-1].done
    assert fit.state.best_rate() == 0
    accuracy = torch.stack([curve[2] for curve in fit.state.curves])
    assert accuracy[:2].isfinite().all() and accuracy[2:, 3:].isnan().all(), (
        "the other rate is given up after the trial"
    )
    losses = torch.stack([curve[1] for curve in fit.state.curves])[:, :3]
    for seed in range(3):
        seen = losses[:, seed][losses[:, seed].isfinite()]
        assert fit.state.least[seed] == seen.min()
        assert len(seen) == 30 or int(seen.argmin()) == len(seen) - 1 - plan.patience


def test_the_best_epoch_is_kept_and_not_the_last() -> None:
    fit = trained("early", replace(PLAN, rates=(0.3,), epochs=8, patience=8, trial=1))
    modalities, labels = small().part("validation")
    logits, _ = fit.answers(modalities)
    for seed in range(3):
        loss = nn.functional.cross_entropy(logits[seed], labels)
        torch.testing.assert_close(loss, fit.state.least[seed], atol=1e-5, rtol=1e-5)


def test_a_control_reads_its_own_modality_alone() -> None:
    data = small()
    assert controls(data.names) == ["only image", "only speech", "only text"]
    fit = trained("only text", replace(PLAN, epochs=1))
    modalities, _ = data.part("test")
    changed = {name: m if name == "text" else m[torch.arange(len(m.mask)).flip(0)] for name, m in modalities.items()}
    torch.testing.assert_close(fit.answers(modalities)[0], fit.answers(changed)[0])


def test_a_share_of_examples_loses_one_modality() -> None:
    gone = lost((0, 1), 3, 10_000, 3, 0.3)
    assert (gone >= 0).float().mean() == pytest.approx(0.3, abs=0.02)
    assert torch.bincount(gone[0][gone[0] >= 0]).float().std() < 80
    assert not torch.equal(gone[0], gone[1])
