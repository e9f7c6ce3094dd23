"""What the references of the formulas share: parameters as arrays, and plain functions of NumPy in double precision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from mm_demo.fusion import Fused, FusionStrategy, Modality, Shape
from tests.fusion.given import Kind, batch, make, ragged, shapes_of

Arrays = dict[str, np.ndarray]


class Reference:
    """A strategy in double precision on a batch with missing modalities, and everything as arrays.

    Attributes:
        names: of the modalities, sorted.
        given: the batch; the last row has nothing.
        out: what the strategy made of it.
    """

    def __init__(self, name: str, count: int, kind: Kind = "sequences") -> None:
        shapes: Mapping[str, Shape] = shapes_of(kind, count)
        self.strategy: FusionStrategy = make(name, shapes, dropout=0.0).double()
        self.names = sorted(shapes)
        self.given: dict[str, Modality] = ragged(batch(shapes, kind, dtype=torch.float64))
        self.out: Fused = self.strategy(self.given)
        self.rows = len(self.out.logits)
        self._arrays: Arrays = {key: value.numpy() for key, value in self.strategy.state_dict().items()}

    def __getitem__(self, key: str) -> np.ndarray:
        return self._arrays[key]

    def linear(self, key: str, x: np.ndarray) -> np.ndarray:
        bias = self._arrays.get(f"{key}.bias")
        return x @ self[f"{key}.weight"].T + (0 if bias is None else bias)

    def network(self, key: str, x: np.ndarray, between: str = "relu") -> np.ndarray:
        hidden = self.linear(f"{key}.0", x)
        return self.linear(f"{key}.2", np.tanh(hidden) if between == "tanh" else relu(hidden))

    def vectors(self) -> Iterator[Arrays]:
        """For each row the vectors of what is present, by name."""
        for row in range(self.rows):
            yield {name: m.vector[row].numpy() for name, m in self.given.items() if bool(m.present[row])}

    def projected(self, activate: object = None) -> Iterator[Arrays]:
        """For each row hᵢ of all modalities, the learned one where a modality is missing."""
        for vectors in self.vectors():
            found = {}
            for name in self.names:
                found[name] = self[f"absent.{name}"]
                if name in vectors:
                    h = self.linear(f"project.{name}", vectors[name])
                    found[name] = activate(h) if callable(activate) else h
            yield found

    def states(self) -> Iterator[Arrays]:
        """For each row the (length, width) states of all modalities, projected, with positions, and no padding."""
        for row in range(self.rows):
            found = {}
            for name, m in self.given.items():
                real = m.states[row][m.mask[row]].numpy()
                projected = self.linear(f"project.{name}", real) + sinusoids(len(real), self.strategy.width)
                found[name] = projected if len(real) else self[f"absent.{name}"][None]
            yield {name: found[name] for name in self.names}

    def block(self, key: str, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        """A pre-norm transformer block of four heads; (length, width) each."""
        z, x = self._norm(f"{key}.norm_target", target), self._norm(f"{key}.norm_source", source)
        weights = np.split(self[f"{key}.attention.in_proj_weight"], 3)
        biases = np.split(self[f"{key}.attention.in_proj_bias"], 3)
        q, k, v = (
            (side @ w.T + b).reshape(len(side), 4, -1) for side, w, b in zip((z, x, x), weights, biases, strict=True)
        )
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(q.shape[-1])
        read = np.einsum("hqk,khd->qhd", softmax(scores), v).reshape(len(z), -1)
        seen = target + self.linear(f"{key}.attention.out_proj", read)
        inner = relu(self.linear(f"{key}.feed_forward.1", self._norm(f"{key}.feed_forward.0", seen)))
        return seen + self.linear(f"{key}.feed_forward.4", inner)

    def _norm(self, key: str, x: np.ndarray) -> np.ndarray:
        scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return scaled * self[f"{key}.weight"] + self[f"{key}.bias"]

    def check(self, logits: list[np.ndarray], weights: list[np.ndarray] | None = None) -> None:
        """Asserts that the strategy found the same."""
        np.testing.assert_allclose(self.out.logits.detach().numpy(), np.stack(logits), rtol=1e-6, atol=1e-8)
        assert (self.out.weights is None) == (weights is None)
        if weights is not None and self.out.weights is not None:
            np.testing.assert_allclose(self.out.weights.detach().numpy(), np.stack(weights), rtol=1e-6, atol=1e-8)


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    powers = np.exp(x)
    return powers / powers.sum(axis=axis, keepdims=True)


def sinusoids(length: int, width: int) -> np.ndarray:
    """Vaswani et al. (2017), section 3.5."""
    made = np.zeros((length, width))
    for at in range(length):
        for i in range(0, width, 2):
            made[at, i] = np.sin(at / 10_000 ** (i / width))
            made[at, i + 1] = np.cos(at / 10_000 ** (i / width))
    return made


def one_size(z: np.ndarray) -> np.ndarray:
    """sign(z) √|z|, smooth at 0, then divided by its length."""
    rooted = z / np.sqrt(np.abs(z) + 1e-4)
    return rooted / np.linalg.norm(rooted)
