"""Leave one speaker out, speaker after speaker; every fold's result is kept as soon as it is known."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from mm_demo.training.emodb import Utterance, split
from mm_demo.training.voice.fit import Recipe, judge, recalls, train


def leave_one_out(
    utterances: list[Utterance], bank: Sequence[Sequence[Tensor]], recipe: Recipe, device: str, folder: Path
) -> dict[str, Any]:
    """Train on all speakers but one, judge that one, for every speaker in turn.

    A killed run started again goes on with the fold it was at. A fold made by another recipe is made anew.

    Args:
        utterances: all recordings.
        bank: `bank.make(…)` of them.
        recipe: the same for every fold; the left-out speaker has no say in it.
        device: "cpu" or "cuda".
        folder: gets one JSON file a speaker, and `summary.json`.

    Returns:
        {"recipe", "speakers": {speaker: {"emotions", "sentiments"}}, "mean": {…}, "deviation": {…}}: unweighted average
        recalls, 0…1, their mean over the speakers and their standard deviation (n - 1) between them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    speakers: dict[str, dict[str, float]] = {}
    asked = dataclasses.asdict(recipe)
    for speaker in sorted({utterance.speaker for utterance in utterances}):
        file = folder / f"{speaker}.json"
        kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        if kept.get("recipe") != asked:
            inside, outside = split(utterances, [speaker])
            probabilities = judge(train(utterances, bank, inside, recipe, device), [bank[0][i] for i in outside])
            kept = {
                "recipe": asked,
                "recalls": recalls(probabilities, [utterances[i] for i in outside]),
                "emotions": probabilities[0].tolist(),
                "sentiments": probabilities[1].tolist(),
            }
            _write(file, kept)
        speakers[speaker] = kept["recalls"]
        print(speaker, *(f"{name} {value:.3f}" for name, value in kept["recalls"].items()), flush=True)
    figures = {name: np.array([found[name] for found in speakers.values()]) for name in ("emotions", "sentiments")}
    summary: dict[str, Any] = {
        "recipe": asked,
        "speakers": speakers,
        "mean": {name: float(values.mean()) for name, values in figures.items()},
        "deviation": {name: float(values.std(ddof=1)) for name, values in figures.items()},
    }
    _write(folder / "summary.json", summary)
    return summary


def _write(file: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, so that a killed run never leaves half a result."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
    unfinished.replace(file)
