"""A checkpoint with a familiarity file judges pictures by its own vision features."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipProcessor

from mm_demo.models.familiarity import Familiarity, describe
from mm_demo.models.loading import open_model

DEPTHS = (0, 2)


@pytest.mark.parametrize("known", [True, False])
def test_the_score_is_that_of_the_vision_encoders_hidden_states(
    caption_folder: Path, pictures: list[Image.Image], tmp_path: Path, known: bool
) -> None:
    plain = BlipForConditionalGeneration.from_pretrained(caption_folder).eval()
    pixels = BlipProcessor.from_pretrained(caption_folder)(images=pictures[0], return_tensors="pt").pixel_values
    with torch.no_grad():
        hidden = plain.vision_model(pixels, output_hidden_states=True).hidden_states
    features = [layer[0] for layer in hidden]
    assert len(features) == 3
    mean = describe(features, DEPTHS) + (0.5 if known else 5.0)
    density = Familiarity(DEPTHS, mean.half().float(), torch.eye(len(mean)), limit=2.0)
    folder = Path(shutil.copytree(caption_folder, tmp_path / "model"))
    density.save(folder)

    task_model = open_model("caption", str(folder), "cpu")
    picture = task_model.look(pictures[0])
    assert picture.familiarity == pytest.approx(density.score(features), abs=1e-4)
    assert picture.familiar is known
    assert replace(density, limit=1e-6).score(features) < 0.01
    assert task_model.info.size_bytes == (folder / "model.safetensors").stat().st_size


def test_a_checkpoint_that_cannot_tell_knows_everything(caption_folder: Path, pictures: list[Image.Image]) -> None:
    picture = open_model("caption", str(caption_folder), "cpu").look(pictures[0])
    assert (picture.familiar, picture.familiarity) == (True, 1.0)
