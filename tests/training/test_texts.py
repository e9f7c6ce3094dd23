"""Packed questions are encoded exactly as one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import BlipProcessor

from mm_demo.scenes import COLORS, KINDS
from mm_demo.training import blip, vision
from mm_demo.training.texts import make_processor, pack, padded

TEXTS = [[[2, 7, 3], [2, 8, 9, 10, 3]], [[2, 3], [2, 11, 3]]]


def test_pack_by_hand() -> None:
    packed = pack(TEXTS)
    assert packed.ids.tolist() == [[2, 7, 3, 2, 8, 9, 10, 3], [2, 3, 2, 11, 3, 0, 0, 0]]
    assert packed.positions.tolist() == [[0, 1, 2, 0, 1, 2, 3, 4], [0, 1, 0, 1, 2, 0, 0, 0]]
    assert packed.owner.tolist() == [[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, -1, -1, -1]]
    flat = packed.ids.flatten()[packed.tokens_at]
    for row, text in enumerate(text for texts in TEXTS for text in texts):
        assert flat[row][packed.mask[row] == 1].tolist() == text


def test_padded() -> None:
    assert padded([[5, 6], [7]]).tolist() == [[5, 6], [7, 0]]


@pytest.fixture(scope="module")
def processor(tmp_path_factory: pytest.TempPathFactory) -> BlipProcessor:
    return make_processor(tmp_path_factory.mktemp("processor"), 128, vision.MEAN, vision.STD)


def test_the_vocabulary_knows_the_world_and_spells_the_rest(processor: BlipProcessor) -> None:
    tokenizer = processor.tokenizer
    for word in (*KINDS, *COLORS, "color", "colour", "which", "none", "bigger", "underneath", "4"):
        assert tokenizer.tokenize(word) == [word]
    assert tokenizer.tokenize("strr") == ["s", "##t", "##r", "##r"]
    assert tokenizer.tokenize("What COLOR?") == ["what", "color", "?"]


def test_packed_states_equal_those_of_each_question_alone(processor: BlipProcessor, tmp_path: Path) -> None:
    torch.manual_seed(0)
    seeing = vision.Seeing()
    seeing.tower.save_pretrained(tmp_path)
    save_file(seeing.heads.state_dict(), str(tmp_path / "heads.safetensors"))
    model = blip.Speaking(blip.blip_config(processor), tmp_path).eval()
    asked = processor.tokenizer(["what color is the star?", "is it?", "how many?", "where is the small red fish?"])
    packed = pack([asked["input_ids"][:2], asked["input_ids"][2:]])
    image = torch.randn(2, 65, vision.vision_config().hidden_size)
    with torch.no_grad():
        states = model.read(image, packed.ids, packed.positions, packed.owner).flatten(0, 1)[packed.tokens_at]
        for row, ids in enumerate(asked["input_ids"]):
            alone = model.vqa.text_encoder(
                input_ids=torch.tensor([ids]), encoder_hidden_states=image[row // 2 : row // 2 + 1]
            ).last_hidden_state[0]
            torch.testing.assert_close(states[row, : len(ids)], alone, atol=1e-5, rtol=1e-4)
