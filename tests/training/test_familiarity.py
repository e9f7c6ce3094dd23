"""The sense of what a checkpoint knows is fitted to CLIP as to BLIP, and tells scenes from noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.covariance import ledoit_wolf
from transformers import CLIPModel, CLIPProcessor

from mm_demo.models.familiarity import Familiarity, describe
from mm_demo.models.loading import open_model
from mm_demo.scenes import make_scene
from mm_demo.training import familiarity
from tests.models.clip_checkpoints import save

FITTED, TUNED = 120, 40


def test_a_clip_checkpoint_tells_scenes_from_noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(familiarity, "_FITTED", FITTED)
    monkeypatch.setattr(familiarity, "_TUNED", TUNED)
    folder = save("clip", tmp_path)
    fitted = familiarity.fit(folder)
    assert fitted.depths == (0, 3)
    model, processor = CLIPModel.from_pretrained(folder).eval(), CLIPProcessor.from_pretrained(folder).image_processor
    rows = []
    for seed in range(FITTED):
        given = processor(images=Image.fromarray(make_scene(seed, split="train").picture), return_tensors="pt")
        with torch.no_grad():
            hidden = model.vision_model(**given, output_hidden_states=True).hidden_states
        rows.append(describe([state[0] for state in hidden], fitted.depths))
    features = torch.stack(rows).double().numpy()
    covariance, _ = ledoit_wolf(features)
    centred = features[:5] - features.mean(0)
    squared = np.einsum("nf,fg,ng->n", centred, np.linalg.inv(covariance), centred)
    whitened = (centred @ fitted.whitening.double().numpy()) ** 2
    np.testing.assert_allclose(whitened.sum(1), squared, rtol=1e-3)

    fitted.save(folder)
    stored = Familiarity.open(folder)
    assert stored is not None
    torch.testing.assert_close(stored.whitening, fitted.whitening, atol=1e-2, rtol=1e-3)
    matcher = open_model("retrieval", str(folder), "cpu")
    scenes = [matcher.look(Image.fromarray(make_scene(seed).picture)).familiar for seed in range(20)]
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8))
    assert sum(scenes) >= 17
    assert not matcher.look(noise).familiar
