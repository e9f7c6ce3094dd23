"""What one can take away of an answer: every map in one picture, and the numbers."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from PIL import Image

from mm_demo.views.sheet import sheet


class Downloads:
    """Two buttons, off until there is an answer."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="downloads"):
            self.maps = gr.DownloadButton("All maps (PNG)", interactive=False, size="sm", min_width=120)
            self.numbers = gr.DownloadButton("Numbers (JSON)", interactive=False, size="sm", min_width=120)

    @property
    def outputs(self) -> list[gr.DownloadButton]:
        """The buttons, in the order in which `offer` and `none_yet` return their updates."""
        return [self.maps, self.numbers]

    def offer(
        self,
        name: str,
        picture: Image.Image,
        maps: Sequence[tuple[str, np.ndarray]],
        title: str,
        numbers: dict[str, Any],
    ) -> list[Any]:
        """Updates of `outputs` that hand out this answer as files whose names begin with `name`."""
        buffer = io.BytesIO()
        sheet(picture, maps, title).save(buffer, "PNG")
        return self.hand_out(name, buffer.getvalue(), numbers)

    def hand_out(self, name: str, png: bytes | None, numbers: dict[str, Any]) -> list[Any]:
        """Updates of `outputs` that hand out a picture drawn already, None where there is none to draw, and numbers."""
        text = json.dumps(numbers, ensure_ascii=False, indent=1).encode()
        return [
            gr.update(interactive=False)
            if data is None
            else gr.update(value=save_bytes_to_cache(data, file, button.GRADIO_CACHE), interactive=True)
            for button, data, file in (
                (self.maps, png, f"{name}-maps.png"),
                (self.numbers, text, f"{name}.json"),
            )
        ]


def none_yet() -> list[Any]:
    """Updates of `outputs` while there is nothing to take away."""
    return [gr.update(interactive=False), gr.update(interactive=False)]
