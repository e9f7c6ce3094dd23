"""Batches of pictures with texts that are true of them, texts that are nearly so, and which is which."""

from __future__ import annotations

from random import Random

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from mm_demo.alignment.truth import may_be_true
from mm_demo.scenes.descriptions import Description, describe_all, describe_some, falsified, tell
from mm_demo.scenes.wording import misspell
from mm_demo.training import vision
from mm_demo.training.bank import Bank
from mm_demo.training.loop import Batch

_TYPOS = 0.08


class Collate:
    """Each picture with a text that names all its objects, two that name some, and a falsified form of two of them."""

    def __init__(self, bank: Bank, tokenizer: PreTrainedTokenizerFast, longest: int) -> None:
        self.bank, self.tokenizer, self.longest = bank, tokenizer, longest

    def __call__(self, items: list[tuple[int, int]]) -> Batch:
        """`items`: [(scene index, seed of its draw)]."""
        mirrored, scenes, said, owners = [], [], [], []
        told: list[str] = []
        for at, (index, draw) in enumerate(items):
            rng = Random(draw)
            mirrored.append(rng.random() < 0.5)
            objects = self.bank.objects(index, mirrored[-1])
            scenes.append(objects)
            true = [describe_all(objects, rng), describe_some(objects, rng), describe_some(objects, rng)]
            false = [f for d in true[:2] if (f := falsified(d, objects, rng)) is not None]
            said += [*true, *false]
            owners += [at] * len(true) + [-1] * len(false)
            told += [self._typed(d, rng) for d in (*true, *false)]
        indices, flips = [index for index, _ in items], np.array(mirrored)
        matches = np.arange(len(items))[:, None] == np.array(owners)[None]
        encoded = self.tokenizer(
            told,
            padding=True,
            truncation=True,
            max_length=self.longest,
            return_tensors="pt",
            return_token_type_ids=False,
        )
        return {
            "pictures": vision.pixels_of(self.bank, indices, flips),
            "ids": encoded["input_ids"],
            "mask": encoded["attention_mask"],
            "matches": torch.from_numpy(matches),
            "negatives": torch.from_numpy(~matches & ~may_be_true(said, scenes)),
            **vision.patch_targets(self.bank, indices, flips),
        }

    def _typed(self, description: Description, rng: Random) -> str:
        text = tell(description, rng).text
        return misspell(text, rng) if rng.random() < _TYPOS else text
