"""The CLIP checkpoints' training: what the tower keeps, what a text may become, which pairs are pushed apart."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
import torch
from transformers import BlipForQuestionAnswering, CLIPModel, CLIPTokenizerFast

from mm_demo.scenes import make_scene
from mm_demo.scenes.descriptions import describe_all, describe_some
from mm_demo.training import vision
from mm_demo.training.bank import SIDE, open_bank
from mm_demo.training.clip.__main__ import Aligning
from mm_demo.training.clip.batches import Collate, may_be_true
from mm_demo.training.clip.processor import LONGEST, make_processor
from mm_demo.training.clip.towers import SEEING, make_model


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizerFast:
    found: CLIPTokenizerFast = make_processor(SIDE, vision.MEAN, vision.STD).tokenizer
    return found


def test_words_of_the_world_are_whole_tokens(tokenizer: CLIPTokenizerFast) -> None:
    assert tokenizer.tokenize("a red umbrella left of two blue houses") == [
        f"{word}</w>" for word in ("a", "red", "umbrella", "left", "of", "two", "blue", "houses")
    ]


def test_nothing_typed_becomes_the_token_that_ends_a_text(tokenizer: CLIPTokenizerFast) -> None:
    everything = " ".join(chr(i) for i in (*range(33, 0x250), 0x4E2D, 0x1F600, 0x7FF, 0xFFFD))
    ids = tokenizer(everything, truncation=False)["input_ids"]
    assert ids.count(tokenizer.eos_token_id) == 1
    assert ids.count(tokenizer.bos_token_id) == 1


def test_the_processor_keeps_the_whole_picture() -> None:
    processor = make_processor(SIDE, vision.MEAN, vision.STD)
    picture = np.zeros((40, 120, 3), np.uint8)
    picture[:, 100:] = 255
    pixels = processor(images=picture, return_tensors="pt")["pixel_values"]
    assert pixels.shape == (1, 3, SIDE, SIDE)
    assert pixels[0, :, :, -1].min() > 0.9


def test_the_tower_sees_what_blip_sees(tokenizer: CLIPTokenizerFast) -> None:
    model = make_model(len(tokenizer), tokenizer.bos_token_id, tokenizer.eos_token_id).eval()
    blip = BlipForQuestionAnswering.from_pretrained(SEEING, local_files_only=True, dtype=torch.float32).vision_model
    pictures = torch.from_numpy(np.stack([make_scene(s).picture for s in range(8)])).permute(0, 3, 1, 2)
    with torch.inference_mode():
        states = model.vision_model(vision.normalised(pictures)).last_hidden_state
        ours = model.vision_model.post_layernorm(states)
        theirs = blip.eval()(vision.normalised(pictures)).last_hidden_state
    alike = torch.cosine_similarity(ours[:, 1:], theirs[:, 1:], dim=-1)
    other = torch.cosine_similarity(ours[:, 1:], theirs.roll(1, 0)[:, 1:], dim=-1)
    assert alike.mean() > 0.98
    assert other.mean() < 0.9


def test_may_be_true_is_what_each_description_says() -> None:
    rng = Random(0)
    scenes = [make_scene(s).objects for s in range(40)]
    said = [describe(objects, rng) for objects in scenes for describe in (describe_all, describe_some)]
    expected = np.array([[d.fits(objects) for d in said] for objects in scenes])
    assert (may_be_true(said, scenes) == expected).all()
    assert expected.sum() > len(said)


@pytest.mark.parametrize("loss", ["contrastive", "triplet"])
def test_a_few_steps_bring_texts_and_pictures_together(
    loss: str, tmp_path: object, tokenizer: CLIPTokenizerFast
) -> None:
    torch.manual_seed(0)
    bank = open_bank(tmp_path, 16, 1)  # type: ignore[arg-type]
    batch = Collate(bank, tokenizer, LONGEST)([(i, i) for i in range(8)])
    assert batch["matches"].sum(0).max() == 1
    assert not (batch["matches"] & batch["negatives"]).any()
    model = make_model(len(tokenizer), tokenizer.bos_token_id, tokenizer.eos_token_id)
    aligning = Aligning(model, loss).train()  # type: ignore[arg-type]
    optimizer = torch.optim.AdamW(aligning.parameters(), 1e-3)
    before = _gap(model, batch)
    for _ in range(6):
        optimizer.zero_grad()
        aligning(**batch)["loss"].backward()
        optimizer.step()
    assert _gap(model, batch) > before + 0.005


@torch.no_grad()
def _gap(model: CLIPModel, batch: dict[str, torch.Tensor]) -> float:
    """How much more similar a picture is to its own texts than to those that are false of it."""
    image = model.get_image_features(pixel_values=vision.normalised(batch["pictures"])).pooler_output
    text = model.get_text_features(input_ids=batch["ids"], attention_mask=batch["mask"]).pooler_output
    cosines = torch.cosine_similarity(image[:, None], text[None], dim=-1)
    return float(cosines[batch["matches"]].mean() - cosines[batch["negatives"]].mean())
