"""A picture as ViLT's sequence takes it: a class token, then a linear embedding of every patch, in reading order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor
from transformers import ViltModel, ViltProcessor
from transformers.models.vilt.image_processing_vilt import MAX_LONGER_EDGE, MAX_SHORTER_EDGE

from mm_demo.attention.trace import ImageLayout, Segment
from mm_demo.errors import UserError
from mm_demo.models.family import Picture, PictureScore
from mm_demo.models.gradients import differentiable


@dataclass(frozen=True)
class SeenPicture(Picture):
    """A picture whose patches' grid follows its own aspect ratio; `states` are embeddings, before any layer.

    Attributes:
        rows: of patches.
        cols: likewise.
    """

    rows: int
    cols: int


class ViltEyes:
    """The visual embedding with the processor's picture settings.

    ViLT draws its patches in random order at every forward, and where a picture has more than `max_image_length`, only
    so many of them. Neither happens here. The order means nothing to the model, since each patch carries its position;
    and a person who asks twice must get the same answer, so that every patch is seen, as with a limit of −1.

    Args:
        model: the one that the embedding is part of.
        processor: the one saved with it.
    """

    def __init__(self, model: ViltModel, processor: ViltProcessor) -> None:
        self._embeddings = model.embeddings
        self._processor = processor.image_processor
        self._patch: int = model.config.patch_size
        self._narrowest: int = max(self._patch, self._processor.size_divisor or 1)

    def encode(self, image: Image.Image) -> SeenPicture:
        """Embed an RGB picture.

        Raises:
            UserError: it is too long and narrow.
        """
        pixels = self.pixels(image)
        with torch.inference_mode():
            states = self.embed(pixels[None])
        rows, cols = self._grid(pixels)
        # A copy made outside inference mode is an ordinary tensor, which later passes may differentiate through.
        return SeenPicture(image, states.clone(), familiarity=1.0, familiar=True, rows=rows, cols=cols)

    def pixels(self, image: Image.Image) -> Tensor:
        """An RGB picture as the embedding takes it, (3, height, width), whole patches of the picture's own shape.

        Raises:
            UserError: it is too long and narrow.
        """
        self._check(image)
        weight = self._embeddings.patch_embeddings.projection.weight
        pixels: Tensor = self._processor(images=image, return_tensors="pt")["pixel_values"][0]
        return pixels.to(weight.device, weight.dtype)

    def embed(self, pixels: Tensor) -> Tensor:
        """(n, 1 + patches, dim) for (n, 3, height, width): the class token, and the patches in reading order."""
        everywhere = torch.ones(len(pixels), *pixels.shape[2:], dtype=torch.long, device=pixels.device)
        shuffled, _, (places, (_, cols)) = self._embeddings.visual_embed(pixels, everywhere, max_image_length=-1)
        order = (places[..., 0] * cols + places[..., 1]).argsort(-1)
        patches = shuffled[:, 1:].gather(1, order[..., None].expand(-1, -1, shuffled.shape[-1]))
        return torch.cat([shuffled[:, :1], patches], 1)

    def score(self, image: Image.Image, of_states: Callable[[Tensor], Tensor]) -> PictureScore:
        """A differentiable score of the picture from one of the embedding, (n, elements, dim) → (n,).

        Raises:
            UserError: the picture is too long and narrow.
        """

        def states(pixels: Tensor) -> Tensor:
            with differentiable():
                return self.embed(pixels)

        pixels = self.pixels(image)
        return PictureScore(pixels, (self._grid(pixels), self._patch), 1, states, of_states)

    def _grid(self, pixels: Tensor) -> tuple[int, int]:
        return pixels.shape[1] // self._patch, pixels.shape[2] // self._patch

    def _check(self, image: Image.Image) -> None:
        shorter, longer = sorted(image.size)
        longest = int(self._processor.size["shortest_edge"] * MAX_LONGER_EDGE / MAX_SHORTER_EDGE)
        if shorter * longest / longer < self._narrowest:
            raise UserError(
                f"The picture is too long and narrow for this model: {image.width} × {image.height} pixels, and one "
                f"side may be at most {longest // self._narrowest} times the other; cut a part out and try again."
            )


def seen(picture: Picture) -> SeenPicture:
    """The picture with its grid.

    Raises:
        TypeError: another family looked at it.
    """
    if not isinstance(picture, SeenPicture):
        raise TypeError("this picture was looked at by a model of another family")
    return picture


def image_segment(picture: SeenPicture) -> Segment:
    """The elements of a picture's embedding."""
    places = [(row + 1, col + 1) for row in range(picture.rows) for col in range(picture.cols)]
    return Segment(
        name="image",
        modality="image",
        labels=("picture", *(f"row {row}, column {col}" for row, col in places)),
        layout=ImageLayout(picture.rows, picture.cols),
        leading=1,
    )
