"""The text model's training: what is packed, hidden, damaged and taught is what the docstrings say."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizerFast

from mm_demo.training.sentences import Sentence
from mm_demo.training.text.__main__ import main, validation_split
from mm_demo.training.text.classifier import Judging, classify
from mm_demo.training.text.examples import EMOTIONS, Collate, Example, damage
from mm_demo.training.text.naive_bayes import NaiveBayesRatio
from mm_demo.training.text.packing import apart, pack
from mm_demo.training.text.pretraining import Masking, cooccurrence_embeddings
from mm_demo.training.text.teacher import PolarityTeacher, polarity_out_of_fold, valences
from mm_demo.training.text.words import Words, make_tokenizer, read_words

TEXTS = ["a terrible, terrible film", "what a wonderful day", "the meeting is at three", "terribly boring"] * 4


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> BertTokenizerFast:
    return make_tokenizer(TEXTS, tmp_path_factory.mktemp("words"))


def tiny(vocabulary: int) -> BertConfig:
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        initializer_range=0.3,
        num_labels=3,
    )


def test_a_packed_text_is_read_as_if_it_were_alone() -> None:
    torch.manual_seed(0)
    model = BertModel(tiny(50)).eval()
    texts = [np.random.default_rng(i).integers(1, 50, size) for i, size in enumerate((9, 70, 3, 58, 40))]
    batch = pack(texts)
    assert batch["ids"].shape == (2, 128)
    with torch.no_grad():
        packed = model(
            input_ids=batch["ids"], position_ids=batch["positions"], attention_mask=apart(batch["owner"])
        ).last_hidden_state.flatten(0, 1)
        alone = [model(input_ids=torch.tensor(text)[None]).last_hidden_state[0] for text in texts]
    torch.testing.assert_close(packed[batch["order"]], torch.cat(alone), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(packed[batch["starts"]], torch.stack([a[0] for a in alone]), rtol=1e-4, atol=1e-5)


def test_words_carry_the_lexicons_rating(tokenizer: BertTokenizerFast) -> None:
    read = read_words(["A TERRIBLE day"], tokenizer)[0]
    assert tokenizer.convert_ids_to_tokens(read.ids)[0] == "[CLS]"
    assert read.word[0] == read.word[-1] == -1
    assert set(read.valence[read.word == 1]) == {np.float32(-2.1 / 4)}  # VADER: terrible -2.1
    assert not read.valence[read.word != 1].any()


def test_whole_words_are_hidden_and_the_answers_are_theirs(tokenizer: BertTokenizerFast) -> None:
    texts = read_words(TEXTS, tokenizer)
    make = Masking(texts, tokenizer)
    items = [(i, 7 * i) for i in range(len(texts))]
    batch = make(items)
    original = pack([t.ids for t in texts])
    flat = original["ids"].flatten()
    assert torch.equal(flat[batch["hidden"]], batch["answers"])
    changed = (batch["ids"] != original["ids"]).flatten().nonzero().squeeze(1)
    assert set(changed.tolist()) <= set(batch["hidden"].tolist())
    word = torch.full((flat.numel(),), -1)
    word[original["order"]] = torch.from_numpy(np.concatenate([t.word + 100 * i for i, t in enumerate(texts)]))
    chosen = set(word[batch["hidden"]].tolist())
    assert {w for w in word.tolist() if w in chosen} == chosen
    assert int((torch.isin(word, torch.tensor(sorted(chosen)))).sum()) == len(batch["hidden"])
    assert torch.equal(make(items)["ids"], batch["ids"])


def test_words_in_the_same_company_start_alike() -> None:
    rng = np.random.default_rng(0)
    # 5 and 6 stand among 10…14, 7 and 8 among 20…24.
    rows = [[rng.choice([5, 6]), *rng.integers(10, 15, 3)] for _ in range(200)]
    rows += [[rng.choice([7, 8]), *rng.integers(20, 25, 3)] for _ in range(200)]
    texts = [Words(np.array([2, *row, 3]), np.array([-1, 0, 1, 2, 3, -1]), np.zeros(6, np.float32)) for row in rows]
    vectors = cooccurrence_embeddings(texts, 30, 4, seed=0)
    similar = torch.nn.functional.cosine_similarity
    assert similar(vectors[5], vectors[6], dim=0) > 0.9 > similar(vectors[5], vectors[7], dim=0)
    assert vectors.std() == pytest.approx(0.02, rel=0.01)


def test_naive_bayes_ratio_by_hand() -> None:
    from scipy.sparse import csr_matrix

    features, classes = csr_matrix([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), np.array([1, 1, 0])
    # Class 1 has counts (1+2, 1+1) of 5, class 0 (1+0, 1+1) of 3.
    expected = np.log([(3 / 5) / (1 / 3), (2 / 5) / (2 / 3)])
    np.testing.assert_allclose(NaiveBayesRatio().fit(features, classes).ratio_, expected)


def test_the_teacher_learns_and_its_opinion_of_a_sentence_comes_from_the_others() -> None:
    good = [f"a lovely film number {i}" for i in range(10)]
    bad = [f"a dreary film number {i}" for i in range(10)]
    positive = np.repeat([1, 0], 10)
    teacher = PolarityTeacher().fit(good + bad, positive)
    lovely, dreary = teacher.logits(["lovely", "dreary"])
    assert lovely > 0 > dreary
    # One wrong label among the good: its teachers have seen nineteen others only, so they contradict it.
    swapped = positive.copy()
    swapped[0] = 0
    assert polarity_out_of_fold(good + bad, swapped, seed=0)[0] > 0
    np.testing.assert_allclose(valences(["terrible", "nothing"]), [[-2.1 / 12, -2.1 / 4, -2.1 / 4], [0, 0, 0]])


def test_damage_leaves_as_much_to_know_as_words() -> None:
    example = Example("one two three four", (0.0, 0.0, 1.0), False, 2.0, ("joy",))
    seen = set()
    for seed in range(200):
        hurt = damage(example, Random(seed))
        left = sum(word in example.text.split() for word in hurt.text.split()) / 4
        assert sum(hurt.target) == pytest.approx(1)
        assert hurt.target[2] == pytest.approx(left + (1 - left) / 3)
        assert hurt.emotions is None
        seen.add(hurt.text == "")
    assert seen == {True, False}


def test_polar_sentences_teach_the_neutral_class_nothing(tokenizer: BertTokenizerFast, tmp_path: Path) -> None:
    torch.manual_seed(0)
    BertForSequenceClassification(tiny(len(tokenizer))).save_pretrained(tmp_path)
    model = Judging(tmp_path).train()
    polar = [Example(text, (0.2, 0.0, 0.8), True) for text in TEXTS[:4]]
    known = [Example(text, (0.1, 0.7, 0.2), False, 1.0, (EMOTIONS[0],)) for text in TEXTS[:4]]
    collate = Collate([*polar, *known], tokenizer)
    model(**collate([(i, 0) for i in range(4)]))["sentiment"].backward()
    slope = model.bert.classifier.bias.grad
    assert slope[1] == 0 and slope[2] == pytest.approx(-slope[0]) and slope[0] != 0
    assert torch.isfinite(model(**collate([(i, 0) for i in range(8)]))["loss"])


def test_classify_gives_what_the_model_gives_one_by_one(tokenizer: BertTokenizerFast) -> None:
    torch.manual_seed(0)
    model = BertForSequenceClassification(tiny(len(tokenizer))).eval()
    found = classify(model, tokenizer, ["", *TEXTS])
    assert found.shape == (17, 3)
    with torch.no_grad():
        alone = [model(**tokenizer(text, return_tensors="pt")).logits.softmax(-1)[0] for text in ("", *TEXTS)]
    np.testing.assert_allclose(found, torch.stack(alone).numpy(), atol=1e-5)


def test_validation_is_a_ninth_and_overlaps_nothing() -> None:
    sentences = [Sentence(str(i), "positive", ()) for i in range(90)]
    learnt, tuned = validation_split(sentences)
    assert len(tuned) == 10 and sorted(int(s.text) for s in (*learnt, *tuned)) == list(range(90))


def test_missing_data_end_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out"), "--runs", str(tmp_path / "runs")]
    monkeypatch.setattr("sys.argv", ["text", *options])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said and "nowhere" in said
    assert not (tmp_path / "out").exists()
