"""`python -m mm_demo.training.voice`: the voice checkpoint, and its check by leaving each speaker out."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from mm_demo.errors import UserError
from mm_demo.models.voice import VoiceFeatureExtractor, VoiceForEmotionClassification
from mm_demo.training.emodb import WHERE, read, split
from mm_demo.training.voice import bank
from mm_demo.training.voice.fit import Recipe, train
from mm_demo.training.voice.folds import leave_one_out
from mm_demo.training.voice.noise import under_noise


def main() -> None:
    """Train as the options say.

    Raises:
        UserError: the data are missing or damaged, or a speaker does not occur.
    """
    options = _options()
    utterances = read(options.data)
    left_out = [speaker for speaker in options.leave_out.split(",") if speaker]
    inside, outside = split(utterances, left_out)
    recipe = Recipe(epochs=options.epochs, members=options.members, seed=options.seed)
    copies = bank.make(utterances, options.copies, options.seed, options.runs)
    if options.leave_one_out:
        summary = leave_one_out(utterances, copies, recipe, options.device, options.runs / "voice-folds")
        print(json.dumps({name: summary[name] for name in ("mean", "deviation")}))
        return
    model = train(utterances, copies, inside, recipe, options.device)
    save(model, options.out)
    if outside:
        shipped = VoiceForEmotionClassification.from_pretrained(options.out).eval()
        print(json.dumps(under_noise(shipped, [utterances[i] for i in outside]), indent=1))


def save(model: VoiceForEmotionClassification, folder: Path) -> None:
    """Write the checkpoint: weights in half precision, to be opened in single precision."""
    model.half().save_pretrained(folder)
    model.config.dtype = torch.float32
    model.config.save_pretrained(folder)
    VoiceFeatureExtractor().save_pretrained(folder)


def _options() -> argparse.Namespace:
    usual = Recipe()
    options = argparse.ArgumentParser(
        prog="python -m mm_demo.training.voice",
        description=f"Train the voice model. It needs {WHERE}.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    options.add_argument("--data", type=Path, required=True, help="folder that holds emodb/labels.csv and emodb/audio/")
    options.add_argument("--out", type=Path, default=Path("weights/voice-emodb"), help="the checkpoint's folder")
    options.add_argument("--leave-out", default="10,14", help="speakers never trained on, by commas; none if empty")
    options.add_argument("--leave-one-out", action="store_true", help="judge every speaker by a model that never heard")
    options.add_argument("--epochs", type=int, default=usual.epochs)
    options.add_argument("--members", type=int, default=usual.members, help="networks whose probabilities are averaged")
    options.add_argument(
        "--copies", type=int, default=bank.COPIES, help="copies of every recording, all but one disturbed"
    )
    options.add_argument("--seed", type=int, default=usual.seed)
    options.add_argument("--runs", type=Path, default=Path("runs"), help="folder for features and folds; found again")
    options.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return options.parse_args()


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        print(f"mm_demo.training.voice: {error}", file=sys.stderr)
        sys.exit(2)
