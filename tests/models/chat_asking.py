"""A chat checkpoint asked in the ordinary way, by its own processor: what the project is held against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor, PreTrainedModel

CAPTION = "Describe the picture in one sentence."
ANSWER = "Answer with a word or a short phrase."


def picture(width: int = 100, height: int = 60, seed: int = 0) -> Image.Image:
    """Noise in blocks, so that it is still noise when it has been made smaller."""
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((width, height), Image.Resampling.NEAREST)


def plain(folder: Path, **settings: Any) -> PreTrainedModel:
    """The model as transformers opens it."""
    model: PreTrainedModel = AutoModelForImageTextToText.from_pretrained(folder, **settings).eval()
    return model.requires_grad_(False)


def inputs(folder: Path, image: Image.Image, said: str) -> dict[str, torch.Tensor]:
    """What the checkpoint's own processor makes of a picture and a sentence."""
    processor = AutoProcessor.from_pretrained(folder)
    content = [{"type": "image"}, {"type": "text", "text": said}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    made: dict[str, torch.Tensor] = dict(processor(images=image, text=[text], return_tensors="pt"))
    return made


def longer(made: dict[str, torch.Tensor], ids: list[int]) -> dict[str, torch.Tensor]:
    """The same with more ids at the end."""
    more = torch.tensor([ids], dtype=torch.long)
    found = dict(made) | {"input_ids": torch.cat([made["input_ids"], more], dim=1)}
    found["attention_mask"] = torch.ones_like(found["input_ids"])
    if "mm_token_type_ids" in made:
        found["mm_token_type_ids"] = torch.cat([made["mm_token_type_ids"], torch.zeros_like(more)], dim=1)
    return found
