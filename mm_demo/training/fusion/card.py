"""Writes the fused checkpoint's model card from what `evaluate --json` measured.

python -m mm_demo evaluate sentiment --data DIR --json > sentiment.json
python -m mm_demo.training.fusion.card sentiment.json --hardware "…" --minutes 15
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mm_demo.models.catalog import WEIGHTS

_HEAD = """---
library_name: transformers
license: apache-2.0
pipeline_tag: audio-classification
---

# Voice and words, fused

A `SpeechFusionModel`: the encoders of `voice-emodb` and `text-sentiment`, unchanged, and five fusion strategies on
top of them (attention fusion, the default; early, late, gated and cross-modal attention). It judges speech as
negative, neutral or positive, from the voice, the words, or both, and says how much each counted.

```python
import mm_demo

result = mm_demo.load("sentiment")("speech.wav")
```
"""

_TRAINING = """
## Training

**On constructed pairs.** No collection at hand holds a voice and its words with the sentiment of both: the recordings
are of the Berlin Database of Emotional Speech (CC0; Burkhardt et al. 2005), in which ten sentences without any
sentiment are acted in German; the words are English comments of GoEmotions' dev split (CC BY 4.0; Demszky et al.
2020). A pair is a recording and a comment of the same sentiment that were never said together. Speakers 10 and 14,
and GoEmotions' test split, were kept out. Recordings were put under noise and comments lost words; the less was left
of one, the more often it was replaced by one of a random sentiment, so that the weights learn to follow what can be
relied on. Each modality was left out in 15 % of the pairs. `python -m mm_demo.training.fusion --data DIR`, {minutes}
minutes on {hardware}.

## Measured

`python -m mm_demo evaluate sentiment --data DIR --seed {seed} --n {pairs}`: {pairs} pairs of speakers 10 and 14 and
of GoEmotions' test split, the sentiments in equal parts. Unweighted average recall; chance is 33.3 %. Dropout and the
number of steps are the best of three settings on such pairs, so these figures flatter a little.

"""

_LIMITS = """
## What it doesn't know

Ten actors speaking German, and short English comments from the internet. A pair of a real voice and its own words was
never seen, neither in training nor in these figures. Irony is beyond it. Songs, noises and other languages get an
answer like anything else.
"""


def card(figures: dict[str, Any], hardware: str, minutes: int) -> str:
    """The card as Markdown.

    Args:
        figures: what `evaluate` returned for the fused checkpoint.
        hardware: what the training ran on.
        minutes: how long it took.
    """
    about = _TRAINING.format(hardware=hardware, minutes=minutes, seed=figures["seed"], pairs=figures["pairs"])
    return _HEAD + about + tables(figures).rstrip("\n") + "\n" + _LIMITS


def tables(figures: dict[str, Any]) -> str:
    """The fused figures as Markdown tables, for the card and for `docs/results.md`."""
    fused, reliability = figures["fused"], figures["reliability"]
    parts = [
        _table("", fused["unweighted average recall"]),
        f"The weights of {reliability['strategy']} fusion follow what can be relied on. Means over {reliability['n']} "
        "pairs; the share is\nthe exact Shapley share of the answer's probability.\n\n",
        _table("voice", {row["voice"]: _rest(row) for row in reliability["noise on the voice"]}),
        _table("words", {row["words"]: _rest(row) for row in reliability["words lost"]}),
    ]
    return "".join(parts)


def _rest(row: dict[str, Any]) -> dict[str, Any]:
    return dict(list(row.items())[1:])


def _table(name: str, rows: dict[str, dict[str, Any]]) -> str:
    heads = list(next(iter(rows.values())))
    lines = [f"| {name} | {' | '.join(heads)} |", f"| --- | {' | '.join('---:' for _ in heads)} |"]
    lines += [f"| {row} | {' | '.join(_cell(values[head]) for head in heads)} |" for row, values in rows.items()]
    return "\n".join(lines) + "\n\n"


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description="Write the fused checkpoint's model card from measured figures.")
    options.add_argument("figures", type=Path, help="the JSON that `evaluate sentiment --json` printed")
    options.add_argument("--hardware", required=True)
    options.add_argument("--minutes", type=int, required=True)
    options.add_argument("--out", type=Path, default=WEIGHTS / "speech-sentiment" / "README.md")
    asked = options.parse_args()
    asked.out.write_text(card(json.loads(asked.figures.read_text()), asked.hardware, asked.minutes), encoding="utf-8")


if __name__ == "__main__":
    main()
