"""What is said: a recording with its player, the words heard in it, to be corrected, and examples."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from mm_demo.ui.examples.speech import speech_examples


@dataclass(frozen=True)
class Heard:
    """What speech to text made of a recording.

    Attributes:
        source: the recording's path; None before anything was heard.
        words: what was heard; empty for nothing.
        by: what heard it; empty where the words are known, as the examples' are.
    """

    source: str | None = None
    words: str = ""
    by: str = ""


class SpeechSource:
    """The left column's recording and words.

    Attributes:
        sound: the recording; its value is a path.
        words: the words that are judged, heard or typed.
        heard_by: the line that says who heard them.
        heard: a `Heard`.
    """

    def __init__(self) -> None:
        self.sound = gr.Audio(
            label="Speech",
            type="filepath",
            sources=["microphone", "upload"],
            elem_id="speech-sound",
            buttons=[],
        )
        self.examples = gr.Dataset(
            components=[gr.Textbox(visible=False)],
            samples=[[example.shows] for example in speech_examples()],
            type="index",
            label="Recordings to try (a speech synthesizer's)",
            elem_id="speech-examples",
        )
        self.words = gr.Textbox(
            label="Words",
            placeholder="Filled in when you record; or type what to judge",
            lines=1,
            max_lines=6,
            elem_id="speech-words",
        )
        self.heard_by = gr.HTML("", elem_id="speech-heard", padding=False)
        self.heard = gr.State(Heard())

    @property
    def inputs(self) -> list[Any]:
        """What is judged: recording, words, and what was heard so far."""
        return [self.sound, self.words, self.heard]


def example_path(index: int) -> str:
    """The recording of the example with this number."""
    return str(speech_examples()[index].path)


def heard_line(heard: Heard) -> str:
    """What `heard_by` says."""
    if heard.source is None:
        return ""
    if heard.words and not heard.by:
        return said_html("These words were given to the synthesizer: change them to see what they do.")
    if heard.words:
        return said_html(f"Heard by {heard.by}, and it may be wrong: correct the words and press Enter.")
    return said_html(f"No words could be made out ({heard.by}): type them, or have the voice judged alone.")


def said_html(sentence: str) -> str:
    """A small line below the words."""
    return f'<p class="heard">{escape(sentence)}</p>'
