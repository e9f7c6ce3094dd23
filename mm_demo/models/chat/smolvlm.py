"""SmolVLM and Idefics3: pictures in tiles and once more as a whole, before a Llama decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate
from transformers import Idefics3ForConditionalGeneration, SmolVLMForConditionalGeneration

from mm_demo.attention.trace import ImageLayout
from mm_demo.errors import UserError
from mm_demo.models.chat.network import View


class SmolVlm:
    """How these models see a picture (see `Network`).

    The processor stretches a picture to a whole number of square tiles, so no tile is padded. Each tile becomes a
    square of tokens ("pixel shuffle"), tile after tile, and the whole picture, squeezed into one tile, comes last. A
    picture that fits into one tile is seen as a whole only.

    Args:
        model: opened.
        processor: the one saved with it.

    Raises:
        UserError: the two don't fit together.
    """

    def __init__(
        self, model: SmolVLMForConditionalGeneration | Idefics3ForConditionalGeneration, processor: Any
    ) -> None:
        body, config = model.model, model.config
        self.stack, self.head = body.text_model, model.lm_head
        self.vision, self.vision_layers = body.vision_model, body.vision_model.encoder.layers
        self.connector = body.connector
        self.image_token: int = config.image_token_id
        self._processor = processor
        self._tile: int = config.vision_config.image_size
        self._side = self._tile // config.vision_config.patch_size // config.scale_factor
        made = processor.image_processor.max_image_size["longest_edge"], processor.image_seq_len
        if made != (self._tile, self._side**2):
            raise UserError(
                f"This checkpoint is damaged: its processor makes tiles of {made[0]} pixels and {made[1]} tokens, its "
                f"model takes {self._tile} pixels and makes {self._side**2} tokens; get it again."
            )

    def look(self, image: Image.Image) -> tuple[tuple[Tensor, ...], View]:
        """An RGB picture's canvases, the tiles put together and the whole, and how it is seen."""
        seen = self._processor.image_processor(images=image, return_tensors="pt", return_row_col_info=True)
        weight = self.vision.embeddings.patch_embedding.weight
        tiles = seen["pixel_values"][0].to(weight.device, weight.dtype)
        [[rows]], [[cols]] = seen["rows"], seen["cols"]
        text = self._processor.replace_image_token({"rows": [[rows]], "cols": [[cols]]}, 0)
        whole = tiles[-1]
        view = View(_layout(rows, cols, self._side), text)
        return ((_joined(tiles[:-1], rows, cols), whole) if rows else (whole,)), view

    def canvases(self, first: Tensor) -> tuple[Tensor, ...]:
        """The tiles put together, and squeezed into one."""
        one = (self._tile, self._tile)
        if first.shape[2:] == one:
            return (first,)
        return first, interpolate(first, one, mode="bicubic", antialias=True)

    def features(self, canvases: Sequence[Tensor]) -> Tensor:
        """(n, image tokens, dim)."""
        tiles = torch.cat([self._cut(canvas) for canvas in canvases], dim=1)
        # Not by the model's own `get_image_features`, which drops tiles of nothing but zeros as padding.
        seen = self.vision(pixel_values=tiles.flatten(0, 1)).last_hidden_state
        features: Tensor = self.connector(seen)
        return features.reshape(len(tiles), -1, features.shape[-1])

    def positions(self, ids: Tensor, view: View) -> Tensor:
        """0, 1, …, (1, length)."""
        return torch.arange(ids.shape[1], device=ids.device)[None]

    def _cut(self, canvas: Tensor) -> Tensor:
        """(n, 3, height, width) → (n, tiles, 3, side, side), row after row."""
        count, channels, height, width = canvas.shape
        rows, cols = height // self._tile, width // self._tile
        cut = canvas.reshape(count, channels, rows, self._tile, cols, self._tile)
        return cut.permute(0, 2, 4, 1, 3, 5).reshape(count, rows * cols, channels, self._tile, self._tile)


def _joined(tiles: Tensor, rows: int, cols: int) -> Tensor:
    """(tiles, 3, side, side) → (3, height, width)."""
    _, channels, side, _ = tiles.shape
    joined = tiles.reshape(rows, cols, channels, side, side).permute(2, 0, 3, 1, 4)
    return joined.reshape(channels, rows * side, cols * side)


def _layout(rows: int, cols: int, side: int) -> ImageLayout:
    """The tokens of rows · cols tiles and of the whole, each a square of `side` · `side` tokens."""
    if not rows:
        return ImageLayout(side, side)
    within = [(i, j) for i in range(side) for j in range(side)]
    boxes = [
        (r * side + i, c * side + j, r * side + i + 1, c * side + j + 1)
        for r in range(rows)
        for c in range(cols)
        for i, j in within
    ]
    boxes += [(i * rows, j * cols, (i + 1) * rows, (j + 1) * cols) for i, j in within]
    return ImageLayout(rows * side, cols * side, tuple(boxes))
