"""Text classifiers: what eager attention computes, over the characters that the person typed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import torch
from torch import Tensor
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertForSequenceClassification,
    BertTokenizer,
    PreTrainedModel,
)

from mm_demo.attention.trace import TextLayout
from mm_demo.errors import UserError
from mm_demo.models.speech.bert import BertTextEncoder
from tests.models.speech_checkpoints import POSITIONS, assert_same_records, records_of, save_text

TEXT = "I LOVE this, not badly!"
STRANGE = ("", " ", "\n", "😀👩‍👧", "愛している", "שלום", "&lt;script&gt;", "</s>[CLS]<pad>", "\x00")
NAMES = ("bert", "roberta", "distilbert")
LONGEST = {"bert": POSITIONS, "roberta": POSITIONS - 2, "distilbert": POSITIONS}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: save_text(name, tmp_path_factory.mktemp(name)) for name in NAMES}


@pytest.fixture(scope="module")
def encoders(folders: dict[str, Path]) -> dict[str, BertTextEncoder]:
    return {name: _open(folder) for name, folder in folders.items()}


def _open(folder: Path) -> BertTextEncoder:
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval().requires_grad_(False)
    return BertTextEncoder(model, AutoTokenizer.from_pretrained(folder))


def _plain(folder: Path) -> PreTrainedModel:
    return AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").eval()


def _layout(encoder: BertTextEncoder, text: str) -> tuple[tuple[str, ...], TextLayout]:
    segment = encoder.encode(text).segments["text"]
    assert isinstance(segment.layout, TextLayout)
    assert len(segment) == len(segment.layout.offsets)
    return segment.labels, segment.layout


@pytest.mark.parametrize("name", NAMES)
def test_everything_equals_the_plain_eager_model(
    name: str, encoders: dict[str, BertTextEncoder], folders: dict[str, Path]
) -> None:
    encoded = encoders[name].encode(TEXT)
    plain = _plain(folders[name])
    inputs = AutoTokenizer.from_pretrained(folders[name])(TEXT, return_tensors="pt")
    output = plain(**inputs, output_attentions=True, output_hidden_states=True)
    torch.testing.assert_close(encoded.labels, output.logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(encoded.states, output.hidden_states[-1], atol=1e-5, rtol=0)
    last = plain.classifier.out_proj if name == "roberta" else plain.classifier
    torch.testing.assert_close(last(encoded.pooled), output.logits, atol=1e-5, rtol=0)
    expected = torch.autograd.grad(output.logits[0, 0], output.attentions)
    assert_same_records(records_of(encoded, encoded.labels[0, 0]), output.attentions, expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_contribution_is_what_scaling_the_embedding_changes(
    name: str, encoders: dict[str, BertTextEncoder], folders: dict[str, Path]
) -> None:
    encoded = encoders[name].encode(TEXT)
    assert encoded.leaf is not None
    assert encoded.contribution is not None
    (gradient,) = torch.autograd.grad(encoded.labels[0, 0], [encoded.leaf])
    given = encoded.contribution(gradient)
    assert (given.segment, given.channels) == ("text", ("embedding",))
    plain = _plain(folders[name]).double()
    embedded = encoded.leaf.detach().double()
    for i in (0, 2, embedded.shape[1] - 1):
        changed = [_scaled(plain, embedded, i, 1 + step) for step in (-1e-4, 1e-4)]
        assert float(given.products[i, 0]) == pytest.approx((changed[1] - changed[0]) / 2e-4, abs=1e-4)


def _scaled(plain: PreTrainedModel, embedded: Tensor, index: int, factor: float) -> float:
    scaled = embedded.clone()
    scaled[:, index] *= factor
    with torch.no_grad():
        return float(plain(inputs_embeds=scaled).logits[0, 0])


@pytest.mark.parametrize("name", NAMES)
def test_ranges_lie_where_the_characters_are(name: str, encoders: dict[str, BertTextEncoder]) -> None:
    text = "I  love\tthis! <b>x</b> [SEP]"
    labels, layout = _layout(encoders[name], text)
    assert layout.text == text
    assert layout.offsets[0] is layout.offsets[-1] is None
    places = [place for place in layout.offsets if place is not None]
    assert [text[s:e] for s, e in places] == [label for label, p in zip(labels, layout.offsets, strict=True) if p]
    assert places == sorted(places)
    covered = {i for start, end in places for i in range(start, end)}
    assert covered == {i for i, character in enumerate(text) if not character.isspace()}


def test_the_known_words_are_single_tokens(encoders: dict[str, BertTextEncoder]) -> None:
    labels, _ = _layout(encoders["bert"], "I LOVE lovely day")
    assert labels == ("[CLS]", "I", "LOVE", "love", "ly", "day", "[SEP]")
    labels, _ = _layout(encoders["roberta"], "love love")
    assert labels == ("<s>", "love", " ", "love", "</s>")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", STRANGE)
def test_any_text_has_an_answer(name: str, text: str, encoders: dict[str, BertTextEncoder]) -> None:
    encoded = encoders[name].encode(text)
    assert bool(torch.isfinite(encoded.sentiment).all())
    assert encoded.sentiment.shape == (1, 3)
    assert encoded.segments["text"].labels.count("[CLS]" if name != "roberta" else "</s>") == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_long_text_is_cut_between_its_special_tokens(
    name: str, encoders: dict[str, BertTextEncoder], folders: dict[str, Path]
) -> None:
    text = "I hate this day " * 2_000
    encoded = encoders[name].encode(text)
    labels, layout = _layout(encoders[name], text)
    assert encoded.cut
    assert not encoders[name].encode(TEXT).cut
    assert len(labels) == LONGEST[name]
    assert layout.offsets[0] is layout.offsets[-1] is None
    tokenizer = AutoTokenizer.from_pretrained(folders[name])
    inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=LONGEST[name])
    with torch.no_grad():
        torch.testing.assert_close(encoded.labels.detach(), _plain(folders[name])(**inputs).logits, atol=1e-5, rtol=0)


def test_words_that_are_lost_or_spelt_are_named(encoders: dict[str, BertTextEncoder]) -> None:
    found = encoders["bert"].encode("I love Zebra 愛 not a day 愛").unknown_words
    assert found == ["Zebra", "愛"]
    assert encoders["roberta"].encode("Zebra 愛").unknown_words == []


def test_words_behind_the_cut_are_not_named(encoders: dict[str, BertTextEncoder]) -> None:
    assert encoders["bert"].encode("day " * POSITIONS + "zebra").unknown_words == []


def test_threads_get_their_own_traces(encoders: dict[str, BertTextEncoder]) -> None:
    texts = ["love", "hate this day", "not good, not bad", "I love this good day not badly"] * 2
    alone = [encoders["bert"].encode(text) for text in texts]
    together = Barrier(len(texts))

    def run(text: str) -> list[Tensor]:
        together.wait()
        encoded = encoders["bert"].encode(text)
        return [record.weights for record in records_of(encoded, encoded.labels[0, 0])]

    with ThreadPoolExecutor(len(texts)) as pool:
        for found, expected in zip(pool.map(run, texts), alone, strict=True):
            for weights, (_, lone) in zip(found, expected.taken, strict=True):
                torch.testing.assert_close(weights, lone[0].detach(), atol=1e-6, rtol=0)


def test_a_tokenizer_of_another_model_is_one_sentence(folders: dict[str, Path]) -> None:
    model = BertForSequenceClassification.from_pretrained(folders["bert"])
    larger = BertTokenizer(vocab={f"w{i}": i for i in range(model.config.vocab_size + 1)})
    with pytest.raises(UserError, match="its tokenizer knows"):
        BertTextEncoder(model, larger)
