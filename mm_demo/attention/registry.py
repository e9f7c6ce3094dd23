"""The way in for model families that compute attention through the transformers registry.

The model keeps its fast kernel: the weights, which that kernel never forms, are computed a second time, and only for
the modules that an active recorder asked for.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from mm_demo.attention.recorder import REGISTRY_NAME, active_recorder


def recorded_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    is_causal: bool | None = None,
    **kwargs: object,
) -> tuple[Tensor, Tensor | None]:
    """Scaled dot-product attention that reports its weights to the calling thread's recorder.

    Args:
        module: the attention module that calls.
        query: (batch, heads, queries, head dim).
        key: (batch, key heads, keys, head dim); fewer heads than the query's where they are grouped.
        value: (batch, key heads, keys, value dim).
        attention_mask: boolean (True: may be seen) or additive, broadcastable to (batch, heads, queries, keys).
        scaling: factor on the scores, 1/sqrt(head dim) where None.
        dropout: probability of dropping a weight while training.
        is_causal: overrides the module's own flag, which counts only where there is no mask.

    Returns:
        (batch, queries, heads, value dim), and the weights (batch, heads, queries, keys) if they were recorded.
    """
    recorder = active_recorder()
    if recorder is None or not recorder.wants(module):
        output, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, is_causal, **kwargs
        )
        return output, None
    causal = is_causal if is_causal is not None else bool(getattr(module, "is_causal", True))
    rows = recorder.rows_of(query.shape[2], query.device)
    weights = attention_weights(query, key, attention_mask, scaling, causal, rows)
    recorder.add(module, weights)
    if recorder.differentiable and rows is None:
        # The kernel's output does not depend on `weights`: to differentiate by them, the output is made from them.
        return _outputs(weights, value), weights
    output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, is_causal, **kwargs)
    if recorder.differentiable and rows is not None:
        output = output.index_copy(1, rows, _outputs(weights, value))
    return output, weights


def _outputs(weights: Tensor, value: Tensor) -> Tensor:
    """(batch, queries, heads, value dim)."""
    return _per_key_head(weights, value).transpose(1, 2).contiguous()


def _per_key_head(left: Tensor, right: Tensor) -> Tensor:
    """(batch, heads, rows, n) @ (batch, key heads, n, m) → (batch, heads, rows, m), where heads may share a key head.

    The heads of a group are taken as further rows of its key head: a copy of the keys for each, as eager attention
    makes it, would cost more than a few rows of weights do.
    """
    heads, rows = left.shape[1:3]
    return (left.reshape(left.shape[0], right.shape[1], -1, left.shape[3]) @ right).view(
        -1, heads, rows, right.shape[3]
    )


def attention_weights(
    query: Tensor,
    key: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None,
    causal: bool,
    rows: Tensor | None = None,
) -> Tensor:
    """The weights that the kernel used, (batch, heads, queries or rows, keys).

    Args:
        query, key, attention_mask, scaling: as in `recorded_attention`.
        causal: whether, where there is no mask, a query sees only the keys up to its own position.
        rows: positions of the queries that are wanted; None for all.
    """
    count = query.shape[2]
    if rows is not None:
        query = query[:, :, rows]
        if attention_mask is not None and attention_mask.shape[2] > 1:
            attention_mask = attention_mask[:, :, rows]
    # Scaled before and not after, when there may be many keys times more of them.
    query = query * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    scores = _per_key_head(query, key.transpose(-1, -2))
    if attention_mask is None:
        if causal and count > 1:
            at = torch.arange(count, device=query.device) if rows is None else rows
            hidden = torch.arange(scores.shape[-1], device=query.device) > at[:, None]
            scores = scores.masked_fill(hidden, float("-inf"))
    elif attention_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attention_mask, float("-inf"))
    else:
        scores = scores + attention_mask
    weights = scores.softmax(dim=-1, dtype=torch.float32)
    if attention_mask is not None:
        # A row in which everything is masked is 0/0; the kernel answers it with zeros, and so do the weights. Without
        # a mask there is none, and a copy of the weights in the graph is spared.
        weights = weights.nan_to_num()
    return weights.to(query.dtype)


AttentionInterface.register(REGISTRY_NAME, recorded_attention)
# Without a mask function of its own, an unknown implementation gets no mask at all: padding would receive weight.
AttentionMaskInterface.register(REGISTRY_NAME, sdpa_mask)
