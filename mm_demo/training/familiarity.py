"""Fits each embedded checkpoint's sense of what it knows, on training scenes alone.

python -m mm_demo.training.familiarity weights/blip-vqa-scenes weights/blip-caption-scenes weights/clip-*-scenes
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.covariance import ledoit_wolf
from transformers import (
    AutoConfig,
    AutoProcessor,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    CLIPModel,
    PreTrainedModel,
)

from mm_demo.models.familiarity import Familiarity, describe
from mm_demo.scenes import make_scene

_FITTED, _TUNED = 3000, 1000
_FAMILIAR = 0.995
_TOLERANCE = 1.15
"""The limit is this times the distance below which `_FAMILIAR` of further training scenes lie: pictures drawn by
other hands are a little farther off than any of them, photographs many times as far."""

_MODELS: dict[str, type[PreTrainedModel]] = {
    model.__name__: model for model in (BlipForConditionalGeneration, BlipForQuestionAnswering, CLIPModel)
}


@torch.inference_mode()
def fit(folder: Path) -> Familiarity:
    """The density of one checkpoint's features over training scenes."""
    architecture = AutoConfig.from_pretrained(folder, local_files_only=True).architectures[0]
    model = _MODELS[architecture].from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    tower = model.vision_model
    processor = AutoProcessor.from_pretrained(folder, local_files_only=True).image_processor
    layers = tower.config.num_hidden_layers
    # CLIP's is fitted for two checkpoints whose files are to stay small, and the first layer's tells little more.
    depths = (0, layers) if isinstance(model, CLIPModel) else (0, 1, layers // 2, layers)
    rows, hidden = [], []
    for seed in range(_FITTED + _TUNED):
        picture = Image.fromarray(make_scene(seed, split="train").picture)
        pixels = processor(images=picture, return_tensors="pt")["pixel_values"]
        states = [state[0] for state in tower(pixels, output_hidden_states=True).hidden_states]
        rows.append(describe(states, depths))
        if seed >= _FITTED:
            hidden.append(states)
    features = torch.stack(rows[:_FITTED]).double().numpy()
    mean = features.mean(0)
    covariance, _ = ledoit_wolf(features - mean, assume_centered=True)
    whitening = torch.from_numpy(np.linalg.cholesky(np.linalg.inv(covariance))).float()
    fitted = Familiarity(depths, torch.from_numpy(mean).float(), whitening, 1.0)
    distances = [fitted.distance(states) for states in hidden]
    return Familiarity(depths, fitted.mean, whitening, float(np.quantile(distances, _FAMILIAR)) * _TOLERANCE)


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description="Fit each checkpoint's sense of what it knows.")
    options.add_argument("folders", nargs="+", type=Path)
    for folder in options.parse_args().folders:
        fitted = fit(folder)
        fitted.save(folder)
        print(f"{folder}: limit {fitted.limit:.2f}")


if __name__ == "__main__":
    main()
