"""The command line: words first, then sentiment. A killed run started again goes on where it was."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch
from sklearn.metrics import f1_score
from transformers import BertForSequenceClassification, BertTokenizerFast

from mm_demo.errors import UserError
from mm_demo.training.sentences import SENTIMENTS, SOURCES, Sentence, read_goemotions, read_rt_polarity
from mm_demo.training.text import classifier, pretraining
from mm_demo.training.text.examples import build
from mm_demo.training.text.words import make_tokenizer, read_words

_VALIDATION_EVERY = 9


def train(
    data: Path, runs: Path, seed: int, validate: bool, device: str | None
) -> tuple[BertForSequenceClassification, BertTokenizerFast]:
    """All the steps, each leaving its checkpoints below `runs`.

    Args:
        data: folder with both collections.
        runs: below it every seed has a folder; the vocabulary and the pretrained encoder found there are used again.
        seed: of every step.
        validate: show the classifier no validation sentence; without, it learns from all of rt_polarity's training.
        device: as in `mm_demo.training.loop.fit`.

    Raises:
        UserError: the data are missing or half there.
    """
    emotional = read_goemotions(data / "goemotions")["train"]
    polar, held_back = validation_split(read_rt_polarity(data / "rt_polarity")["train"])
    # Neither sees the validation sentences, so that one pretraining serves the tuning and the final run.
    texts = [s.text for s in (*emotional, *polar)]
    home = runs / f"seed-{seed}"
    tokenizer = make_tokenizer(texts, home / "vocabulary")
    words = replace(pretraining.SCHEDULE, seed=seed)
    encoder = pretraining.pretrain(read_words(texts, tokenizer), tokenizer, words, home / "words", device)
    examples = build(emotional, polar if validate else [*polar, *held_back], seed)
    schedule = replace(classifier.SCHEDULE, seed=seed)
    folder = home / ("validated" if validate else "final")
    return classifier.train(examples, tokenizer, encoder, schedule, folder, device), tokenizer


def validation_split(training: list[Sentence]) -> tuple[list[Sentence], list[Sentence]]:
    """(to learn from, to tune on): every ninth training sentence of rt_polarity is tuned on."""
    ninth = [i % _VALIDATION_EVERY == _VALIDATION_EVERY // 2 for i in range(len(training))]
    return (
        [s for s, out in zip(training, ninth, strict=True) if not out],
        [s for s, out in zip(training, ninth, strict=True) if out],
    )


def validation(model: BertForSequenceClassification, tokenizer: BertTokenizerFast, data: Path) -> dict[str, float]:
    """What the tuning looks at: GoEmotions' dev and rt_polarity's validation sentences; never a test."""
    dev = read_goemotions(data / "goemotions")["dev"]
    reviews = validation_split(read_rt_polarity(data / "rt_polarity")["train"])[1]
    true = [SENTIMENTS.index(s.sentiment) for s in dev]
    given = classifier.classify(model, tokenizer, [s.text for s in dev]).argmax(1)
    chances = classifier.classify(model, tokenizer, [s.text for s in reviews])
    liked = [s.sentiment == "positive" for s in reviews]
    return {
        "goemotions dev macro-F1": float(f1_score(true, given, average="macro")),
        "goemotions dev accuracy": float((given == true).mean()),
        "rt_polarity validation accuracy": float(((chances[:, 2] > chances[:, 0]) == liked).mean()),
    }


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(
        prog="python -m mm_demo.training.text",
        description=f"Train the embedded text sentiment checkpoint. {SOURCES}.",
    )
    options.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with both collections")
    options.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the finished checkpoint")
    options.add_argument("--runs", type=Path, default=Path("runs/text"), help="folder for the steps' checkpoints")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--device", default=None, help="cpu, or a GPU by default where there is one")
    options.add_argument(
        "--validate", action="store_true", help="hold validation sentences back and print the figures to tune by"
    )
    asked = options.parse_args()
    torch.set_float32_matmul_precision("high")
    try:
        model, tokenizer = train(asked.data, asked.runs, asked.seed, asked.validate, asked.device)
    except UserError as mistake:
        print(mistake, file=sys.stderr)
        raise SystemExit(2) from None
    model.half().save_pretrained(asked.out)
    model.config.dtype = torch.float32  # half precision on disk only
    model.config.save_pretrained(asked.out)
    tokenizer.save_pretrained(asked.out)
    if asked.validate:
        for name, figure in validation(model.float(), tokenizer, asked.data).items():
            print(f"{name}: {figure:.4f}")


if __name__ == "__main__":
    main()
