"""One sequence of words and patches: every method worked out by hand, and split into what each segment got."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mm_demo.attention.methods import METHODS
from mm_demo.attention.shares import modality_shares
from mm_demo.attention.trace import ImageLayout, JointSequence, Record, Segment, TextLayout, Trace

# Position 0 is the word, 1 and 2 are patches in the wrong order, 3 is of no segment.
FIRST = [[0.5, 0.25, 0.25, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.25, 0.25, 0.25, 0.25]]
SECOND = [[0.0, 0.0, 0.5, 0.5], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
RAISES = ([2.0, -1.0, 4.0, 0.0], [0.0, 0.0, 2.0, 4.0])
"""Gradient of the word's row in either layer; that of all others is zero."""


def _trace() -> Trace:
    segments = {
        "word": Segment("word", "text", ("a",), TextLayout("a", ((0, 1),))),
        "image": Segment("image", "image", ("p", "q"), ImageLayout(1, 2)),
    }
    records = []
    for layer, (weights, raises) in enumerate(zip((FIRST, SECOND), RAISES, strict=True)):
        gradient = torch.zeros(1, 4, 4)
        gradient[0, 0] = torch.tensor(raises)
        records.append(Record(layer, "self", "joint", "joint", torch.tensor([weights]), gradient))
    return Trace(segments, records, joint=JointSequence("joint", {"word": (0,), "image": (2, 1)}, 4))


def _close(found: dict[str, Tensor], word: list[float], image: list[float]) -> None:
    assert set(found) == {"word", "image"}
    torch.testing.assert_close(found["word"], torch.tensor(word))
    torch.testing.assert_close(found["image"], torch.tensor(image))


# Raw: the mean of the word's rows, [.25, .125, .375, .25].
# Rollout: the first layer passes on [.75, .125, .125, 0] for the word and [.125, .125, .125, .625] for position 3, the
# second [.5, 0, .25, .25]: half the word's, a quarter of position 2's own and of position 3's.
# Gradient: Ā = [1, 0, 1, 0], then [0, 0, 1, 2]; R = [2, 0, 1, 0] + [0, 0, 1, 0] + 2 [0, 0, 0, 1].
# Attention × gradient: [1, −.25, 1, 0] + [0, 0, 1, 2].
# Mean: of the raw row and of [1, 0, 2, 2] / 5.
BY_HAND = {
    "raw": ([0.25], [0.375, 0.125]),
    "rollout": ([0.40625], [0.34375, 0.09375]),
    "gradient": ([2.0], [2.0, 0.0]),
    "attention_gradient": ([1.0], [2.0, -0.25]),
    "mean": ([0.225], [0.3875, 0.0625]),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_words_row_is_split_by_segment(name: str) -> None:
    _close(METHODS[name](_trace(), "word", 0), *BY_HAND[name])


def test_every_method_of_attention_is_worked_out_here() -> None:
    assert set(BY_HAND) == {name for name, method in METHODS.items() if not method.needs_inputs}


def test_several_patches_are_asked_in_the_order_of_their_segment() -> None:
    found = METHODS["raw"].rows(_trace(), "image", slice(0, 2))
    torch.testing.assert_close(found["image"], torch.eye(2))
    torch.testing.assert_close(found["word"], torch.zeros(2, 1))


def test_one_layer_can_be_chosen() -> None:
    _close(METHODS["raw"](_trace(), "word", 0, layer=0), [0.5], [0.25, 0.25])
    _close(METHODS["attention_gradient"](_trace(), "word", 0, layer=1), [0.0], [1.0, 0.0])


def test_shares_leave_out_what_is_of_no_segment() -> None:
    # The word looked at itself with .5 and at patches with .25 + .25 + .5, in two layers.
    assert modality_shares(_trace(), ("word",), relevance=False) == pytest.approx({"text": 1 / 3, "image": 2 / 3})
    # |A ∇A|: 1 on itself, .25 + 1 + 1 on patches.
    assert modality_shares(_trace(), ("word",), relevance=True) == pytest.approx({"text": 4 / 13, "image": 9 / 13})
    # Patches looked at patches only: 4 more.
    assert modality_shares(_trace(), ("word", "image"), relevance=False) == pytest.approx(
        {"text": 1 / 11, "image": 10 / 11}
    )
