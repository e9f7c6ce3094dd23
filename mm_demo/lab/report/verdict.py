"""A sentence on what happened to each strategy."""

from __future__ import annotations

from collections.abc import Sequence

from mm_demo.lab.evaluation import Row

_NEAR = 0.03
"""Differences of accuracy below this are not spoken of."""
_MUCH = 0.15


def verdict(row: Row, rows: Sequence[Row], chance: float) -> str:
    """What a strategy or control did, and why, as far as the measurements say.

    Args:
        row: the one to speak of.
        rows: all of the run.
        chance: accuracy of always giving the commonest class, 0…1.
    """
    accuracy = row.scores.accuracy.mean
    best = max(other.scores.accuracy.mean for other in rows)
    if row.control:
        return _control(row, accuracy, best, chance)
    alone = max((other.scores.accuracy.mean for other in rows if other.control), default=chance)
    if accuracy < chance + _NEAR and best > chance + _MUCH:
        return f"Chance: {_why_blind(row)}."
    if best > accuracy + _MUCH and row.additive:
        return f"{_points(best - accuracy)} behind the best: {_why_blind(row)}."
    gain = accuracy - alone
    if abs(gain) < _NEAR:
        said = "As good as the best single modality: fusing adds nothing here"
    elif gain < 0:
        said = f"{_points(-gain)} below the best single modality"
    else:
        said = f"{_points(gain)} above the best single modality"
    interaction = row.interaction or 0.0
    if interaction > _NEAR:
        said += f"; {_points(interaction)} of its accuracy are owed to interaction between the modalities"
    elif gain >= _NEAR:
        said += ", by adding up what each says"
    if best > accuracy + _NEAR:
        said += f"; the best is {_points(best - accuracy)} ahead"
    return f"{said}."


def _control(row: Row, accuracy: float, best: float, chance: float) -> str:
    if accuracy < chance + _NEAR:
        return "Chance: this modality alone says nothing about the label."
    if best - accuracy < _NEAR:
        return "This modality alone says all that any strategy found."
    return f"This modality alone says part of it: {_points(best - accuracy)} behind the best."


def _why_blind(row: Row) -> str:
    if row.additive:
        return "it can only add up what each modality says by itself, and the label lies in the two together"
    if row.pooled:
        return "it sees each sequence as one pooled vector, in which the places are lost"
    return "it could represent more, but training with this budget didn't find it"


def _points(difference: float) -> str:
    points = f"{100 * difference:.1f}"
    return f"{points} {'point' if points == '1.0' else 'points'}"
