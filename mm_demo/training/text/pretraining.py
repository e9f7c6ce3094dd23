"""First the network learns the language: masked words (Devlin et al., 2019), and how good or bad the hidden word is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import coo_matrix
from sklearn.utils.extmath import randomized_svd
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

from mm_demo.training.loop import Batch, Schedule, fit
from mm_demo.training.text.packing import apart, pack
from mm_demo.training.text.words import LONGEST, Words

SCHEDULE = Schedule(steps=900, batch=256, rate=1.5e-3, seed=0)
_MASKED = 0.2
_SILENT = 0.1
"""Weight of the valence loss on words of which the lexicon says nothing."""


def encoder_config(vocabulary: int) -> BertConfig:
    """The shape of the encoder: 2.2 million weights with 8,000 words."""
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=160,
        num_hidden_layers=3,
        num_attention_heads=5,
        intermediate_size=640,
        max_position_embeddings=LONGEST,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
    )


def cooccurrence_embeddings(texts: Sequence[Words], vocabulary: int, width: int, seed: int) -> Tensor:
    """(vocabulary, width) vectors whose products fit the words' positive pointwise mutual information.

    Levy & Goldberg (2014), with a window of 5 words either side and their context smoothing of 0.75; scaled to the
    standard deviation that BERT starts its embeddings with.
    """
    counts = coo_matrix((vocabulary, vocabulary))
    for gap in range(1, 6):
        left = np.concatenate([t.ids[1 : max(1, len(t.ids) - 1 - gap)] for t in texts])
        right = np.concatenate([t.ids[1 + gap : -1] for t in texts])
        counts = counts + coo_matrix((np.full(len(left), 1 / gap), (left, right)), (vocabulary, vocabulary))
    both = (counts + counts.T).tocoo()
    words = np.asarray(both.sum(1)).ravel()
    contexts = words**0.75 / (words**0.75).sum()
    pmi = np.log(both.data / (words[both.row] * contexts[both.col]))
    left, strength, _ = randomized_svd(
        coo_matrix((pmi.clip(0), (both.row, both.col)), both.shape).tocsr(), width, random_state=seed
    )
    vectors = left * np.sqrt(strength)
    return torch.from_numpy(vectors * (0.02 / vectors.std())).float()


class Reading(nn.Module):
    """The encoder with its masked-word head and a throw-away reader of valence, as the loop trains it."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.bert = BertForMaskedLM(config)
        self.valence = nn.Linear(config.hidden_size, 1)

    def forward(
        self, ids: Tensor, positions: Tensor, owner: Tensor, hidden: Tensor, answers: Tensor, valence: Tensor
    ) -> dict[str, Tensor]:
        """Loss and share of hidden words guessed.

        `hidden`: (masked,) index into the flattened rows; `answers`: (masked,) their ids; `valence`: (rows, length).
        """
        states = self.bert.bert(
            input_ids=ids, position_ids=positions, attention_mask=apart(owner)
        ).last_hidden_state.flatten(0, 1)
        logits = self.bert.cls(states[hidden]).float()
        wanted = valence.flatten()
        error = (self.valence(states).float().squeeze(-1) - wanted).square()
        weight = torch.where(wanted != 0, 1.0, _SILENT) * (owner.flatten() >= 0)
        feeling = (error * weight).sum() / weight.sum()
        words = functional.cross_entropy(logits, answers)
        return {
            "loss": words + 10 * feeling,
            "words": words,
            "guessed": (logits.argmax(-1) == answers).float().mean(),
            "feeling": feeling,
        }


class Masking:
    """Makes a batch: a fifth of the words hidden whole, one in ten of those swapped and one in ten left as it is."""

    def __init__(self, texts: Sequence[Words], tokenizer: BertTokenizerFast) -> None:
        self.texts, self.mask, self.size = texts, tokenizer.mask_token_id, len(tokenizer)

    def __call__(self, items: list[tuple[int, int]]) -> Batch:
        """`items`: [(index of the text, seed of its draw)]."""
        shown, hidden = [], []
        for index, draw in items:
            rng, text = np.random.default_rng(draw), self.texts[index]
            chosen = rng.random(text.word.max(initial=0) + 1) < _MASKED
            chosen[rng.integers(len(chosen))] = True
            mine = chosen[text.word] & (text.word >= 0)
            fate = rng.random(len(mine))
            shown.append(
                np.where(
                    mine & (fate < 0.8),
                    self.mask,
                    np.where(mine & (fate < 0.9), rng.integers(5, self.size, len(mine)), text.ids),
                )
            )
            hidden.append(mine)
        batch = pack(shown)
        order, _ = batch.pop("order"), batch.pop("starts")
        mine = torch.from_numpy(np.concatenate(hidden))
        texts = [self.texts[index] for index, _ in items]
        valence = torch.zeros(batch["ids"].numel())
        valence[order] = torch.from_numpy(np.concatenate([t.valence for t in texts]))
        answers = torch.from_numpy(np.concatenate([t.ids for t in texts]))[mine]
        return {**batch, "hidden": order[mine], "answers": answers, "valence": valence.view(batch["ids"].shape)}


def pretrain(
    texts: Sequence[Words], tokenizer: BertTokenizerFast, schedule: Schedule, folder: Path, device: str | None
) -> Path:
    """Train on `texts`, once; returns the folder of the finished encoder, which opens as any BERT does."""
    final = folder / "final"
    if not (final / "model.safetensors").exists():
        torch.manual_seed(schedule.seed)
        config = encoder_config(len(tokenizer))
        model = Reading(config)
        vectors = cooccurrence_embeddings(texts, len(tokenizer), config.hidden_size, schedule.seed)
        model.bert.bert.embeddings.word_embeddings.weight.data.copy_(vectors)
        fit(model, Masking(texts, tokenizer), len(texts), schedule, folder, device)
        model.bert.save_pretrained(final)
    return final
