"""The strategies that read one vector a modality, against their formulas written out row by row."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from tests.fusion.given import CLASSES, WIDTH, every_count
from tests.fusion.references import Reference, one_size, relu, sigmoid, softmax


def shares(scores: dict[str, float], names: list[str]) -> np.ndarray:
    """Softmax over those that have a score; 0 for the others."""
    total = sum(np.exp(score) for score in scores.values())
    return np.array([np.exp(scores[name]) / total if name in scores else 0.0 for name in names])


@every_count
def test_early(count: int) -> None:
    ref = Reference("early", count)
    rows = [np.concatenate([v.get(n, ref[f"absent.{n}"]) for n in ref.names]) for v in ref.vectors()]
    ref.check([ref.network("network", row) for row in rows])


@every_count
def test_weighted_concatenation(count: int) -> None:
    ref = Reference("weighted_concat", count)
    logits, weights = [], []
    for vectors in ref.vectors():
        w = shares({n: ref["volumes"][i] for i, n in enumerate(ref.names) if n in vectors}, ref.names)
        parts = [count * w[i] * vectors.get(n, np.zeros(ref.given[n].vector.shape[1])) for i, n in enumerate(ref.names)]
        logits.append(ref.network("network", np.concatenate(parts)))
        weights.append(w)
    ref.check(logits, weights)


@every_count
def test_gated(count: int) -> None:
    ref = Reference("gated", count)
    logits, weights = [], []
    for vectors in ref.vectors():
        whole = np.concatenate([vectors.get(n, np.zeros(ref.given[n].vector.shape[1])) for n in ref.names])
        gates = {n: np.exp(ref.linear(f"gates.{n}", whole)) for n in vectors}
        z = {n: gates[n] / sum(gates.values()) for n in vectors}
        mixed = sum((z[n] * np.tanh(ref.linear(f"project.{n}", vectors[n])) for n in vectors), np.zeros(WIDTH))
        logits.append(ref.linear("classifier", mixed))
        weights.append(np.array([z[n].mean() if n in z else 0.0 for n in ref.names]))
    ref.check(logits, weights)


def test_the_gate_of_two_is_a_sigmoid() -> None:
    ref = Reference("gated", 2)
    audio, text = ref.names
    vectors = next(v for v in ref.vectors() if len(v) == 2)
    row = [len(v) for v in ref.vectors()].index(2)
    both = np.concatenate([vectors[audio], vectors[text]])
    difference = ref[f"gates.{audio}.weight"] - ref[f"gates.{text}.weight"]
    bias = ref[f"gates.{audio}.bias"] - ref[f"gates.{text}.bias"]
    z = sigmoid(difference @ both + bias)
    mixed = z * np.tanh(ref.linear(f"project.{audio}", vectors[audio]))
    mixed = mixed + (1 - z) * np.tanh(ref.linear(f"project.{text}", vectors[text]))
    np.testing.assert_allclose(ref.out.logits[row].detach().numpy(), ref.linear("classifier", mixed))


@every_count
def test_two_stream_sum(count: int) -> None:
    ref = Reference("two_stream_sum", count)
    ref.check([ref.network("network", sum(h.values(), np.zeros(WIDTH))) for h in ref.projected(relu)])


@every_count
def test_two_stream_concatenation(count: int) -> None:
    ref = Reference("two_stream_concat", count)
    ref.check([ref.network("network", np.concatenate([h[n] for n in ref.names])) for h in ref.projected(relu)])


@every_count
def test_the_late_ones(count: int) -> None:
    for name in ("late", "late_average"):
        ref = Reference(name, count)
        votes = dict(zip(ref.names, ref["votes"] if name == "late" else np.zeros(count), strict=True))
        logits, weights = [], []
        for vectors in ref.vectors():
            w = shares({n: votes[n] for n in vectors}, ref.names)
            opinions = [softmax(ref.linear(f"classifiers.{n}", v)) for n, v in vectors.items()]
            heard = [w[ref.names.index(n)] for n in vectors]
            mixed = sum((a * p for a, p in zip(heard, opinions, strict=True)), np.zeros(CLASSES))
            logits.append(np.log(mixed if vectors else softmax(ref["prior"])))
            weights.append(w)
        ref.check(logits, weights)


@every_count
def test_the_learned_vote(count: int) -> None:
    ref = Reference("late_learned", count)
    logits = []
    for vectors in ref.vectors():
        votes = [
            ref["trust"][ref.names.index(n)] @ np.log(softmax(ref.linear(f"classifiers.{n}", v)))
            for n, v in vectors.items()
        ]
        logits.append(sum(votes, ref["prior"]))
    ref.check(logits)


def test_hierarchical_of_two() -> None:
    ref = Reference("hierarchical", 2)
    a, t = ref.names
    ref.check(
        [
            ref.linear("classifier", relu(ref["mixtures.0"][0] * h[a] + ref["mixtures.0"][1] * h[t] + ref["biases"][0]))
            for h in ref.projected(np.tanh)
        ]
    )


def test_hierarchical_of_three() -> None:
    ref = Reference("hierarchical", 3)
    a, i, t = ref.names
    logits = []
    for h in ref.projected(np.tanh):
        pairs = [
            relu(ref[f"mixtures.{k}"][0] * h[x] + ref[f"mixtures.{k}"][1] * h[y] + ref["biases"][k])
            for k, (x, y) in enumerate([(a, i), (a, t), (i, t)])
        ]
        top = relu(sum(w * pair for w, pair in zip(ref["mixtures.3"], pairs, strict=True)) + ref["biases"][3])
        logits.append(ref.linear("classifier", top))
    ref.check(logits)


@every_count
def test_attention_and_hard_attention(count: int) -> None:
    for name in ("attention", "hard_attention"):
        ref = Reference(name, count)
        logits, weights = [], []
        for vectors in ref.vectors():
            f = {n: ref.linear(f"project.{n}", v) for n, v in vectors.items()}
            scores = {n: float(ref["query.weight"][0] @ np.tanh(ref.linear("energy", f[n]))) for n in f}
            if name == "hard_attention" and scores:
                scores = {max(scores, key=lambda n: scores[n]): 0.0}
            w = shares(scores, ref.names)
            fused = sum((w[ref.names.index(n)] * f[n] for n in f), np.zeros(WIDTH))
            logits.append(ref.linear("classifier", fused))
            weights.append(w)
        ref.check(logits, weights)


@every_count
def test_mlb(count: int) -> None:
    ref = Reference("mlb", count)
    ref.check([ref.linear("classifier", prod(h.values())) for h in ref.projected(np.tanh)])


@every_count
def test_mfb(count: int) -> None:
    ref = Reference("mfb", count)
    logits = []
    for h in ref.projected():
        products = prod(ref.linear(f"factors.{n}", h[n]) for n in ref.names)
        z = np.array([sum(products[5 * k : 5 * k + 5]) for k in range(WIDTH)])
        logits.append(ref.linear("classifier", one_size(z)))
    ref.check(logits)


@every_count
def test_mutan_is_a_tucker_decomposition(count: int) -> None:
    ref = Reference("mutan", count)
    logits = []
    for h in ref.projected(np.tanh):
        z = np.zeros(WIDTH)
        for r in range(5):
            at = slice(r * WIDTH, (r + 1) * WIDTH)
            z += prod(ref[f"slices.{n}.weight"][at] @ h[n] + ref[f"slices.{n}.bias"][at] for n in ref.names)
        logits.append(ref.linear("classifier", z))
    ref.check(logits)


@every_count
def test_mcb_is_the_sketch_of_the_outer_product(count: int) -> None:
    ref = Reference("compact_bilinear", count)
    buckets, signs = ref["buckets"], ref["signs"]
    assert set(np.unique(signs)) == {-1.0, 1.0}
    logits = []
    for h in ref.projected():
        sketch = np.zeros(4 * WIDTH)
        for entry in product(range(WIDTH), repeat=count):
            where = sum(buckets[i, k] for i, k in enumerate(entry)) % (4 * WIDTH)
            sketch[where] += prod(signs[i, k] * h[n][k] for (i, k), n in zip(enumerate(entry), ref.names, strict=True))
        logits.append(ref.linear("classifier", one_size(sketch)))
    ref.check(logits)


@every_count
def test_tfn_is_an_outer_product_with_ones(count: int) -> None:
    ref = Reference("tensor", count)
    logits = []
    for vectors in ref.vectors():
        sides = []
        for n in ref.names:
            width = len(ref[f"project.{n}.bias"])
            h = relu(ref.linear(f"project.{n}", vectors[n])) if n in vectors else np.zeros(width)
            sides.append(np.append(h, 1.0))
        tensor = np.einsum("a,b->ab", *sides) if count == 2 else np.einsum("a,b,c->abc", *sides)
        logits.append(ref.network("network", tensor.ravel()))
    ref.check(logits)


@every_count
def test_lmf_is_a_linear_layer_on_the_full_tensor(count: int) -> None:
    ref = Reference("low_rank", count)
    factors = [
        np.hstack([ref[f"factors.{n}.weight"], ref[f"factors.{n}.bias"][:, None]]).reshape(8, CLASSES, -1)
        for n in ref.names
    ]
    letters = "abc"[:count]
    full = np.einsum(f"r,{','.join(f'rk{x}' for x in letters)}->k{letters}", ref["rank_weights"], *factors)
    logits = []
    for vectors in ref.vectors():
        sides = [np.append(vectors.get(n, np.zeros(ref.given[n].vector.shape[1])), 1.0) for n in ref.names]
        logits.append(np.einsum(f"k{letters},{','.join(letters)}->k", full, *sides) + ref["bias"])
    ref.check(logits)


def test_graph_of_three() -> None:
    ref = Reference("graph", 3)
    a, i, t = ref.names
    logits = []
    for h in ref.projected(np.tanh):
        alpha = sigmoid(ref.network("efficacies", np.concatenate([h[a], h[i], h[t]])))
        assert alpha.shape == (3 * 2 + 6 + 7,)
        node = dict(h)
        for k, (x, y) in enumerate([(a, i), (a, t), (i, t)]):
            arriving = np.concatenate([alpha[2 * k] * h[x], alpha[2 * k + 1] * h[y]])
            node[x + y] = relu(ref.linear(f"nodes.{k}", arriving))
        below = [a, i, t, a + i, a + t, i + t]
        node["all"] = relu(ref.linear("nodes.3", np.concatenate([alpha[6 + k] * node[n] for k, n in enumerate(below)])))
        tau = np.concatenate([alpha[12 + k] * node[n] for k, n in enumerate([*below, "all"])])
        logits.append(ref.linear("classifier", relu(ref.linear("nodes.4", tau))))
    ref.check(logits)


@every_count
def test_translations_fill_what_is_missing(count: int) -> None:
    for name in ("autoencoder", "adversarial"):
        ref = Reference(name, count)
        logits = []
        for vectors in ref.vectors():
            codes = {n: np.tanh(ref.linear(f"encoders.{n}", v)) for n, v in vectors.items()}
            shared = np.mean(list(codes.values()), axis=0) if codes else np.zeros(WIDTH)
            for n in ref.names:
                if n not in codes:
                    codes[n] = np.tanh(ref.linear(f"encoders.{n}", ref.network(f"decoders.{n}", shared)))
            logits.append(ref.network("network", np.concatenate([codes[n] for n in ref.names])))
        ref.check(logits)
