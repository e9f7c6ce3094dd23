"""Whisper on a tiny random checkpoint of the real class, against decoding by hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)

from mm_demo.errors import UserError
from mm_demo.models.catalog import cards_for
from mm_demo.models.loading import open_model
from mm_demo.models.transcription import Transcriber, open_transcriber
from mm_demo.models.transcription.whisper import windows

RATE = 16_000
LETTERS = "abcdefghijklmnopqrstuvwxyzĠ"
"""Of the byte-level alphabet; Ġ is the space."""
SPECIAL = (
    *("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>", "<|translate|>", "<|transcribe|>"),
    *("<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"),
)
LENGTH = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that knows single letters, with everything that the real ones bring."""
    folder = tmp_path_factory.mktemp("whisper")
    vocabulary = {piece: i for i, piece in enumerate([*LETTERS, *SPECIAL])}
    tokenizer = WhisperTokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": list(SPECIAL)})
    WhisperProcessor(WhisperFeatureExtractor(), tokenizer).save_pretrained(folder)
    end, start = vocabulary["<|endoftext|>"], vocabulary["<|startoftranscript|>"]
    tokens = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end, "decoder_start_token_id": start}
    shape = {
        **{f"{part}_{name}": n for part in ("encoder", "decoder") for name, n in (("layers", 1), ("ffn_dim", 32))},
        **{"encoder_attention_heads": 2, "decoder_attention_heads": 2, "d_model": 16, "max_target_positions": 32},
    }
    torch.manual_seed(0)
    config = WhisperConfig(vocab_size=len(vocabulary), init_std=1.0, suppress_tokens=None, **shape, **tokens)
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        **tokens,
        max_length=LENGTH,
        is_multilingual=True,
        lang_to_id={name: vocabulary[name] for name in ("<|en|>", "<|de|>")},
        task_to_id={name: vocabulary[f"<|{name}|>"] for name in ("translate", "transcribe")},
        no_timestamps_token_id=vocabulary["<|notimestamps|>"],
        begin_suppress_tokens=[end],
    )
    model.save_pretrained(folder)
    return folder


def opened(folder: Path) -> Transcriber:
    return cast(Transcriber, open_model("transcription", str(folder), "cpu"))


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)


@torch.inference_mode()
def by_hand(folder: Path, samples: np.ndarray) -> str:
    """Greedy decoding, token by token, with nothing of `generate`."""
    model = WhisperForConditionalGeneration.from_pretrained(folder).eval()
    tokenizer = WhisperTokenizer.from_pretrained(folder)
    features = WhisperFeatureExtractor()(samples, sampling_rate=RATE, return_tensors="pt").input_features
    start, english, german, transcribe, plain, end = tokenizer.convert_tokens_to_ids(
        ["<|startoftranscript|>", "<|en|>", "<|de|>", "<|transcribe|>", "<|notimestamps|>", "<|endoftext|>"]
    )

    def scores(tokens: list[int]) -> torch.Tensor:
        return model(features, decoder_input_ids=torch.tensor([tokens])).logits[0, -1]

    first = scores([start])
    prompt = [start, english if first[english] > first[german] else german, transcribe, plain]
    tokens = list(prompt)
    while len(tokens) < len(prompt) + LENGTH:
        values = scores(tokens)
        if len(tokens) == len(prompt):
            values[end] = -torch.inf
        tokens.append(int(values.argmax()))
        if tokens[-1] == end:
            break
    return str(tokenizer.decode(tokens, skip_special_tokens=True)).strip()


def test_it_writes_what_decoding_by_hand_writes(folder: Path) -> None:
    transcriber = opened(folder)
    expected = [by_hand(folder, noise(3, seed)) for seed in range(3)]
    assert all(expected)
    assert [transcriber.transcribe(noise(3, seed)) for seed in range(3)] == expected
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda seed: transcriber.transcribe(noise(3, seed)), range(3))) == expected


def test_silence_is_not_given_to_it(folder: Path) -> None:
    transcriber = opened(folder)
    assert transcriber.transcribe(np.zeros(3 * RATE, np.float32)) == ""
    assert transcriber.transcribe(np.zeros(0, np.float32)) == ""


def test_a_minute_is_heard_window_by_window(folder: Path) -> None:
    sound = noise(60)
    expected = [by_hand(folder, window) for window in windows(sound)]
    assert len(expected) == 3 and opened(folder).transcribe(sound) == " ".join(expected)


@pytest.mark.parametrize("seconds", [0.5, 30, 30.01, 60, 75])
def test_windows_are_the_whole_and_none_is_too_long(seconds: float) -> None:
    sound = noise(seconds)
    parts = list(windows(sound))
    assert np.array_equal(np.concatenate(parts), sound)
    assert all(len(part) <= 30 * RATE for part in parts)
    assert all(len(part) >= 25 * RATE for part in parts[:-1])


def test_a_window_ends_in_a_pause() -> None:
    sound = noise(40)
    sound[round(27.2 * RATE) : round(27.6 * RATE)] = 0
    assert 27.2 <= len(next(windows(sound))) / RATE <= 27.6


def _delete_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def _truncate_weights(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def _pickle_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _delete_tokenizer(folder: Path) -> None:
    for path in [*folder.glob("*token*"), *folder.glob("vocab*"), *folder.glob("processor*")]:
        path.unlink()


BREAKS = [_delete_weights, _truncate_weights, _pickle_weights, _delete_tokenizer]


@pytest.fixture
def cached(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkpoint as the hub's cache keeps a download."""
    revision = "0123456789abcdef0123456789abcdef01234567"
    [card] = cards_for("transcription")
    repository = tmp_path / f"models--{card.id.replace('/', '--')}"
    shutil.copytree(folder, repository / "snapshots" / revision)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(revision)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    return repository / "snapshots" / revision


def test_a_downloaded_whisper_is_preferred_and_opened_once(cached: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: open_transcriber(), range(3)))
    assert found[0].name == "Whisper" and found[0] is found[1] is found[2]
    assert found[0].transcribe(noise(3)) == by_hand(cached, noise(3))


@pytest.mark.parametrize("damage", BREAKS)
def test_a_damaged_one_gives_way(cached: Path, damage: Callable[[Path], None]) -> None:
    damage(cached)
    with pytest.raises(UserError) as caught:
        opened(cached)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert open_transcriber().name == "pocketsphinx (English)"
