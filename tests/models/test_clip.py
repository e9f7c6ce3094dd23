"""CLIP and SigLIP against the library: vectors, recorded attention, gradients, and what each word brings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import AutoModel, AutoProcessor, PreTrainedModel, ProcessorMixin

from mm_demo.attention.methods import METHODS
from mm_demo.attention.trace import ImageLayout, Record, TextLayout, Trace
from mm_demo.models.clip import word_matches
from mm_demo.models.clip.matcher import DualEncoder
from mm_demo.models.family import Matched
from mm_demo.models.loading import open_model
from tests.models.clip_checkpoints import LONGEST, NAMES, save

TEXT = "A red STAR, isn't it?"
STRANGE = ("", " ", "?!", "愛している", "👩‍👧 🏠", "<|endoftext|>", "<pad><eos>", "\x00", "e\u0301" * 30)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: save(name, tmp_path_factory.mktemp(name)) for name in NAMES}


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def matcher(name: str, folders: dict[str, Path]) -> DualEncoder:
    opened = open_model("retrieval", str(folders[name]), "cpu")
    assert isinstance(opened, DualEncoder)
    return opened


@pytest.fixture(scope="module")
def plain(name: str, folders: dict[str, Path]) -> tuple[PreTrainedModel, ProcessorMixin]:
    model = AutoModel.from_pretrained(folders[name], attn_implementation="eager").eval()
    return model, AutoProcessor.from_pretrained(folders[name])


def _vectors(plain: tuple[PreTrainedModel, ProcessorMixin], image: Image.Image, text: str) -> tuple[Tensor, Tensor]:
    model, processor = plain
    pixels, ids = processor.image_processor(images=image, return_tensors="pt").pixel_values, _ids(plain, [text])
    seen = model.get_image_features(pixel_values=pixels).pooler_output[0]
    return normalize(seen, dim=-1), normalize(model.get_text_features(**ids).pooler_output[0], dim=-1)


def _ids(plain: tuple[PreTrainedModel, ProcessorMixin], texts: list[str]) -> dict[str, Tensor]:
    """As the models' own pages say: CLIP with its mask, SigLIP filled up and without one."""
    model, processor = plain
    filled = model.config.model_type == "siglip"
    given = processor.tokenizer(
        texts, padding="max_length" if filled else True, truncation=True, max_length=LONGEST, return_tensors="pt"
    )
    return {"input_ids": given["input_ids"]} | ({} if filled else {"attention_mask": given["attention_mask"]})


@contextmanager
def _attentions(model: PreTrainedModel) -> Iterator[dict[str, list[Tensor]]]:
    """What eager attention hands out, by tower, in the graph; SigLIP's head with the weights written out by hand."""
    found: dict[str, list[Tensor]] = {"vision_model": [], "text_model": [], "pool": []}
    handles = []
    for module_name, module in model.named_modules():
        if module_name.endswith("self_attn"):
            tower = found[module_name.split(".")[0]]
            handles.append(module.register_forward_hook(lambda _m, _i, out, tower=tower: tower.append(out[1])))
        elif isinstance(module, nn.MultiheadAttention):
            handles.append(module.register_forward_hook(lambda m, given, _o: _pooled(m, given, found["pool"])))
    embeddings = [model.vision_model.embeddings, model.text_model.embeddings]
    handles += [e.register_forward_hook(lambda _m, _i, out: out.detach().requires_grad_()) for e in embeddings]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _pooled(module: nn.MultiheadAttention, given: tuple[Tensor, ...], found: list[Tensor]) -> tuple[Tensor, None]:
    heads, dim = module.num_heads, module.embed_dim // module.num_heads
    probe, patches = given[0][0], given[1][0]
    weight, bias = module.in_proj_weight, module.in_proj_bias
    width = module.embed_dim
    asked = (probe @ weight[:width].T + bias[:width]).view(-1, heads, dim)
    keys = (patches @ weight[width : 2 * width].T + bias[width : 2 * width]).view(-1, heads, dim)
    values = (patches @ weight[2 * width :].T + bias[2 * width :]).view(-1, heads, dim)
    weights = (torch.einsum("qhd,khd->hqk", asked, keys) / dim**0.5).softmax(-1)[None]
    found.append(weights)
    read = torch.einsum("hqk,khd->qhd", weights[0], values).flatten(1)
    return module.out_proj(read)[None], None


def _assert_same(records: list[Record], weights: list[Tensor], score: Tensor) -> None:
    gradients = torch.autograd.grad(score, weights, retain_graph=True)
    assert len(records) == len(weights) > 0
    for record, weight, gradient in zip(records, weights, gradients, strict=True):
        assert record.gradient is not None
        assert float(weight.detach().std()) > 1e-3
        assert float(gradient.abs().max()) > 1e-5
        torch.testing.assert_close(record.weights, weight[0].detach(), atol=1e-5, rtol=0)
        torch.testing.assert_close(record.gradient, gradient[0], atol=1e-5, rtol=1e-3)


