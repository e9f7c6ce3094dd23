"""The words under an answer about something the checkpoint does not know."""

from __future__ import annotations

from collections.abc import Sequence


def warning(familiar: bool, familiarity: float, unknown_words: Sequence[str] = ()) -> str:
    """Lines to put below an answer, each after a blank line; empty where the input is of the kind the model knows."""
    lines = []
    if not familiar:
        lines.append(
            f"This picture is unlike those the model knows (familiarity {familiarity:.2f}), so don't rely on the"
            " answer; `python -m mm_demo models` lists models for other pictures."
        )
    if unknown_words:
        lines.append(f"The model doesn't know these words of the question: {', '.join(unknown_words)}.")
    return "".join(f"\n\n{line}" for line in lines)
