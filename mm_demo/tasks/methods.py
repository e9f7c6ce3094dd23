"""Which explanation methods a task offers, and which it uses when nobody chooses."""

from __future__ import annotations

from dataclasses import dataclass

from mm_demo.attention.methods import Method, get_method, usable_methods
from mm_demo.errors import UserError
from mm_demo.models.family import ModelInfo

DEFAULT_METHODS = {
    ("caption", "blip"): "mean",
    ("vqa", "blip"): "mean",
    # Not measured here, for want of a trained checkpoint: Chefer et al. (2021) found it best by deletion on VisualBERT,
    # whose words and regions look at one another in one sequence, as ViLT's do.
    ("vqa", "vilt"): "gradient",
    ("retrieval", "clip"): "attention_gradient",
    ("retrieval", "siglip"): "gradient",
}
"""(task, family) → the method that points best, or within noise of it, where the truth is known: docs/results.md."""

LIVE_METHODS = {
    ("caption", "blip"): "rollout",
}
"""(task, family) → the best method without a gradient, for maps that keep pace with the words; where none is named the
default keeps pace by itself."""

SPEECH_DEFAULT = "attention_gradient"
"""Of the methods that tell for from against, the one whose first fifth, removed, changes the sentiment most (for the
words within noise of it): docs/results.md. Gradient relevance is as good or better, and knows no against."""


@dataclass(frozen=True)
class MethodInfo:
    """A method as a list shows it; `controls` names which of "layer" and "head" can be chosen."""

    name: str
    label: str
    help: str
    controls: tuple[str, ...]


def offered_methods(task: str, family: str) -> tuple[MethodInfo, ...]:
    """All methods that need no gradient by the inputs, which the picture families don't take; the default first."""
    default = DEFAULT_METHODS[task, family]
    ordered = sorted(usable_methods(inputs=False).values(), key=lambda m: (m.name != default, m.rank))
    return tuple(MethodInfo(m.name, m.label, m.help, m.controls) for m in ordered)


def live_method(task: str, family: str) -> str:
    """Name of the method for maps that are shown while an answer is being made, when nobody chooses."""
    return LIVE_METHODS.get((task, family), DEFAULT_METHODS[task, family])


def choose_method(task: str, family: str, info: ModelInfo, name: str, layer: int | None, head: int | None) -> Method:
    """The method of that name, "default" for the task's own.

    Raises:
        UserError: no such method, layer or head, or the method has none to choose.
    """
    method = get_method(DEFAULT_METHODS[task, family] if name == "default" else name, inputs=False)
    for control, value, count in (("layer", layer, info.layers), ("head", head, info.heads)):
        if value is None:
            continue
        if control not in method.controls:
            raise UserError(f"The method '{method.name}' has no {control} to choose; leave the {control} out.")
        if not 0 <= value < count:
            raise UserError(f"There is no {control} {value}; this model has {control}s 0 to {count - 1}.")
    return method
