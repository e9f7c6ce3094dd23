"""Gradient times input."""

from __future__ import annotations

from torch import Tensor

from mm_demo.attention.methods.base import Method
from mm_demo.attention.trace import Trace


class InputGradient(Method):
    """Gradient × (input − baseline), summed over an element's channels (Shrikumar et al. 2016; Ancona et al. 2018).

    To first order, what the score would lose without the element. Signed: a negative value argues against. The products
    are those of the one score that the trace explains, so they are the same whichever element is asked.
    """

    name = "input_gradient"
    label = "Gradient × input"
    help = "How much the answer owes, to first order, to each part as it entered the model; negative argues against it."
    needs_inputs = True
    rank = 4

    def _rows(
        self, trace: Trace, query_segment: str, elements: slice, layer: int | None, head: int | None
    ) -> dict[str, Tensor]:
        """(1, elements) for every segment whose input was differentiated by, whatever is asked for.

        Raises:
            ValueError: the trace holds no gradient by an input.
        """
        if not trace.inputs:
            raise ValueError("this method needs a trace with gradients by the inputs")
        return {given.segment: given.products.sum(-1)[None] for given in trace.inputs}
