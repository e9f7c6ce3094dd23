"""Dual encoders open from a folder, or say in one sentence why not; indexes recognise them by their revision."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, CLIPModel, CLIPProcessor, SiglipModel, SiglipProcessor

from mm_demo.errors import UserError
from mm_demo.models import finding
from mm_demo.models.catalog import cards_for
from mm_demo.models.clip import SiglipMatcher
from mm_demo.models.clip.revision import revision_of
from mm_demo.models.familiarity import FILE, Familiarity, describe
from mm_demo.models.family import ModelInfo
from mm_demo.models.loading import open_model
from tests.models.clip_checkpoints import NAMES, save

INFO = ModelInfo("tiny", "Tiny", "local", "cpu", "float32", 1, 1, 2, 4)


@pytest.fixture(params=NAMES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return save(request.param, tmp_path / request.param)


@pytest.fixture
def clip_folder(tmp_path: Path) -> Path:
    return save("clip", tmp_path / "clip")


def _fails(folder: Path, match: str, task: str = "retrieval") -> None:
    with pytest.raises(UserError, match=match) as caught:
        open_model(task, str(folder), "cpu")
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def _change(folder: Path, name: str, **values: Any) -> None:
    """Change settings of the picture half of a saved processor."""
    path = folder / name
    config = json.loads(path.read_text())
    config["image_processor"] |= values
    path.write_text(json.dumps(config))


def test_a_folder_opens_once_and_shows_the_pictures_tower(folder: Path) -> None:
    matcher = open_model("retrieval", str(folder), "cpu")
    assert open_model("retrieval", str(folder), "cpu") is matcher
    assert (matcher.family, matcher.info.layers, matcher.info.heads) == (folder.name, 3, 4)


def test_a_model_of_another_task(folder: Path, caption_folder: Path) -> None:
    _fails(folder, "searches pictures; choose one that writes captions", task="caption")
    _fails(caption_folder, "writes captions; choose one that searches pictures")


def test_a_processor_of_another_picture_size(folder: Path) -> None:
    size = {"height": 64, "width": 64}
    _change(folder, "processor_config.json", size=size, crop_size=size)
    _fails(folder, "makes pictures of 64 × 64 pixels, but its model takes 32 × 32")


def test_missing_weights(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights.pop("text_model.final_layer_norm.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _fails(folder, "1 of its weights are missing")


def test_cut_off_weights(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])
    _fails(folder, "is damaged or incomplete")


def test_no_tokenizer(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()
    (folder / "processor_config.json").unlink()
    _fails(folder, "is damaged")


def test_a_tokenizer_of_another_model(tmp_path: Path) -> None:
    folder = save("clip", tmp_path / "clip")
    processor = CLIPProcessor.from_pretrained(folder)
    processor.tokenizer.add_tokens(["zebra"])
    processor.save_pretrained(folder)
    _fails(folder, "its tokenizer knows 520 tokens, its model 519")


def test_a_tokenizer_without_places(tmp_path: Path) -> None:
    folder = save("siglip", tmp_path)
    model, processor = SiglipModel.from_pretrained(folder).eval(), SiglipProcessor.from_pretrained(folder)

    class Slow:
        is_fast = False

    processor.tokenizer = Slow()
    with pytest.raises(UserError, match="choose a model with a fast tokenizer"):
        SiglipMatcher(model, processor, INFO)


def test_siglip_without_its_pooling_head(tmp_path: Path) -> None:
    _fails(save("siglip", tmp_path, vision_use_head=False), "pools its patches by no attention")


def test_the_revision_follows_weights_and_settings_but_not_the_number_format(clip_folder: Path) -> None:
    def revision(dtype: torch.dtype = torch.float32) -> str:
        model = CLIPModel.from_pretrained(clip_folder, dtype=dtype)
        return revision_of(model, CLIPProcessor.from_pretrained(clip_folder).image_processor)

    first = revision()
    assert first == revision() == revision(torch.bfloat16) == open_model("retrieval", str(clip_folder), "cpu").revision
    _change(clip_folder, "processor_config.json", do_center_crop=False)
    second = revision()
    weights = load_file(clip_folder / "model.safetensors")
    weights["visual_projection.weight"][0] += 0.25
    save_file(weights, clip_folder / "model.safetensors", metadata={"format": "pt"})
    assert len({first, second, revision()}) == 3


@pytest.mark.parametrize("known", [True, False])
def test_familiarity_is_that_of_the_towers_hidden_states(
    clip_folder: Path, pictures: list[Image.Image], known: bool
) -> None:
    plain = CLIPModel.from_pretrained(clip_folder).eval()
    given = CLIPProcessor.from_pretrained(clip_folder).image_processor(images=pictures[0], return_tensors="pt")
    with torch.no_grad():
        hidden = plain.vision_model(**given, output_hidden_states=True).hidden_states
    features = [layer[0] for layer in hidden]
    assert len(features) == 4
    depths = (0, 1, 3)
    mean = describe(features, depths) + (0.5 if known else 5.0)
    triangle = torch.eye(len(mean)) + 0.01 * torch.randn(len(mean), len(mean)).tril(-1)
    density = Familiarity(depths, mean.half().float(), triangle.half().float(), limit=2.0)
    density.save(clip_folder)
    # Of n × n numbers in half precision only the lower triangle is kept.
    assert (clip_folder / FILE).stat().st_size < 2 * len(mean) * (len(mean) + 1) / 2 + 2 * len(mean) + 500

    picture = open_model("retrieval", str(clip_folder), "cpu").look(pictures[0])
    centred = describe(features, depths) - density.mean
    by_hand = float((centred @ triangle.half().float()).square().mean().sqrt())
    assert picture.familiarity == pytest.approx(0.5 ** ((by_hand / 2.0) ** 2), abs=1e-4)
    assert picture.familiar is known
    assert replace(density, limit=1e-6).score(features) < 0.01


def test_a_checkpoint_that_cannot_tell_knows_everything(folder: Path, pictures: list[Image.Image]) -> None:
    picture = open_model("retrieval", str(folder), "cpu").look(pictures[0])
    assert (picture.familiar, picture.familiarity) == (True, 1.0)


def test_the_embedded_one_that_opens_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [card.id for card in cards_for("retrieval", "embedded")]
    assert names == ["clip-contrastive-scenes", "clip-triplet-scenes"]
    monkeypatch.setattr(finding, "WEIGHTS", tmp_path)
    with pytest.raises(UserError, match="'clip-contrastive-scenes' is not in"):
        open_model("retrieval", device="cpu")
    save("clip", tmp_path / names[0])
    assert open_model("retrieval", device="cpu").info.tier == "embedded"


def test_a_downloaded_siglip_2_opens_by_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save("siglip", tmp_path)
    monkeypatch.setattr(finding, "local_folder", lambda name: folder)
    assert open_model("retrieval", "google/siglip2-base-patch16-224", "cpu").info.tier == "hub"


def test_siglip_2_reads_lower_case_though_gemmas_tokenizer_does_not_make_it(tmp_path: Path) -> None:
    folder = save("siglip", tmp_path / "siglip")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"tokenizer_class": "GemmaTokenizer"}))
    raw = AutoTokenizer.from_pretrained(folder)
    assert raw("RED").input_ids != raw("red").input_ids, "a tokenizer that lower-cases by itself would prove nothing"

    matcher = open_model("retrieval", str(folder), "cpu")

    typed = matcher.read("A RED Star")
    assert typed.ids == matcher.read("a red star").ids
    assert [typed.ranges[i] for i, label in enumerate(typed.labels) if label == "RED"] == [(2, 5)]
