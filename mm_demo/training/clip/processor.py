"""An ordinary CLIP processor whose byte-pair vocabulary was learnt from the picture world's own texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from random import Random

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPImageProcessor, CLIPProcessor, CLIPTokenizerFast

from mm_demo.scenes import make_scene
from mm_demo.scenes.descriptions import describe_all, describe_some, tell
from mm_demo.scenes.words import KIND_WORDS, STRANGERS, plural

LONGEST = 64
"""Tokens of a text, the two special ones among them."""

_HEARD_IN = 600
_MERGES = 450
_PARTS = 6
_END = "</w>"
_START_TOKEN, _END_TOKEN = "<|startoftext|>", "<|endoftext|>"


def texts() -> Iterator[str]:
    """Texts in which every word of the world is met many times, and some of things that are not in it."""
    rng = Random(0)
    for seed in range(_HEARD_IN):
        objects = make_scene(seed, split="train").objects
        for description in (describe_all(objects, rng), describe_some(objects, rng)):
            yield tell(description, rng).text
        yield " ".join(rng.sample(STRANGERS, 2))


def known_words() -> list[str]:
    """The words that training is full of; the checkpoint's configuration keeps them, so that others can be named."""
    rng = Random(0)
    said = [name for names in KIND_WORDS.values() for name in (*names, *map(plural, names))]
    for seed in range(_HEARD_IN):
        objects = make_scene(seed, split="train").objects
        for description in (describe_all(objects, rng), *(describe_some(objects, rng) for _ in range(_PARTS))):
            said.append(tell(description, rng).text)
    return sorted({word for text in said for word in re.findall(r"\w+", text)})


def make_tokenizer() -> CLIPTokenizerFast:
    """CLIP's own tokenizer class with a vocabulary laid out as CLIP's is: bytes, bytes at a word's end, merges."""
    plain = CLIPTokenizerFast()
    learner = Tokenizer(models.BPE(end_of_word_suffix=_END))
    learner.normalizer = plain.backend_tokenizer.normalizer
    learner.pre_tokenizer = plain.backend_tokenizer.pre_tokenizer
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=2 * len(alphabet) + _MERGES, initial_alphabet=alphabet, end_of_word_suffix=_END, show_progress=False
    )
    learner.train_from_iterator(texts(), trainer)
    merges = [tuple(merge) for merge in _merges_of(learner)]
    tokens = [*alphabet, *(a + _END for a in alphabet), *dict.fromkeys("".join(m) for m in merges)]
    # Every byte stands there with and without the word's end, so that nothing typed ever becomes the unknown token,
    # which in CLIP is the one that ends a text.
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys([*tokens, _START_TOKEN, _END_TOKEN]))}
    return CLIPTokenizerFast(vocab=vocabulary, merges=merges, model_max_length=LONGEST)


def make_processor(side: int, mean: float, std: float) -> CLIPProcessor:
    """The processor: pictures are squeezed to a square of `side` pixels, so that nothing at their rims is cut off."""
    size = {"height": side, "width": side}
    images = CLIPImageProcessor(
        size=size, do_center_crop=False, crop_size=size, image_mean=[mean] * 3, image_std=[std] * 3
    )
    return CLIPProcessor(images, make_tokenizer())


def _merges_of(tokenizer: Tokenizer) -> list[list[str]]:
    found = json.loads(tokenizer.to_str())["model"]["merges"]
    return [merge if isinstance(merge, list) else merge.split(" ") for merge in found]
