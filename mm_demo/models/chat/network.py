"""What is different from one chat architecture to the next: where its parts are, and how it sees a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image
from torch import Tensor, nn

from mm_demo.attention.trace import ImageLayout
from mm_demo.models.family import Picture


@dataclass(frozen=True)
class View:
    """How a picture is seen, which depends on its size alone.

    Attributes:
        layout: where the image tokens lie, in the order in which they stand in the prompt.
        text: what stands for the picture in a prompt, special tokens written out.
    """

    layout: ImageLayout
    text: str


@dataclass(frozen=True)
class ChatPicture(Picture):
    """A picture whose `states`, (1, image tokens, dim), are what a decoder reads in the place of its image tokens."""

    view: View


class Network(Protocol):
    """One chat architecture: a vision tower, a connector to a decoder's input, and the decoder.

    A picture is given to the tower as canvases, each of which shows the whole picture: (n, 3, height, width),
    normalised. A model that cuts pictures into tiles and looks at the whole once more has two.

    Attributes:
        stack: the decoder without its head; its layers' attention is `stack.layers[i].self_attn`.
        head: from the decoder's states to logits.
        vision: the tower.
        vision_layers: of the tower, first to last.
        connector: from the tower's states to the decoder's input.
        image_token: id that stands for one of the picture's tokens in a prompt.
    """

    stack: Any
    head: nn.Linear
    vision: nn.Module
    vision_layers: Sequence[nn.Module]
    connector: nn.Module
    image_token: int

    def look(self, image: Image.Image) -> tuple[tuple[Tensor, ...], View]:
        """An RGB picture's canvases, each (3, height, width), and how it is seen.

        Raises:
            UserError: a picture that the model can't take.
        """
        ...

    def canvases(self, first: Tensor) -> tuple[Tensor, ...]:
        """All canvases from the first, finest one, (n, 3, height, width): differentiable, `look`'s but for rounding."""
        ...

    def features(self, canvases: Sequence[Tensor]) -> Tensor:
        """(n, image tokens, dim), what the decoder reads of n pictures of one size."""
        ...

    def positions(self, ids: Tensor, view: View) -> Tensor:
        """The positions of a prompt's beginning (1, length) that holds a picture: (1, length), or (axes, 1, length)."""
        ...
