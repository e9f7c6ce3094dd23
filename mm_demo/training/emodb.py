"""The Berlin Database of Emotional Speech (Burkhardt et al. 2005): its folder, and its splits by speaker."""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from mm_demo.errors import UserError
from mm_demo.models.speech import RATE
from mm_demo.models.voice.configuration import EMOTIONS, SENTIMENT_OF, SENTIMENTS

WHERE = (
    "the Berlin Database of Emotional Speech (CC0, audeering/emodb): 535 recordings, 16 kHz mono, and a labels.csv "
    "with the columns file, speaker, sentence, emotion"
)
"""What the folder must hold, and where it is from; for the scripts' help."""

_COLUMNS = {"file", "speaker", "sentence", "emotion"}


@dataclass(frozen=True)
class Utterance:
    """One recording: (samples,) float32 at 16 kHz, who speaks, and the indices of what is acted."""

    sound: NDArray[np.float32]
    speaker: str
    emotion: int
    sentiment: int


def read(data: Path) -> list[Utterance]:
    """All recordings of `data`/emodb, in the order of its labels.csv.

    Raises:
        UserError: the folder, its table or one of its recordings is missing or damaged.
    """
    folder = data / "emodb"
    table = folder / "labels.csv"
    if not table.is_file():
        raise UserError(f"'{data}' holds no emodb/labels.csv; get {WHERE}, and put it there.")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not rows[0].keys() >= _COLUMNS:
        raise UserError(f"'{table}' lacks rows or one of the columns {', '.join(sorted(_COLUMNS))}; get {WHERE}.")
    missing = [row["file"] for row in rows if not (folder / row["file"]).is_file()]
    if missing:
        raise UserError(
            f"'{folder}' lacks {len(missing)} of its {len(rows)} recordings, first {missing[0]}; get {WHERE}."
        )
    return [_utterance(folder / row["file"], row) for row in rows]


def _utterance(path: Path, row: dict[str, str]) -> Utterance:
    try:
        sound, rate = soundfile.read(path, dtype="float32")
    except soundfile.LibsndfileError as error:
        raise UserError(f"The recording '{path}' is damaged; get {WHERE}.") from error
    if rate != RATE or sound.ndim != 1:
        raise UserError(f"The recording '{path}' is not mono at {RATE} Hz; get {WHERE}.")
    if row["emotion"] not in EMOTIONS:
        raise UserError(
            f"'{path}' is labelled '{row['emotion']}', which is none of {', '.join(EMOTIONS)}; get {WHERE}."
        )
    emotion = EMOTIONS.index(row["emotion"])
    return Utterance(sound, row["speaker"], emotion, SENTIMENTS.index(SENTIMENT_OF[row["emotion"]]))


def split(utterances: list[Utterance], left_out: Collection[str]) -> tuple[list[int], list[int]]:
    """Indices of the other speakers' recordings, and of the left-out speakers'.

    Raises:
        UserError: one of the speakers does not occur.
    """
    known = sorted({utterance.speaker for utterance in utterances})
    for speaker in left_out:
        if speaker not in known:
            raise UserError(f"There is no speaker '{speaker}'; the speakers are {', '.join(known)}.")
    inside = [i for i, utterance in enumerate(utterances) if utterance.speaker not in left_out]
    return inside, [i for i, utterance in enumerate(utterances) if utterance.speaker in left_out]
