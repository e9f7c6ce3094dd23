"""A vision tower as pictures go through it: pixels, vectors, and where its attention lives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import BaseImageProcessor, PreTrainedModel

from mm_demo.attention.recorder import Recorder, Site
from mm_demo.attention.trace import ImageLayout, Segment
from mm_demo.errors import UserError
from mm_demo.models.blocks import blocks_of
from mm_demo.models.clip.tracing import Traced, enter_at, entered
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import Picture
from mm_demo.models.removal import filling, without_patches

_PROBE = Image.new("RGB", (48, 32))
_WIDE = 512
"""From this width on matrix products, not the calls around them, take a tower's time on a CPU."""


class VisionTower:
    """The vision half of a dual encoder, with the processor's picture settings.

    Args:
        model: CLIP or SigLIP, frozen, computing attention through the registry.
        processor: the picture half of the one saved with it.
        attention: class of the modules that attend.
        pool: the module that pools by attention; None where a leading class token stands for the picture.
        familiarity: judges whether a picture is of the kind the checkpoint knows; None where it can't.

    Raises:
        UserError: the processor makes pictures of another size than the model takes.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        processor: BaseImageProcessor,
        attention: type[nn.Module],
        pool: nn.Module | None,
        familiarity: Familiarity | None,
    ) -> None:
        config = model.config.vision_config
        self._model, self._processor, self._pool, self._familiarity = model, processor, pool, familiarity
        self._attention = [module for module in model.vision_model.modules() if isinstance(module, attention)]
        self._side = config.image_size // config.patch_size
        made = self.pixels([_PROBE]).shape[-2:]
        if made != (config.image_size, config.image_size):
            raise UserError(
                f"This checkpoint is damaged: its processor makes pictures of {made[1]} × {made[0]} pixels, "
                f"but its model takes {config.image_size} × {config.image_size}; get it again."
            )
        enter_at(model.vision_model.embeddings)

    def pixels(self, images: Sequence[Image.Image]) -> Tensor:
        """What the model is given: (images, 3, side, side)."""
        made: Tensor = self._processor(images=list(images), return_tensors="pt")["pixel_values"]
        return made.to(self._model.device, self._model.dtype)

    def embed(self, images: Sequence[Image.Image]) -> Tensor:
        """(images, dimensions) float32, each row of length 1."""
        return self.embed_pixels(self.pixels(images))

    def embed_pixels(self, pixels: Tensor) -> Tensor:
        """As `embed`, of what `pixels` made or something like it."""
        features: Tensor = self._model.get_image_features(pixel_values=pixels).pooler_output
        return normalize(features.float(), dim=-1)

    def variants(self, image: Image.Image, removal: str) -> Callable[[np.ndarray], Tensor]:
        """From (n, patches) bool, True where a patch of a picture is kept, to (n, dimensions), each of length 1.

        Args:
            image: whole.
            removal: one of `mm_demo.models.removal.WAYS`.
        """
        whole = self.pixels([image])[0]
        filled = filling(whole, removal)
        shape, patch = (self._side, self._side), self._model.config.vision_config.patch_size
        return lambda kept: self.embed_pixels(without_patches(whole, filled, torch.from_numpy(kept), shape, patch))

    def blocks(self) -> list[tuple[str, nn.Module]]:
        """What the tower is made of, the first to run first; changing them changes the tower."""
        parts = blocks_of(self._model.vision_model.named_children())
        return [*parts, *blocks_of((n, m) for n, m in self._model.named_children() if n == "visual_projection")]

    def embed_quickly(self, images: Sequence[Image.Image]) -> Tensor:
        """As `embed`, without a graph; wide towers in half precision where the CPU computes in it, cosines to 0.01."""
        model = self._model
        wide = model.config.vision_config.hidden_size >= _WIDE
        half = wide and model.device.type == "cpu" and bool(torch.cpu.get_capabilities().get("avx512_bf16"))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            return self.embed(images)

    def look(self, image: Image.Image) -> Picture:
        """The picture's encoding and how familiar it is."""
        judged = self._familiarity
        with torch.inference_mode():
            output = self._model.vision_model(self.pixels([image]), output_hidden_states=judged is not None)
            score = 1.0 if judged is None else judged.score([hidden[0] for hidden in output.hidden_states])
        familiar = judged is None or score >= judged.threshold
        return Picture(image, output.last_hidden_state.clone(), familiarity=score, familiar=familiar)

    def trace(self, image: Image.Image, segment: str, pool: str) -> Traced:
        """Embed one picture with its attention recorded and differentiable.

        Args:
            image: upright, RGB.
            segment: what the patches are to be called, the class token before them.
            pool: what the element that pools them is to be called, where there is one. It stands for no part of the
                picture.
        """
        sites = [Site(module, layer, "self", segment, segment) for layer, module in enumerate(self._attention)]
        segments = {segment: self._patches(segment)}
        if self._pool is not None:
            sites.append(Site(self._pool, 0, "cross", pool, segment))
            segments[pool] = Segment(pool, "image", ("picture",), ImageLayout(0, 0), leading=1)
        recorder = Recorder(sites, differentiable=True)
        with recorder.active(), entered():
            vector = self.embed([image])[0]
        return Traced(vector, recorder.take(), segments, (segment if self._pool is None else pool, 0))

    def _patches(self, name: str) -> Segment:
        leading = int(self._pool is None)
        places = (f"row {i // self._side + 1}, column {i % self._side + 1}" for i in range(self._side**2))
        return Segment(
            name, "image", ("picture",) * leading + tuple(places), ImageLayout(self._side, self._side), leading
        )
