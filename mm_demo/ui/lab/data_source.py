"""What the strategies learn from: a preset, a mixture of one's own, the sequence task, or one's own file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from mm_demo.errors import UserError

if TYPE_CHECKING:
    from mm_demo.lab.data.dataset import Dataset

MIXTURE, OWN = "mixture", "own"
_ABOUT = {
    "redundancy": "Both modalities show what decides the label: either alone is enough.",
    "unique": "Only the first modality shows what decides the label; the second says nothing.",
    "additive": "The label is the sign of a sum: each modality holds half of it, and adding up is enough.",
    "synergy": "The label is the sign of a product: each modality alone says nothing, only the two together do.",
    MIXTURE: "Mix the four kinds as you like. A strategy that only adds up goes on losing as synergy grows.",
    "sequence": "One modality asks for what stands at a place in the other: who pools sequences can’t look it up.",
    OWN: "An .npz with <code>labels</code> (one an example) and two or more other arrays, the modalities: (examples, "
    "features) or (examples, length, features). <code>split</code> may name “train”, “validation” and “test”.",
}
_CHOICES = [
    ("Redundancy", "redundancy"),
    ("Unique", "unique"),
    ("Additive", "additive"),
    ("Synergy", "synergy"),
    ("Own mixture", MIXTURE),
    ("Sequence", "sequence"),
    ("Own file", OWN),
]


class DataSource:
    """The choice of data, with the sliders of the mixture and the upload shown where they belong.

    Attributes:
        inputs: components whose values `open_chosen` takes, in its order.
    """

    def __init__(self) -> None:
        kind = gr.Radio(_CHOICES, value="synergy", label="Data", elem_id="lab-data")
        about = gr.HTML(_about("synergy"), elem_id="lab-data-about")
        with gr.Group(visible=False) as mixture:
            amounts = [
                gr.Slider(0, 1, value, step=0.05, label=label, min_width=160)
                for label, value in (("Redundancy", 0.5), ("Unique", 0), ("Additive", 0), ("Synergy", 1))
            ]
            noise = gr.Slider(0, 2, 0.09, step=0.01, label="Noise on every feature (standard deviation)", min_width=160)
        own = gr.File(
            label="Your .npz", file_types=[".npz"], type="filepath", visible=False, height=120, elem_id="lab-own"
        )
        self.inputs: list[Any] = [kind, *amounts, noise, own]
        kind.change(
            lambda chosen: [_about(chosen), gr.update(visible=chosen == MIXTURE), gr.update(visible=chosen == OWN)],
            kind,
            [about, mixture, own],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )


def open_chosen(
    kind: str, redundancy: float, unique: float, additive: float, synergy: float, noise: float, own: str | None
) -> Dataset:
    """The data that a person chose.

    Raises:
        UserError: no file was given, or something is wrong with it or with the amounts.
    """
    from mm_demo.lab import Dial, dial, open_data

    if kind == MIXTURE:
        return dial(Dial(redundancy, unique, additive, synergy, noise), MIXTURE)
    if kind != OWN:
        return open_data(kind)
    if own is None:
        raise UserError("There is no file yet: give an .npz, or choose other data.")
    return open_data(own)


def _about(kind: str) -> str:
    return f"<p>{_ABOUT[kind]}</p>"
