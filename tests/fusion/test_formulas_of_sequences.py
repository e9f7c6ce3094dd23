"""The strategies that read the states, against their formulas written out row by row, without any padding."""

from __future__ import annotations

import numpy as np
import torch

from tests.fusion.given import BATCH, WIDTH, every_count
from tests.fusion.references import Reference, relu, sigmoid, softmax


@every_count
def test_joint_self_attention(count: int) -> None:
    ref = Reference("joint_attention", count)
    logits = []
    for states in ref.states():
        row = np.concatenate(list(states.values()))
        for k in range(2):
            row = ref.block(f"blocks.{k}", row, row)
        logits.append(ref.linear("classifier", row.mean(0)))
    ref.check(logits)


@every_count
def test_cross_modal_attention(count: int) -> None:
    ref = Reference("cross_modal", count)
    pairs = [(target, source) for target in ref.names for source in ref.names if target != source]
    ref.check(
        [
            ref.linear(
                "classifier",
                np.concatenate([ref.block(f"blocks.{t}_from_{s}", states[t], states[s]).mean(0) for t, s in pairs]),
            )
            for states in ref.states()
        ]
    )


@every_count
def test_vilbert(count: int) -> None:
    ref = Reference("vilbert", count)
    logits = []
    for states in ref.states():
        pooled = np.ones(WIDTH)
        for n in ref.names:
            others = np.concatenate([states[other] for other in ref.names if other != n])
            read = ref.block(f"co_blocks.{n}", states[n], others)
            pooled = pooled * ref.block(f"self_blocks.{n}", read, read).mean(0)
        logits.append(ref.linear("classifier", pooled))
    ref.check(logits)


@every_count
def test_parallel_co_attention(count: int) -> None:
    ref = Reference("co_attention", count)

    def affinity(states: dict[str, np.ndarray], a: str, b: str) -> np.ndarray:
        if a > b:
            return affinity(states, b, a).T
        return np.tanh(np.einsum("pi,ji,qj->pq", states[a], ref[f"affinities.{a}_with_{b}.weight"].T, states[b]))

    logits = []
    for states in ref.states():
        read = np.zeros(WIDTH)
        for n in ref.names:
            evidence = ref.linear(f"views.{n}", states[n])
            for other in ref.names:
                if other != n:
                    evidence = evidence + affinity(states, n, other) @ ref.linear(f"views.{other}", states[other])
            scores = np.tanh(evidence) @ ref[f"scores.{n}.weight"][0]
            read = read + softmax(scores) @ states[n]
        logits.append(ref.network("network", read, between="tanh"))
    ref.check(logits)


@every_count
def test_memory_step_by_step(count: int) -> None:
    ref = Reference("memory", count)
    systems = {}
    for n in ref.names:  # torch's own LSTM, with the same weights
        cell = torch.nn.LSTMCell(WIDTH, WIDTH).double()
        cell.weight_ih.data = torch.from_numpy(ref[f"inward.{n}.weight"])
        cell.bias_ih.data = torch.from_numpy(ref[f"inward.{n}.bias"])
        cell.weight_hh.data = torch.from_numpy(ref[f"recurrent.{n}.weight"])
        cell.bias_hh.data.zero_()
        systems[n] = cell
    logits = []
    for states in ref.states():
        h = {n: torch.zeros(1, WIDTH, dtype=torch.float64) for n in ref.names}
        c = dict(h)
        u = np.zeros(WIDTH)
        for step in range(max(len(s) for s in states.values())):
            before = [c[n] for n in ref.names]
            for n in ref.names:
                if step < len(states[n]):
                    h[n], c[n] = systems[n](torch.from_numpy(states[n][step][None]), (h[n], c[n]))
            window = torch.cat([*before, *(c[n] for n in ref.names)], dim=1)[0].detach().numpy()
            attended = softmax(ref.network("attention", window)) * window
            proposed = np.tanh(ref.network("update", attended))
            u = sigmoid(ref.network("retain", attended)) * u + sigmoid(ref.network("write", attended)) * proposed
        last = np.concatenate([*(h[n][0].detach().numpy() for n in ref.names), u])
        logits.append(ref.network("network", last))
    ref.check(logits)


@every_count
def test_message_passing_edge_by_edge(count: int) -> None:
    ref = Reference("message_passing", count)
    logits = []
    for states in ref.states():
        nodes = [(n, state) for n in ref.names for state in states[n]]
        for k in range(2):
            told = []
            for name, h in nodes:
                message = np.zeros(WIDTH)
                for kind in range(2):
                    sent = [
                        relu(ref.linear(f"rounds.{k}.receive.{kind}", h) + ref.linear(f"rounds.{k}.send.{kind}", other))
                        for neighbour, other in nodes
                        if (neighbour == name) == (kind == 0)
                    ]
                    message = message + np.mean(sent, axis=0)
                known = np.concatenate([h, message])
                z = sigmoid(ref.linear(f"rounds.{k}.gate", known))
                told.append((name, (1 - z) * h + z * np.tanh(ref.linear(f"rounds.{k}.update", known))))
            nodes = told
        logits.append(ref.linear("classifier", np.mean([h for _, h in nodes], axis=0)))
    ref.check(logits)


def test_the_batch_is_ragged_and_has_missing_ones() -> None:
    # What the references above are worth depends on it.
    lengths = {tuple(len(s) for s in states.values()) for states in Reference("memory", 3).states()}
    assert len(lengths) == BATCH
    assert (1, 1, 1) in lengths
