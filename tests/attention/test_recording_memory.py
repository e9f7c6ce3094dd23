"""A recording of chosen rows holds those rows, and makes nothing that grows with the others."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import LlamaConfig, LlamaModel

from mm_demo.attention import registry
from mm_demo.attention.recorder import Recorder, Site, to_records
from tests.attention.tiny import roughen

LAYERS, HEADS, KEY_HEADS, KEYS, DIM = 28, 2, 1, 2000, 8
ROWS = torch.tensor([700, -1])


def _promised(layers: int) -> int:
    """Bytes, as the recorder's docstring has it; of all rows of 28 layers it would be 0.9 GB."""
    return layers * HEADS * len(ROWS) * KEYS * 4


class _Alive(TorchDispatchMode):
    """Bytes of tensors made inside that are alive, and the most of them there were at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor) and (storage := tensor.untyped_storage())._cdata not in self._known:
                self._known.add(storage._cdata)
                self.now += storage.nbytes()
                self.most = max(self.most, self.now)
                weakref.finalize(storage, self._gone, storage._cdata, storage.nbytes())
        return made

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size


def _model(layers: int) -> LlamaModel:
    config = LlamaConfig(
        vocab_size=40, hidden_size=HEADS * DIM, intermediate_size=48, num_hidden_layers=layers,
        num_attention_heads=HEADS, num_key_value_heads=KEY_HEADS, max_position_embeddings=KEYS,
    )  # fmt: skip
    made = LlamaModel(config).eval().requires_grad_(False)
    made.set_attn_implementation(registry.REGISTRY_NAME)
    roughen(made)
    return made


def _run(model: LlamaModel, recorder: Recorder, *, padded: bool) -> tuple[_Alive, Tensor]:
    """A forward over a long input; its mask is only that of the order where nothing is padded."""
    gradients = recorder.differentiable
    given = torch.randn(1, KEYS, HEADS * DIM, generator=torch.Generator().manual_seed(1)).requires_grad_(gradients)
    mask = torch.ones(1, KEYS, dtype=torch.long)
    mask[:, :10] = int(not padded)
    with torch.set_grad_enabled(gradients), recorder.active(), _Alive() as alive:
        output = model(inputs_embeds=given, attention_mask=mask, use_cache=False).last_hidden_state
        score = output[0, -1].sum()
    return alive, score


@pytest.mark.parametrize(("layers", "padded"), [(LAYERS, False), (3, True)])
@pytest.mark.parametrize("differentiable", [False, True])
def test_memory_is_that_of_the_chosen_rows(layers: int, padded: bool, differentiable: bool) -> None:
    model, promised = _model(layers), _promised(layers)
    sites = [Site(layer.self_attn, i, "self", "text", "text") for i, layer in enumerate(model.layers)]
    nothing, recorder = (Recorder(chosen, differentiable=differentiable) for chosen in ([], sites))
    recorder.queries = ROWS
    without, _ = _run(model, nothing, padded=padded)
    most = without.most
    alive, score = _run(model, recorder, padded=padded)
    allowed = promised
    if differentiable and padded:
        allowed += promised + layers * 2 * KEY_HEADS * KEYS * DIM * 4  # once more, and its keys and values
    assert alive.most - most <= 1.2 * allowed
    taken = recorder.take()
    assert sum(weights.untyped_storage().nbytes() for _, weights in taken) == promised
    if differentiable:
        gradients = [record.gradient for record in to_records(taken, score)]
        assert sum(g.untyped_storage().nbytes() for g in gradients if g is not None) == promised
