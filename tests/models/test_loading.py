"""Every way in which a checkpoint can be unusable is one plain sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mm_demo.errors import UserError
from mm_demo.models import finding
from mm_demo.models.catalog import CATALOG, cards_for, find_card
from mm_demo.models.device import choose_device
from mm_demo.models.loading import open_model


@pytest.fixture
def folder(caption_folder: Path, tmp_path: Path) -> Path:
    """A copy of a good checkpoint, to be damaged."""
    return Path(shutil.copytree(caption_folder, tmp_path / "copy"))


def _fails(folder: Path, match: str, task: str = "caption") -> None:
    with pytest.raises(UserError, match=match) as caught:
        open_model(task, str(folder), "cpu")
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_folder_opens_once_for_everybody(folder: Path) -> None:
    model = open_model("caption", str(folder), "cpu")
    assert open_model("caption", str(folder), "cpu") is model
    info = model.info
    assert (info.tier, info.device, info.dtype, info.layers, info.heads) == ("local", "cpu", "float32", 2, 4)
    assert info.size_bytes == (folder / "model.safetensors").stat().st_size
    assert info.parameters > 10_000


def test_half_precision_weights_open_in_the_devices_format(folder: Path) -> None:
    weights = {name: tensor.half() for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert open_model("caption", str(folder), "cpu").info.dtype == "float32"


def test_a_model_of_another_task(folder: Path) -> None:
    _fails(folder, "writes captions; choose one that answers questions", task="vqa")


def test_no_config(folder: Path) -> None:
    (folder / "config.json").unlink()
    _fails(folder, "has no config.json")


@pytest.mark.parametrize("text", ["{", "[]", '{"architectures": []}', "null"])
def test_a_damaged_config(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    _fails(folder, "config.json .* is damaged")


def test_an_unknown_architecture_names_the_known_ones(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"architectures": ["GPT2LMHeadModel"]}))
    _fails(folder, "is a GPT2LMHeadModel, .* it knows BlipForConditionalGeneration, BlipForQuestionAnswering")


def test_a_config_of_another_shape(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["hidden_size"] = 64
    (folder / "config.json").write_text(json.dumps(config))
    _fails(folder, "is damaged or incomplete")


def test_only_a_pickle(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    _fails(folder, "stored as a pickle")


def test_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    _fails(folder, "holds no weights")


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        ("{", "is damaged"),
        ('{"weight_map": []}', "is damaged"),
        ('{"weight_map": {}}', "is incomplete"),
        ('{"weight_map": {"a": "model-00001-of-00002.safetensors"}}', "1 of its 1 weight files are missing"),
        ('{"weight_map": {"a": "../../secret.safetensors"}}', "is incomplete"),
    ],
)
def test_weights_in_several_files_that_are_not_all_there(folder: Path, index: str, sentence: str) -> None:
    (folder / "model.safetensors").rename(folder.parent.parent / "secret.safetensors")
    (folder / "model.safetensors.index.json").write_text(index)
    _fails(folder, sentence)


def test_cut_off_weights(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])
    _fails(folder, "is damaged or incomplete")


def test_missing_weights(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    weights = load_file(folder / "model.safetensors")
    weights.pop("vision_model.embeddings.class_embedding")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _fails(folder, "1 of its weights are missing")
    assert capfd.readouterr() == ("", "")


def test_weights_that_are_no_numbers(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["vision_model.embeddings.class_embedding"].fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _fails(folder, "not numbers")


def test_a_missing_processor(folder: Path) -> None:
    for name in ("processor_config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink(missing_ok=True)
    _fails(folder, "is damaged or incomplete")


def test_a_processor_of_another_picture_size(folder: Path) -> None:
    path = next(p for p in (folder / "processor_config.json", folder / "preprocessor_config.json") if p.exists())
    config = json.loads(path.read_text())
    config.get("image_processor", config)["size"] = {"height": 64, "width": 64}
    path.write_text(json.dumps(config))
    _fails(folder, "makes pictures of 64 × 64 pixels, but its model takes 32 × 32")


def test_a_name_that_is_nowhere() -> None:
    _fails(Path("no-such-model"), "no model 'no-such-model': it is neither a folder nor a downloaded model")
    _fails(Path("../up"), "no model '../up'")


def test_a_hub_model_that_is_not_here_says_how_to_get_it() -> None:
    _fails(Path("Salesforce/blip-vqa-base"), "once with `python -m mm_demo models get Salesforce/", task="vqa")


def test_a_downloaded_model_opens_by_its_id(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, commit = tmp_path / "hub" / "models--someone--captions", "0123456789" * 4
    shutil.copytree(folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    info = open_model("caption", "someone/captions", "cpu").info
    assert (info.id, info.tier) == ("someone/captions", "hub")


def test_the_embedded_folder_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "WEIGHTS", tmp_path)
    with pytest.raises(UserError, match="The embedded model 'blip-vqa-scenes' is not in"):
        open_model("vqa")


def test_devices() -> None:
    assert choose_device("cpu").dtype == torch.float32
    assert choose_device("cpu, bfloat16").dtype_name == "bfloat16"
    for name in ("abacus", "cpu,float7", "cuda:99", "cpu:1"):
        with pytest.raises(UserError):
            choose_device(name)


def test_the_catalog_names_one_embedded_model_per_task() -> None:
    assert len({card.id for card in CATALOG}) == len(CATALOG)
    for task in ("caption", "vqa"):
        assert [card.id for card in cards_for(task, "embedded")] == [f"blip-{task}-scenes"]
    assert find_card("nothing") is None
