"""What stands behind an example's numbers: its picture and question, or its sentence and recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from mm_demo.errors import UserError
from mm_demo.tasks.inputs import read_image, read_question
from mm_demo.ui.picture_input import PictureInput

if TYPE_CHECKING:
    from mm_demo.lab.data.dataset import Dataset
    from mm_demo.lab.data.origin import Entered, Shown


class Material:
    """Shows an example, and takes a picture and a question of one's own where the data allow it.

    Attributes:
        outputs: the components that `material` updates, in its order.
        picture: the example's, or one that was brought in its place.
        question: the example's, or one that was typed in its place.
        ask: the button below them.
    """

    def __init__(self) -> None:
        with gr.Row(visible=False) as asked:
            self.picture = PictureInput(
                label="Picture: the example’s, or your own",
                type="filepath",
                format="png",  # the very pixels, so that asking about the example again finds the same
                sources=["upload", "clipboard"],
                height=220,
                min_width=220,
                scale=1,
                buttons=[],
                elem_id="lab-picture",
                alt_text="The example’s picture",
            )
            with gr.Column(scale=2, min_width=260):
                self.question = gr.Textbox(
                    label="Question: the example’s, or your own, for the colour in one half",
                    max_lines=1,
                    elem_id="lab-question",
                )
                self.ask = gr.Button("Ask every strategy", elem_id="lab-ask")
        with gr.Row(visible=False) as heard:
            sentence = gr.Textbox(label="Sentence", interactive=False, max_lines=2, elem_id="lab-sentence")
            sound = gr.Audio(
                label="Recording", interactive=False, format="wav", visible=False, buttons=[], elem_id="lab-sound"
            )
        self.outputs: list[Any] = [asked, self.picture, self.question, heard, sentence, sound]


def material(shown: Shown | None) -> list[Any]:
    """Updates of `Material.outputs` for an example; nothing is shown where there is nothing but numbers."""
    if shown is None:
        return [gr.update(visible=False), gr.skip(), gr.skip(), gr.update(visible=False), gr.skip(), gr.skip()]
    if shown.picture is not None:
        return [gr.update(visible=True), shown.picture, shown.text, gr.update(visible=False), gr.skip(), gr.skip()]
    sound = gr.update(visible=shown.sound is not None, value=shown.sound)
    return [gr.update(visible=False), gr.skip(), gr.skip(), gr.update(visible=True), shown.text, sound]


def entered(data: Dataset, picture: str | None, question: str | None) -> Entered:
    """A person's picture and question as an example of these data.

    Raises:
        UserError: either can't be read, or these data take none.
    """
    from mm_demo.lab.data.origin import Askable

    if not isinstance(data.origin, Askable):
        raise UserError("These data take no questions: train on “Questions” first.")
    return data.origin.enter(read_image(picture), read_question(question))
