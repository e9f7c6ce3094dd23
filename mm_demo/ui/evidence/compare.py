"""Before and after, in words: what changed when a part of the input was taken away."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

Candidates = Sequence[tuple[str, float]]


def changed_words(before: Sequence[str], after: Sequence[str]) -> tuple[set[int], set[int]]:
    """Numbers of the words of each that the other has not, in the longest common order."""
    gone: set[int] = set()
    new: set[int] = set()
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            gone.update(range(i, j))
            new.update(range(k, m))
    return gone, new


def told_of_captions(gone: int, new: int) -> str:
    """How two captions differ, in one sentence."""
    if not gone and not new:
        return "The caption stays word for word the same."
    return f"The caption changes: {_words(gone)} of it went, {_words(new)} came (underlined)."


def told_of_answers(before: Candidates, after: Candidates) -> str:
    """How the most probable answer changed, in one sentence; both best first."""
    (was, p), (now, q) = before[0], after[0]
    if was == now:
        return f"“{was}” stays: {p:.2f} before, {q:.2f} after."
    left = dict(after).get(was)
    still = f"; “{was}” is left with {left:.2f}" if left is not None else ""
    return f"“{was}” ({p:.2f}) becomes “{now}” ({q:.2f}){still}."


def _words(count: int) -> str:
    return "no word" if count == 0 else "1 word" if count == 1 else f"{count} words"
