"""The small world: always the same, its texts true, its held-out texts true of one picture alone."""

from __future__ import annotations

import numpy as np
import torch

from mm_demo.alignment.batches import Tensors, draw
from mm_demo.alignment.encoders import DIMENSIONS, Encoders, Vocabulary
from mm_demo.alignment.truth import may_be_true
from mm_demo.alignment.world import SIDE, TRAINING, held_out, make_pair


def test_a_seed_is_a_pair_with_one_or_two_objects_and_true_texts() -> None:
    for seed in range(20):
        pair, again = make_pair(seed), make_pair(seed)
        assert np.array_equal(pair.picture, again.picture) and pair.texts == again.texts
        assert pair.picture.shape == (SIDE, SIDE, 3) and pair.picture.dtype == np.uint8
        assert len(pair.objects) in (1, 2) and pair.description.fits(pair.objects)
        assert all(o.color in " ".join(pair.texts).replace("violet", "purple") for o in pair.objects)
        assert all(o.mask.sum() > 20 for o in pair.objects)


def test_held_out_texts_are_true_of_their_own_picture_alone_and_none_is_trained_on() -> None:
    pairs = held_out(30)
    assert [p.texts for p in held_out(12)] == [p.texts for p in pairs[:12]]
    truth = np.array([[text.description.fits(picture.objects) for text in pairs] for picture in pairs])
    assert np.array_equal(truth, np.eye(30, dtype=bool))
    trained = [make_pair(seed).picture for seed in range(TRAINING - 20, TRAINING)]
    assert not any(np.array_equal(pair.picture, picture) for pair in pairs for picture in trained)


def test_what_may_be_true_is_what_each_description_says_for_itself() -> None:
    pairs = [make_pair(seed) for seed in range(150)]
    found = may_be_true([p.description for p in pairs], [p.objects for p in pairs])
    expected = np.array([[said.description.fits(shown.objects) for said in pairs] for shown in pairs])
    assert np.array_equal(found, expected) and expected.sum() > len(pairs)


def tensors(n: int) -> Tensors:
    pictures = torch.rand(n, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    words = torch.arange(n)[:, None, None].expand(n, 2, 3)
    truth = torch.eye(n, dtype=torch.bool)
    truth[:, 0] = True
    return Tensors(pictures, words, truth, pictures, words[:, 0], n)


def test_a_batch_holds_different_pairs_and_no_true_text_is_a_negative() -> None:
    source = tensors(12)
    for one_negative in (False, True):
        batch = draw(source, 10, one_negative, torch.Generator().manual_seed(4))
        which = batch.words[:, 0]
        assert len(set(which.tolist())) == 10 and batch.pictures.shape == (10, 3, SIDE, SIDE)
        assert not (batch.negatives & source.truth[which][:, which]).any()
        most = 1 if one_negative else 9
        assert batch.negatives.sum(0).max() == batch.negatives.sum(1).max() == most
    # Each picture is its own, moved by at most two pixels: the inside of it is found again unchanged.
    inside = batch.pictures[0, :, 4:-4, 4:-4]
    own = source.pictures[which[0]]
    moved = [own[:, 4 + y : SIDE - 4 + y, 4 + x : SIDE - 4 + x] for y in range(-2, 3) for x in range(-2, 3)]
    assert sum(torch.equal(inside, one) for one in moved) == 1


def test_both_kinds_of_negatives_leave_the_generator_alike() -> None:
    first, second = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    draw(tensors(12), 6, True, first)
    draw(tensors(12), 6, False, second)
    assert torch.equal(first.get_state(), second.get_state())


def test_unknown_words_share_a_number_and_padding_changes_nothing() -> None:
    vocabulary = Vocabulary(["a red star", "a blue , house"])
    numbers = vocabulary.encode(["A red zebra", "blue giraffe", ""])
    assert numbers[0, 2] == numbers[1, 1] == numbers[2, 0] == 1 and len(vocabulary) == 8
    assert numbers.shape == (3, 3) and numbers[1, 2] == 0
    encoders = Encoders(SIDE, len(vocabulary), 0.07, torch.Generator().manual_seed(0))
    alone, padded = encoders.text(numbers[1:2, :2]), encoders.text(numbers)[1:2]
    assert torch.allclose(alone, padded, atol=1e-6) and alone.shape == (1, DIMENSIONS)
    assert torch.allclose(padded.norm(dim=1), torch.ones(1))


def test_weights_come_from_the_generator_alone_and_every_one_learns() -> None:
    state = torch.get_rng_state()
    first, second = (Encoders(SIDE, 9, 0.1, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(state, torch.get_rng_state())
    for one, two in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, two) and one.isfinite().all()
    pictures, words = torch.rand(4, 3, SIDE, SIDE), torch.arange(2, 9)[None].expand(4, 7)
    cosines = first.picture(pictures) @ first.text(words).T
    (cosines.diagonal() * first.scale).sum().backward()
    assert abs(first.scale.item() - 10) < 1e-4
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in first.parameters())
