"""Then it learns sentiment: an ordinary `BertForSequenceClassification` on the pretrained encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertForSequenceClassification, BertTokenizerFast

from mm_demo.training.loop import Schedule, fit
from mm_demo.training.sentences import SENTIMENTS
from mm_demo.training.text.examples import EMOTIONS, Collate, Example
from mm_demo.training.text.packing import apart

SCHEDULE = Schedule(steps=2000, batch=256, rate=5e-4, seed=0)


class Judging(nn.Module):
    """The classifier with a throw-away reader of the single emotions, as the loop trains it."""

    def __init__(self, pretrained: Path) -> None:
        super().__init__()
        names = dict(enumerate(SENTIMENTS))
        self.bert: BertForSequenceClassification = BertForSequenceClassification.from_pretrained(
            pretrained, id2label=names, label2id={name: i for i, name in names.items()}, classifier_dropout=0.3
        )
        self.emotion = nn.Linear(self.bert.config.hidden_size, len(EMOTIONS))

    def forward(
        self,
        ids: Tensor,
        positions: Tensor,
        owner: Tensor,
        starts: Tensor,
        targets: Tensor,
        polar: Tensor,
        weights: Tensor,
        emotions: Tensor,
    ) -> dict[str, Tensor]:
        """Loss and accuracies. The arguments are `pack`'s and, (texts, …), `Collate`'s."""
        states = self.bert.bert(
            input_ids=ids, position_ids=positions, attention_mask=apart(owner)
        ).last_hidden_state.flatten(0, 1)
        pooled = self.bert.dropout(self.bert.bert.pooler(states[starts, None]))
        logits = self.bert.classifier(pooled).float()
        # Where only the polarity is known, the neutral logit takes no part.
        shown = logits.masked_fill(polar[:, None] & torch.tensor([False, True, False], device=logits.device), -1e4)
        sentiment = (functional.cross_entropy(shown, targets, reduction="none") * weights).mean()
        known = ~emotions.isnan().any(1)
        emotion = functional.binary_cross_entropy_with_logits(self.emotion(pooled[known]).float(), emotions[known])
        right = (shown.argmax(-1) == targets.argmax(-1)).float()
        return {
            "loss": sentiment + 5 * emotion,
            "sentiment": sentiment,
            "emotion": emotion,
            "right": right[~polar].mean(),
            "polar_right": right[polar].mean(),
        }


def train(
    examples: Sequence[Example],
    tokenizer: BertTokenizerFast,
    pretrained: Path,
    schedule: Schedule,
    folder: Path,
    device: str | None,
) -> BertForSequenceClassification:
    """Train on the pretrained encoder; the throw-away head is gone from what is returned."""
    torch.manual_seed(schedule.seed)
    model = Judging(pretrained)
    fit(model, Collate(examples, tokenizer), len(examples), schedule, folder, device)
    return model.bert.eval()


@torch.inference_mode()
def classify(model: BertForSequenceClassification, tokenizer: BertTokenizerFast, texts: Sequence[str]) -> np.ndarray:
    """(texts, 3) probabilities of `SENTIMENTS`."""
    found = []
    for at in range(0, len(texts), 64):
        batch = tokenizer(list(texts[at : at + 64]), truncation=True, padding=True, return_tensors="pt")
        found.append(model(**batch.to(model.device)).logits.float().softmax(-1).cpu().numpy())
    return np.concatenate(found)
