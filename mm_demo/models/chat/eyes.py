"""Pictures as a chat model's decoder reads them, whole or with parts painted over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from mm_demo.attention.trace import ImageLayout, Segment
from mm_demo.models.chat.network import ChatPicture, Network
from mm_demo.models.family import Picture, PictureScore
from mm_demo.models.gradients import differentiable
from mm_demo.models.removal import filling


class ChatEyes:
    """The vision tower and its connector.

    Args:
        network: they are part of.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    def encode(self, image: Image.Image) -> ChatPicture:
        """Run the tower on an RGB picture; these checkpoints can't tell what kind of picture they know.

        Raises:
            UserError: a picture that the model can't take.
        """
        canvases, view = self._network.look(image)
        # Not in inference mode: what is made of the states may be differentiated.
        with torch.inference_mode(False), torch.no_grad():
            states = self._network.features([canvas[None] for canvas in canvases])
        return ChatPicture(image, states, familiarity=1.0, familiar=True, view=view)

    def painted(self, picture: ChatPicture, way: str) -> Callable[[np.ndarray], Tensor]:
        """What the decoder reads of a picture with cells painted over.

        Args:
            picture: whole.
            way: one of `mm_demo.models.removal.WAYS`.

        Returns:
            From (cells,) bool, True where a cell is kept, to (1, image tokens, dim).
        """
        canvases, view = self._network.look(picture.image)
        filled = [filling(canvas, way) for canvas in canvases]
        shape = (view.layout.rows, view.layout.cols)

        def features(keep: np.ndarray) -> Tensor:
            if keep.all():
                return picture.states
            cells = torch.from_numpy(keep.astype(np.float32)).reshape(1, 1, *shape)
            varied = []
            for canvas, fill in zip(canvases, filled, strict=True):
                mask = interpolate(cells.to(canvas.device), canvas.shape[1:], mode="nearest")[0] > 0
                varied.append(torch.where(mask, canvas, fill)[None])
            with torch.inference_mode(False), torch.no_grad():
                return self._network.features(varied)

        return features

    def score(self, picture: ChatPicture, of_features: Callable[[Tensor], Tensor]) -> PictureScore:
        """A differentiable score of the picture from one of what the decoder reads, (n, image tokens, dim) → (n,).

        Its states are the image tokens with those that cover a cell each last, in reading order. Its pixels are the
        first canvas; a second one is made from them, which but for rounding is the picture's own.
        """
        canvases, view = self._network.look(picture.image)
        order = reading_order(view.layout)
        back = np.argsort(order)
        rows, cols = view.layout.rows, view.layout.cols

        def states(pixels: Tensor) -> Tensor:
            with differentiable():
                return self._network.features(self._network.canvases(pixels))[:, order]

        def score(states: Tensor) -> Tensor:
            return of_features(states[:, back])

        grid = (rows, cols), canvases[0].shape[1] // rows
        return PictureScore(canvases[0], grid, len(order) - rows * cols, states, score)


def seen(picture: Picture) -> ChatPicture:
    """A picture that a chat model has looked at.

    Raises:
        TypeError: another model did.
    """
    if not isinstance(picture, ChatPicture):
        raise TypeError("no chat model has looked at this picture")
    return picture


def image_segment(layout: ImageLayout) -> Segment:
    """The image tokens as a segment of a trace."""
    boxes = layout.boxes or cells(layout)
    return Segment("image", "image", tuple(_label(*box) for box in boxes), layout)


def cells(layout: ImageLayout) -> tuple[tuple[int, int, int, int], ...]:
    """Every cell as a box, in reading order."""
    return tuple((i, j, i + 1, j + 1) for i in range(layout.rows) for j in range(layout.cols))


def reading_order(layout: ImageLayout) -> list[int]:
    """The image tokens, those of a cell each last and in reading order."""
    boxes = layout.boxes or cells(layout)
    return sorted(range(len(boxes)), key=lambda i: boxes[i][:2] if _is_cell(boxes[i]) else (-1, i))


def _is_cell(box: tuple[int, int, int, int]) -> bool:
    top, left, bottom, right = box
    return (bottom - top, right - left) == (1, 1)


def _label(top: int, left: int, bottom: int, right: int) -> str:
    rows = f"row {top + 1}" if bottom == top + 1 else f"rows {top + 1}–{bottom}"
    cols = f"column {left + 1}" if right == left + 1 else f"columns {left + 1}–{right}"
    return f"{rows}, {cols}"
