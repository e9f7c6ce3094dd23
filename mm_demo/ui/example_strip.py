"""The row of example pictures: buttons with a name for screen readers, which Gradio's own examples lack."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from PIL import Image

from mm_demo.ui.examples import Example

_SIDE = 112

_HTML = """<p>Or take one of these</p><div role="group" aria-label="Example pictures">
{{#each value}}<button type="button" data-index="{{@index}}" aria-label="{{this.name}}">
<img alt="" src="{{this.source}}"></button>{{/each}}</div>"""

_CSS = """
p { margin: 0 0 6px; font-size: 14px; color: var(--body-text-color-subdued); }
div { display: grid; grid-template-columns: repeat(auto-fill, minmax(64px, 1fr)); gap: 8px; }
button { padding: 0; border: 2px solid var(--border-color-primary); border-radius: 8px; overflow: hidden;
  line-height: 0; background: none; cursor: pointer; }
button:hover, button:focus-visible { border-color: var(--color-accent); outline: none; }
img { width: 100%; aspect-ratio: 1; object-fit: cover; margin: 0; }
"""

_SCRIPT = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button) trigger('select', { index: Number(button.dataset.index) });
});
"""


def example_strip(shown: Sequence[Example], target: gr.Image) -> gr.HTML:
    """Draws the row; choosing a picture puts it into `target`."""
    strip = gr.HTML(
        value=[{"name": f"Example: {example.shows}", "source": _thumbnail(example.path)} for example in shown],
        html_template=_HTML,
        css_template=_CSS,
        js_on_load=_SCRIPT,
        apply_default_css=False,
        elem_classes="example-strip",
    )

    def choose(event: gr.EventData) -> str:
        index = int(event.index)
        return str(shown[index % len(shown)].path)

    strip.select(choose, None, target, show_progress="hidden", queue=False, api_visibility="private")
    return strip


def _thumbnail(path: Path) -> str:
    with Image.open(path) as picture:
        small = picture.convert("RGB")
    small.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
