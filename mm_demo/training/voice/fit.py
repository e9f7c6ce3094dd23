"""Trains one voice model on some of the recordings and judges it on others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.metrics import recall_score
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from mm_demo.models.voice import VoiceConfig, VoiceForEmotionClassification
from mm_demo.training.emodb import Utterance
from mm_demo.training.voice.batches import draw, pad

_SMOOTHING = 0.1
_SENTIMENT_SHARE = 0.5
_CALIBRATING_COPIES = 2


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: times every utterance is seen; fixed beforehand, nothing is stopped by a score.
        batch: utterances a step.
        rate: AdamW's peak learning rate, one cycle (Smith 2018).
        decay: weight decay, of weights but not of biases.
        members: networks trained side by side.
        seed: of the weights and of every draw.
    """

    epochs: int = 36
    batch: int = 32
    rate: float = 5e-3
    decay: float = 0.05
    members: int = 3
    seed: int = 0


def train(
    utterances: Sequence[Utterance],
    bank: Sequence[Sequence[Tensor]],
    inside: Sequence[int],
    recipe: Recipe,
    device: str,
) -> VoiceForEmotionClassification:
    """Train on the utterances `inside` and on nothing else; the same recipe and seed give the same model on a CPU.

    Args:
        utterances: all recordings, for their labels.
        bank: `bank.make(…)` of all recordings.
        inside: indices of those to train on.
        recipe: see `Recipe`.
        device: "cpu" or "cuda".
    """
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    model = VoiceForEmotionClassification(VoiceConfig(members=recipe.members))
    _calibrate(model, [bank[copy][i] for copy in range(min(_CALIBRATING_COPIES, len(bank))) for i in inside])
    model.to(device).train()
    steps = -(-len(inside) // recipe.batch)
    emotions = torch.tensor([utterances[i].emotion for i in inside])
    sentiments = torch.tensor([utterances[i].sentiment for i in inside])
    weigh_emotion = _rarity(emotions, model.config.num_labels).sqrt().to(device)
    weigh_sentiment = _rarity(sentiments, len(model.config.sentiments)).to(device)

    epochs = [np.array_split(rng.permutation(len(inside)), steps) for _ in range(recipe.epochs)]
    optimizer = _optimizer(model, recipe)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.rate, total_steps=recipe.epochs * steps, pct_start=0.15
    )
    progress = tqdm(epochs, desc="epochs", leave=False)
    for batches in progress:
        total = 0.0
        for batch in batches:
            rows = [draw([copy[inside[i]] for copy in bank], model.config.num_bands, rng) for i in batch]
            features, mask = pad(rows)
            output = model(features.to(device), mask.to(device))
            loss = _loss(output.member_logits, emotions[batch].to(device), weigh_emotion)
            of_sentiment = _loss(output.member_sentiment_logits, sentiments[batch].to(device), weigh_sentiment)
            optimizer.zero_grad()
            (loss + _SENTIMENT_SHARE * of_sentiment).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        progress.set_postfix(loss=f"{total / len(batches):.3f}")
    return model.cpu().eval()


@torch.no_grad()
def judge(model: VoiceForEmotionClassification, rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Probabilities (utterances, emotions) and (utterances, sentiments) for rows of features (frames, channels)."""
    found = [model(*pad(rows[start : start + 64])) for start in range(0, len(rows), 64)]
    return (
        torch.cat([output.logits.softmax(-1) for output in found]),
        torch.cat([output.sentiment_logits.softmax(-1) for output in found]),
    )


def recalls(probabilities: tuple[Tensor, Tensor], utterances: Sequence[Utterance]) -> dict[str, float]:
    """Unweighted average recall, 0…1, over the "emotions" and "sentiments" that occur among the utterances."""
    truth = [utterance.emotion for utterance in utterances], [utterance.sentiment for utterance in utterances]
    return {
        name: float(recall_score(right, judged.argmax(1).numpy(), average="macro", labels=sorted(set(right))))
        for name, judged, right in zip(("emotions", "sentiments"), probabilities, truth, strict=True)
    }


def _loss(logits: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy of (batch, members, classes), every member on its own."""
    every = truth[:, None].expand(logits.shape[:2])
    return functional.cross_entropy(logits.transpose(1, 2), every, weights, label_smoothing=_SMOOTHING)


def _rarity(truth: Tensor, classes: int) -> Tensor:
    """(classes,): the mean number of examples of a class over each one's own."""
    counts = torch.bincount(truth, minlength=classes).float()
    return counts.mean() / counts.clamp_min(1.0)


def _calibrate(model: VoiceForEmotionClassification, rows: Sequence[Tensor]) -> None:
    """Set what the model's input is standardised by."""
    every = torch.cat([model.hearing.measure(*pad([row]))[0] for row in rows])
    model.hearing.mean.copy_(every.mean(0))
    model.hearing.deviation.copy_(every.std(0).clamp_min(1e-3))


def _optimizer(model: VoiceForEmotionClassification, recipe: Recipe) -> torch.optim.AdamW:
    biases = [value for name, value in model.named_parameters() if name.endswith("bias")]
    weights = [value for name, value in model.named_parameters() if not name.endswith("bias")]
    groups = [{"params": weights, "weight_decay": recipe.decay}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.98))
