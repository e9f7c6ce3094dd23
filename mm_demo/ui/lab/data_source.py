"""What the strategies learn from: generated data, what the app's own models see and hear, or one's own file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from mm_demo.errors import UserError
from mm_demo.ui.retrieval.own_gallery import from_this_machine

if TYPE_CHECKING:
    from mm_demo.lab.data.dataset import Dataset

MIXTURE, OWN = "mixture", "own"
RECORDED = ("digits", "voices")
"""Data that need a folder of recordings on this machine."""
_ABOUT = {
    "redundancy": "Both modalities show what decides the label: either alone is enough.",
    "unique": "Only the first modality shows what decides the label; the second says nothing.",
    "additive": "The label is the sign of a sum: each modality holds half of it, and adding up is enough.",
    "synergy": "The label is the sign of a product: each modality alone says nothing, only the two together do.",
    MIXTURE: "Mix the four kinds as you like. A strategy that only adds up goes on losing as synergy grows.",
    "sequence": "One modality asks for what stands at a place in the other: who pools sequences can’t look it up.",
    "questions": "Pictures, as the embedded question answerer sees them, and questions for the colour of the object on "
    "the left, on the right, at the top or at the bottom: the picture holds several, the question says which. Below "
    "the table you can ask about your own picture.",
    "digits": "Images of digits and recordings of the same digit. The folder holds the Free Spoken Digit Dataset.",
    "voices": "Voices and sentences of the same sentiment, as the embedded models of speech hear and read them. The "
    "folder holds <code>emodb/</code> and <code>goemotions/</code>.",
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
    ("Questions", "questions"),
    ("Own file", OWN),
]
_RECORDED_CHOICES = [("Digits", "digits"), ("Voices", "voices")]


class DataSource:
    """The choice of data, with the sliders of the mixture and the upload shown where they belong.

    Args:
        local: whether the page is for this machine's own user, who may name a folder of recordings.

    Attributes:
        inputs: components whose values `open_chosen` takes, in its order.
    """

    def __init__(self, local: bool = False) -> None:
        choices = [*_CHOICES[:-1], *(_RECORDED_CHOICES if local else []), _CHOICES[-1]]
        kind = gr.Radio(choices, value="synergy", label="Data", elem_id="lab-data")
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
        folder = gr.Textbox(
            label="Folder of recordings on this machine", visible=False, max_lines=1, elem_id="lab-recordings"
        )
        # What a browser sends as this component's value never counts: only what was let through by `_let_through`.
        named = gr.State(None)
        self.inputs: list[Any] = [kind, *amounts, noise, own, named]
        if local:
            folder.change(_let_through, folder, named, queue=False, show_progress="hidden", api_visibility="private")
        kind.change(
            lambda chosen: [
                _about(chosen),
                gr.update(visible=chosen == MIXTURE),
                gr.update(visible=chosen == OWN),
                gr.update(visible=chosen in RECORDED),
            ],
            kind,
            [about, mixture, own, folder],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )


def open_chosen(
    kind: str,
    redundancy: float,
    unique: float,
    additive: float,
    synergy: float,
    noise: float,
    own: str | None,
    recordings: str | None = None,
) -> Dataset:
    """The data that a person chose.

    Raises:
        UserError: no file was given, or something is wrong with it or with the amounts.
    """
    from mm_demo.lab import Dial, dial, open_data

    if kind == MIXTURE:
        return dial(Dial(redundancy, unique, additive, synergy, noise), MIXTURE)
    if kind in RECORDED:
        if recordings is None:
            raise UserError("There is no folder of recordings yet: give the path of one on this machine.")
        return open_data(kind, Path(recordings).expanduser())
    if kind != OWN:
        return open_data(kind)
    if own is None:
        raise UserError("There is no file yet: give an .npz, or choose other data.")
    return open_data(own)


def _let_through(folder: str, request: gr.Request) -> str | None:
    """The path that was typed, where whoever typed it sits at this machine."""
    client = request.client.host if request.client is not None else None
    return folder.strip() or None if from_this_machine(client, dict(request.headers)) else None


def _about(kind: str) -> str:
    return f"<p>{_ABOUT[kind]}</p>"
