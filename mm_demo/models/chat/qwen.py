"""Qwen2.5-VL and Qwen2-VL: pictures at nearly their own size, with positions of three axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from transformers import Qwen2_5_VLForConditionalGeneration, Qwen2VLForConditionalGeneration

from mm_demo.attention.trace import ImageLayout
from mm_demo.errors import UserError
from mm_demo.models.chat.network import View

_MOST_TOKENS = 1280
"""Most image tokens: larger pictures are made smaller, which these checkpoints would let grow to 16,384."""


class QwenVl:
    """How these models see a picture (see `Network`).

    The tower takes patches, in squares of four that become one token; the tokens are in reading order. (Inside,
    Qwen2.5-VL sorts them into windows and back again.)

    Args:
        model: opened.
        processor: the one saved with it.

    Raises:
        UserError: the two don't fit together.
    """

    def __init__(self, model: Qwen2_5_VLForConditionalGeneration | Qwen2VLForConditionalGeneration, processor: Any):
        body, config = model.model, model.config
        self.stack, self.head = body.language_model, model.lm_head
        self.vision, self.vision_layers = body.visual, body.visual.blocks
        self.connector: nn.Module = body.visual.merger
        self.image_token: int = config.image_token_id
        self._body, self._processor = body, processor
        self._images = processor.image_processor
        made = self._images.patch_size, self._images.merge_size
        if made != (config.vision_config.patch_size, config.vision_config.spatial_merge_size):
            raise UserError(
                f"This checkpoint is damaged: its processor makes patches of {made[0]} pixels and merges {made[1]}², "
                f"its model takes {config.vision_config.patch_size} pixels and merges "
                f"{config.vision_config.spatial_merge_size}²; get it again."
            )
        self._patch: int = made[0]
        self._merge: int = made[1]

    def look(self, image: Image.Image) -> tuple[tuple[Tensor, ...], View]:
        """An RGB picture's one canvas, and how it is seen.

        Raises:
            UserError: a picture over 200 times as long as it is wide, which these models refuse.
        """
        if max(image.size) > 200 * min(image.size):
            raise UserError("This picture is too long and thin for this model; cut it to at most 200 times its width.")
        own, most = self._images.size, _MOST_TOKENS * (self._patch * self._merge) ** 2
        size = {"shortest_edge": own["shortest_edge"], "longest_edge": min(own["longest_edge"], most)}
        seen = self._images(images=image, size=size, return_tensors="pt")
        rows, cols = (int(side) // self._merge for side in seen["image_grid_thw"][0][1:])
        weight = next(self.vision.parameters())
        canvas = self._joined(seen["pixel_values"], rows, cols).to(weight.device, weight.dtype)
        return (canvas,), View(ImageLayout(rows, cols), self._processor.image_token * (rows * cols))

    def canvases(self, first: Tensor) -> tuple[Tensor, ...]:
        """The first is all there are."""
        return (first,)

    def features(self, canvases: Sequence[Tensor]) -> Tensor:
        """(n, image tokens, dim)."""
        [canvas] = canvases
        patches, rows, cols = self._images.patchify(canvas, self._patch, self._merge, self._images.temporal_patch_size)
        grid = torch.tensor([[1, rows, cols]], device=canvas.device).expand(len(canvas), -1)
        features: Tensor = self.vision(patches.flatten(0, 1), grid_thw=grid).pooler_output
        return features.reshape(len(canvas), -1, features.shape[-1])

    def positions(self, ids: Tensor, view: View) -> Tensor:
        """(3, 1, length): time, height and width; those of a text are alike."""
        sides = [view.layout.rows * self._merge, view.layout.cols * self._merge]
        grid = torch.tensor([[1, *sides]], device=ids.device)
        kinds = (ids == self.image_token).int()
        found, _ = self._body.get_rope_index(ids, mm_token_type_ids=kinds, image_grid_thw=grid)
        positions: Tensor = found
        return positions

    def _joined(self, patches: Tensor, rows: int, cols: int) -> Tensor:
        """(patches, values) → (3, height, width): what the processor cut up."""
        side = self._merge * self._patch
        shape = (rows, cols, self._merge, self._merge, -1, self._images.temporal_patch_size, self._patch, self._patch)
        cut = patches.reshape(shape)[:, :, :, :, :, 0]
        return cut.permute(4, 0, 2, 5, 1, 3, 6).reshape(-1, rows * side, cols * side)
