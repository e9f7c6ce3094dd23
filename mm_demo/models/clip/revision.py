"""A short name for exactly these weights and this way of preparing pictures."""

from __future__ import annotations

import hashlib
import json

import torch
from transformers import BaseImageProcessor, PreTrainedModel

_SAMPLES = 4096
_SETTINGS = (
    "do_convert_rgb", "do_resize", "size", "resample", "do_center_crop", "crop_size", "do_rescale", "rescale_factor",
    "do_normalize", "image_mean", "image_std",
)  # fmt: skip


def revision_of(model: PreTrainedModel, processor: BaseImageProcessor) -> str:
    """16 hexadecimal digits, the same on every device and in float32 as in bfloat16.

    Of each weight matrix up to 4,096 evenly spread values count: every training step changes them all.
    """
    digest = hashlib.sha256()
    settings = processor.to_dict()
    digest.update(json.dumps([settings.get(name) for name in _SETTINGS], default=str).encode())
    for name, weight in sorted(model.named_parameters()):
        values = weight.detach().flatten()
        spread = values[:: max(1, len(values) // _SAMPLES)].to(torch.bfloat16).cpu()
        digest.update(f"{name} {tuple(weight.shape)}".encode())
        digest.update(spread.view(torch.int16).numpy().tobytes())
    return digest.hexdigest()[:16]