def test_vectors_are_the_librarys(
    matcher: DualEncoder, plain: tuple[PreTrainedModel, ProcessorMixin], pictures: list[Image.Image]
) -> None:
    mixed = [*pictures, pictures[0].resize((20, 90)), pictures[1].resize((200, 33))]
    texts = [TEXT, "red", "", "star " * 40]
    model, processor = plain
    with torch.no_grad():
        seen = [
            model.get_image_features(**processor.image_processor(images=p, return_tensors="pt")).pooler_output[0]
            for p in mixed
        ]
        read = model.get_text_features(**_ids(plain, texts)).pooler_output
    matcher.batch = 4
    found_seen, found_read = matcher.embed_pictures(mixed), matcher.embed_texts(texts)
    assert found_seen.dtype == found_read.dtype == np.float32
    np.testing.assert_allclose(found_seen, normalize(torch.stack(seen), dim=-1).numpy(), atol=1e-5)
    np.testing.assert_allclose(found_read, normalize(read, dim=-1).numpy(), atol=1e-5)
    assert found_seen.shape == (10, matcher.dimensions)
    assert matcher.embed_pictures([]).shape == matcher.embed_texts([]).shape == (0, matcher.dimensions)
    assert matcher.scale == pytest.approx(float(model.logit_scale.detach().exp()))
    assert matcher.bias == (pytest.approx(float(model.logit_bias.detach())) if hasattr(model, "logit_bias") else None)


@pytest.mark.parametrize("capable", [True, False])
def test_a_wide_tower_embeds_in_half_precision_where_the_cpu_can(
    capable: bool, tmp_path: Path, pictures: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = {"hidden_size": 512, "intermediate_size": 512, "num_attention_heads": 8, "num_hidden_layers": 1}
    matcher = open_model("retrieval", str(save("clip", tmp_path, **wide)), "cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": capable})
    found = matcher.embed_pictures(pictures)
    exact = np.array([matcher.match(pictures[0], picture).similarity for picture in pictures])
    difference = np.abs(found @ found[0] - exact).max()
    assert difference < (0.03 if capable else 1e-5)
    assert bool(difference > 1e-5) is capable
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_text_and_picture_are_traced_as_eager_attention_computes_them(
    matcher: DualEncoder, plain: tuple[PreTrainedModel, ProcessorMixin], pictures: list[Image.Image]
) -> None:
    matched = matcher.match(pictures[0], TEXT)
    with _attentions(plain[0]) as found:
        image, text = _vectors(plain, pictures[0], TEXT)
    assert matched.similarity == pytest.approx(float((image @ text).detach()), abs=1e-5)
    trace = matched.trace
    _assert_same(trace.select("self", "image", "image"), found["vision_model"], image @ text)
    _assert_same(trace.select("self", "query", "query"), found["text_model"], image @ text)
    if found["pool"]:
        _assert_same(trace.select("cross", "pool", "image"), found["pool"], image @ text)
    assert len(trace.records) == sum(map(len, found.values()))


def test_two_pictures_are_differentiated_through_both(
    matcher: DualEncoder, plain: tuple[PreTrainedModel, ProcessorMixin], pictures: list[Image.Image]
) -> None:
    matched = matcher.match(pictures[0], pictures[1])
    with _attentions(plain[0]) as found:
        first, _ = _vectors(plain, pictures[0], TEXT)
        second, _ = _vectors(plain, pictures[1], TEXT)
    layers = len(found["vision_model"]) // 2
    _assert_same(matched.trace.select("self", "image", "image"), found["vision_model"][:layers], first @ second)
    _assert_same(matched.trace.select("self", "query", "query"), found["vision_model"][layers:], first @ second)
    assert list(matched.words) == []
    for segment, index in (matched.image_element, matched.query_element):
        rows = METHODS["gradient"](matched.trace, segment, index)
        assert float(rows["query" if segment.startswith("query") else "image"].max()) > 0


def test_a_words_trace_differentiates_its_contribution(
    matcher: DualEncoder, plain: tuple[PreTrainedModel, ProcessorMixin], pictures: list[Image.Image]
) -> None:
    words = matcher.match(pictures[0], "red star by me").words
    assert [(w.word, w.place) for w in words] == [("red", (0, 3)), ("star", (4, 8)), ("by", (9, 11)), ("me", (12, 14))]
    for word in words:
        left_out = _left_out(plain, "red star by me", *word.place)
        with _attentions(plain[0]) as found:
            image, text = _vectors(plain, pictures[0], "red star by me")
        contribution = image @ (text - left_out).detach()
        assert word.contribution == pytest.approx(float(contribution.detach()), abs=1e-5)
        _assert_same(word.trace.records, found["vision_model"] + found["pool"], contribution)


