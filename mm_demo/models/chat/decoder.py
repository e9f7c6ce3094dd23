"""A chat model's decoder, run once over what stands before a text and as often as wanted over the text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from weakref import ref

import torch
from torch import Tensor
from transformers import DynamicCache

from mm_demo.attention.recorder import Site
from mm_demo.models.chat.network import ChatPicture, Network


@dataclass(frozen=True)
class Beginning:
    """The keys and values of a prompt's first tokens. What comes later only looks at them and never changes them.

    Attributes:
        layers: for each layer keys and values, (n, key heads, length, head dim).
        length: how many tokens.
        shift: from a later token's place in the sequence to its position: with positions of several axes a picture
            takes up fewer of them than it has tokens.
        visible: (n, length) bool, False where nothing may look; None for all.
    """

    layers: tuple[tuple[Tensor, Tensor], ...]
    length: int
    shift: int
    visible: Tensor | None = None

    def cache(self, count: int | None = None) -> DynamicCache:
        """A cache that begins with it, of `count` rows alike where it has one."""
        if count is None:
            return DynamicCache(self.layers)
        return DynamicCache([(k.expand(count, -1, -1, -1), v.expand(count, -1, -1, -1)) for k, v in self.layers])


class Decoder:
    """The decoder of a chat model.

    Everything that is asked about a text's tokens depends on the tokens before the text only through their keys and
    values, so that neither recording nor differentiating needs more than the text's own rows: memory does not grow
    with the picture's tokens squared.

    Args:
        network: the decoder is part of.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self._network.head.weight.device

    def sites(self) -> list[Site]:
        """The attention of every layer; which segments its rows and columns are in is for the caller to say."""
        return [Site(layer.self_attn, i, "self", "text", "text") for i, layer in enumerate(self._network.stack.layers)]

    def embed(self, ids: Tensor) -> Tensor:
        """(n, length) → (n, length, dim)."""
        embedded: Tensor = self._network.stack.get_input_embeddings()(ids)
        return embedded

    def begin(
        self,
        ids: Tensor,
        places: Tensor,
        features: Tensor,
        positions: Tensor,
        visible: Tensor | None = None,
    ) -> Beginning:
        """Run over a prompt's beginning.

        Args:
            ids: (length,), with image tokens.
            places: (image tokens,) where they stand.
            features: (n, image tokens, dim), what stands there instead.
            positions: (…, 1, length).
            visible: (n, length) bool, False where nothing may look; the positions stay what they are.
        """
        count = len(features)
        embeds = self.embed(ids[None]).expand(count, -1, -1).index_copy(1, places, features)
        cache = DynamicCache()
        self._network.stack(
            inputs_embeds=embeds,
            position_ids=positions.expand(*positions.shape[:-2], count, -1),
            attention_mask=visible,
            past_key_values=cache,
            use_cache=True,
        )
        layers = tuple((layer.keys, layer.values) for layer in cache.layers)
        return Beginning(layers, len(ids), int(positions.max()) + 1 - len(ids), visible)

    def read(
        self, embeds: Tensor, cache: DynamicCache, shift: int, visible: Tensor | None = None, keep: int = 0
    ) -> Tensor:
        """Logits (n, tokens, vocabulary) of what follows after each token; the cache then holds them too.

        Args:
            embeds: (n, tokens, dim), as `embed` makes them.
            cache: of all tokens before.
            shift: as in `Beginning`.
            visible: (n, tokens before and these) bool, False where nothing may look; None for all.
            keep: only of so many last tokens; 0 for all.
        """
        before = cache.get_seq_length()
        positions = torch.arange(before, before + embeds.shape[1], device=embeds.device) + shift
        states: Tensor = self._network.stack(
            inputs_embeds=embeds,
            position_ids=positions.expand(len(embeds), -1),
            attention_mask=visible,
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        logits: Tensor = self._network.head(states[:, -keep:])
        return logits


class RecentBeginnings:
    """Keeps the last beginnings, found again by picture: a second question need not read the picture again.

    Each goes with its picture at the latest, so that whoever forgets the pictures frees the memory.

    Args:
        capacity: how many to keep. One of SmolVLM 256M is 50 MB, one of Qwen2.5-VL 3B in bfloat16 up to 50 MB.
    """

    def __init__(self, capacity: int = 2) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[int, tuple[ref[ChatPicture], Beginning]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, picture: ChatPicture, make: Callable[[], Beginning]) -> Beginning:
        """The beginning of the prompt about this picture, which `make` makes where it is not there.

        Two threads with the same new picture may both make it, which does no harm.
        """
        key = id(picture)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept[0]() is picture:
                self._kept.move_to_end(key)
                return kept[1]
        beginning = make()
        with self._lock:
            # The callback takes no lock: a picture may go at any moment, also while this thread holds it.
            self._kept[key] = (ref(picture, lambda _: self._kept.pop(key, None)), beginning)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return beginning
