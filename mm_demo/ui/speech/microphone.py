"""Says in one sentence why there is no microphone: Gradio's recorder, refused by the browser, only falls silent."""

from __future__ import annotations

from pathlib import Path

import gradio as gr


def microphone_trouble(elem_id: str, watched: str) -> gr.HTML:
    """A message that stands empty until the browser refuses a microphone to this page.

    Args:
        elem_id: its own id in the page.
        watched: id of the part of the page whose record buttons need the microphone.
    """
    script = (Path(__file__).parent / "microphone.js").read_text()
    return gr.HTML(
        html_template='<p role="alert" class="speech-message" hidden></p>',
        css_template="[hidden] { display: none; }",
        js_on_load=script.replace("__ID__", elem_id).replace("__WATCHED__", watched),
        apply_default_css=False,
        elem_id=elem_id,
    )
