"""An answer can be explained and checked only by the model that gave it."""

from __future__ import annotations

from mm_demo.errors import UserError


def own_result(model: str, made_by: str) -> None:
    """Let a task go on with a result of its own model.

    Token ids, layers and vectors of another would be taken for its own, and give wrong maps without a word.

    Args:
        model: id of the task's model.
        made_by: id of the model that gave the result.

    Raises:
        UserError: they differ.
    """
    if made_by != model:
        raise UserError(f"This answer was given by the model '{made_by}': ask '{model}' first, or change back.")