def test_reading_one_word_some_or_all_is_the_same(
    matcher: DualEncoder, pictures: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = matcher.match(pictures[0], "red star by me").words
    whole = list(words)
    monkeypatch.setattr(word_matches, "_BUDGET", 1)
    single = matcher.match(pictures[0], "red star by me").words
    for found in (list(single), [words[i] for i in range(4)], words[:4], [*words[:2], words[-2], words[-1]]):
        assert [(w.word, w.contribution) for w in found] == [(w.word, pytest.approx(w.contribution)) for w in whole]
        for mine, theirs in zip(found, whole, strict=True):
            _assert_equal_traces(mine.trace, theirs.trace)
    with pytest.raises(IndexError):
        words[4]


def test_segments_say_what_the_elements_are(matcher: DualEncoder, name: str, pictures: list[Image.Image]) -> None:
    matched = matcher.match(pictures[0], TEXT)
    image, query = matched.trace.segments["image"], matched.trace.segments["query"]
    assert image.layout == ImageLayout(4, 4)
    assert len(image) == 16 + image.leading
    assert isinstance(query.layout, TextLayout)
    typed = [TEXT[a:b] for a, b in filter(None, query.layout.offsets)]
    assert TEXT.replace(" ", "").startswith("".join(typed))
    assert len(typed) >= 7
    segment, index = matched.query_element
    assert (segment, matched.image_element) == ("query", ("image" if name == "clip" else "pool", 0))
    if name == "clip":
        assert query.labels[index] == "<|endoftext|>"
        assert query.labels[0] == "<|startoftext|>"
    else:
        assert len(query) == LONGEST == index + 1
    for method in (m for m in METHODS.values() if not m.needs_inputs):
        for layer in (None, 0, 2) if "layer" in method.controls else (None,):
            for word in matched.words:
                assert method(word.trace, *matched.image_element, layer)["image"].shape == (len(image),)


@pytest.mark.parametrize("text", STRANGE)
def test_any_text_matches(matcher: DualEncoder, pictures: list[Image.Image], text: str) -> None:
    matched = matcher.match(pictures[0], text)
    assert -1 <= matched.similarity <= 1
    for word in matched.words:
        assert text[slice(*word.place)] == word.word
        assert all(bool(torch.isfinite(r.gradient).all()) for r in word.trace.records if r.gradient is not None)


def test_a_very_long_text_is_cut(matcher: DualEncoder, pictures: list[Image.Image]) -> None:
    text = "red " * 10_000
    read = matcher.read(text)
    matched = matcher.match(pictures[0], text)
    assert read.cut
    assert not matcher.read("red star").cut
    assert len(read.ids) == LONGEST
    assert 1 <= len(matched.words) < LONGEST


def test_threads_get_their_own_traces(matcher: DualEncoder, pictures: list[Image.Image]) -> None:
    asked = [(picture, text) for picture in pictures[:4] for text in ("red star", "a b c d")]
    alone = [matcher.match(*pair) for pair in asked]
    together = Barrier(len(asked))

    def run(pair: tuple[Image.Image, str]) -> Matched:
        together.wait()
        return matcher.match(*pair)

    with ThreadPoolExecutor(len(asked)) as pool:
        for found, expected in zip(pool.map(run, asked), alone, strict=True):
            _assert_equal_traces(found.trace, expected.trace)
            for mine, theirs in zip(found.words, expected.words, strict=True):
                _assert_equal_traces(mine.trace, theirs.trace)


def test_inside_inference_mode(matcher: DualEncoder, pictures: list[Image.Image]) -> None:
    expected = matcher.match(pictures[0], "red star")
    with torch.inference_mode():
        found = matcher.match(pictures[0], "red star")
        words = list(found.words)
    _assert_equal_traces(found.trace, expected.trace)
    _assert_equal_traces(words[0].trace, expected.words[0].trace)


def _left_out(plain: tuple[PreTrainedModel, ProcessorMixin], text: str, start: int, end: int) -> Tensor:
    """The vector of a text without the tokens of its characters from `start` to `end`."""
    model, processor = plain
    given = processor.tokenizer(text, return_offsets_mapping=True)
    kept = [
        token
        for token, (a, b) in zip(given["input_ids"], given["offset_mapping"], strict=True)
        if a == b or b <= start or a >= end
    ]
    if model.config.model_type == "siglip":
        kept += [processor.tokenizer.pad_token_id] * (LONGEST - len(kept))
    with torch.no_grad():
        return normalize(model.get_text_features(input_ids=torch.tensor([kept])).pooler_output[0], dim=-1)


def _assert_equal_traces(mine: Trace, theirs: Trace) -> None:
    assert mine.segments == theirs.segments
    for found, expected in zip(mine.records, theirs.records, strict=True):
        assert found.gradient is not None
        assert expected.gradient is not None
        torch.testing.assert_close(found.weights, expected.weights, atol=1e-6, rtol=0)
        torch.testing.assert_close(found.gradient, expected.gradient, atol=1e-6, rtol=1e-4)


def test_only_a_checkpoint_that_lists_its_words_can_name_others(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = save("clip", tmp_path)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"known_words": ["a", "red", "star"]}), encoding="utf-8")
    listing, silent = (open_model("retrieval", str(place), "cpu") for place in (folder, folders["clip"]))
    assert isinstance(listing, DualEncoder) and isinstance(silent, DualEncoder)
    for text, unknown in (("A red snark!", ["snark"]), ("red-star's ?", []), ("red-hat 🙂", ["red-hat", "🙂"])):
        assert listing.read(text).unknown_words == unknown
        assert silent.read(text).unknown_words == []
