"""Where a chat model's image tokens lie: changed pixels change most the tokens that are said to lie there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from transformers import PreTrainedModel

from mm_demo.attention.trace import ImageLayout
from mm_demo.errors import UserError
from mm_demo.models.chat import qwen
from mm_demo.models.chat.eyes import ChatEyes, cells, image_segment, reading_order
from mm_demo.models.chat.qwen import QwenVl
from mm_demo.models.chat.smolvlm import SmolVlm
from mm_demo.models.chat.variants import tokens_kept
from tests.models.chat_asking import picture
from tests.models.chat_checkpoints import MAKERS, make_qwen, make_smolvlm

SIZES = ((96, 96), (100, 60), (60, 100), (96, 30), (37, 90), (640, 480), (300, 31))
PLACES = ((0.03, 0.04), (0.97, 0.05), (0.52, 0.48), (0.3, 0.72), (0.9, 0.93))
"""Across and down, as shares of the picture."""


def eyes(model_class: type[PreTrainedModel]) -> ChatEyes:
    model, processor = MAKERS[model_class](model_class)
    return ChatEyes((SmolVlm if MAKERS[model_class] is make_smolvlm else QwenVl)(model, processor))


def marked(image: Image.Image, across: float, down: float) -> Image.Image:
    """The picture with a small cross of another colour at that place."""
    changed = image.copy()
    x, y = across * image.width, down * image.height
    a, b = max(image.width / 40, 0.6), max(image.height / 40, 0.6)
    dark = sum(image.getpixel((int(x), int(y)))) < 384  # type: ignore[arg-type]
    ImageDraw.Draw(changed).rectangle((x - a, y - b, x + a, y + b), fill="white" if dark else "black")
    return changed


@pytest.mark.parametrize("model_class", MAKERS)
def test_changed_pixels_change_the_tokens_that_lie_there(model_class: type[PreTrainedModel]) -> None:
    tower = eyes(model_class)
    tried = 0
    for size in SIZES:
        image = picture(*size, seed=size[0])
        before = tower.encode(image)
        layout = before.view.layout
        boxes = np.array(layout.boxes or cells(layout))
        assert len(boxes) == before.states.shape[1] == len(image_segment(layout))
        covered = np.zeros((layout.rows, layout.cols), int)
        for top, left, bottom, right in boxes:
            covered[top:bottom, left:right] += 1
        assert (covered == (1 if layout.boxes is None else 2)).all()
        for across, down in PLACES:
            after = tower.encode(marked(image, across, down)).states
            moved = (after - before.states)[0].norm(dim=-1).numpy()
            row, col = down * layout.rows, across * layout.cols
            areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
            for area in np.unique(areas):  # the tiles' tokens, and those of the whole
                some = np.flatnonzero(areas == area)
                top, left, bottom, right = boxes[some[moved[some].argmax()]]
                # The mark is up to a twentieth wide, and resampling smears it a little over a cell's edge.
                high, wide = 0.06 * layout.rows, 0.06 * layout.cols
                assert top - high <= row <= bottom + high, (size, across, down, area)
                assert left - wide <= col <= right + wide, (size, across, down, area)
                tried += 1
    assert tried >= len(SIZES) * len(PLACES)


@pytest.mark.parametrize("model_class", MAKERS)
def test_features_are_the_model_own(model_class: type[PreTrainedModel]) -> None:
    model, processor = MAKERS[model_class](model_class)
    network = (SmolVlm if MAKERS[model_class] is make_smolvlm else QwenVl)(model, processor)
    for size in SIZES:
        image = picture(*size)
        made = processor.image_processor(images=image, return_tensors="pt")
        own = model.get_image_features(**made).pooler_output
        found = ChatEyes(network).encode(image)
        torch.testing.assert_close(found.states[0], torch.cat(list(own)), atol=1e-5, rtol=1e-5)
        text = found.view.text
        assert text.count(processor.image_token) == found.states.shape[1]
        first = network.look(image)[0][0]
        for mine, canvas in zip(network.canvases(first[None]), network.look(image)[0], strict=True):
            assert mine.shape[1:] == canvas.shape
            assert float((mine[0] - canvas).abs().mean()) < 0.02


def test_the_whole_picture_covers_every_cell_once() -> None:
    layout = eyes(next(iter(MAKERS))).encode(picture(96, 60)).view.layout
    assert layout.boxes is not None
    order = reading_order(layout)
    whole, single = order[:16], order[16:]
    assert [layout.boxes[i] for i in single] == list(cells(ImageLayout(layout.rows, layout.cols)))
    assert sum((b - t) * (r - l) for t, l, b, r in (layout.boxes[i] for i in whole)) == layout.rows * layout.cols  # noqa: E741


def test_a_token_goes_with_more_than_half_of_its_cells() -> None:
    layout = ImageLayout(2, 2, ((0, 0, 1, 1), (0, 1, 1, 2), (1, 0, 2, 1), (1, 1, 2, 2), (0, 0, 2, 2)))
    assert tokens_kept(layout, np.array([1, 1, 0, 0], bool)).tolist() == [True, True, False, False, True]
    assert tokens_kept(layout, np.array([0, 1, 0, 0], bool)).tolist() == [False, True, False, False, False]


def test_large_pictures_are_made_smaller_and_thin_ones_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model, processor = make_qwen(next(c for c, make in MAKERS.items() if make is make_qwen))
    network = QwenVl(model, processor)
    monkeypatch.setattr(qwen, "_MOST_TOKENS", 12)
    _, view = network.look(picture(2000, 2000))
    assert view.layout.rows * view.layout.cols <= 12
    with pytest.raises(UserError, match="too long and thin"):
        network.look(picture(2010, 10))


def test_parts_of_a_checkpoint_that_do_not_fit_are_told() -> None:
    model, processor = make_smolvlm(next(iter(MAKERS)))
    processor.image_seq_len = 9
    with pytest.raises(UserError, match="damaged"):
        SmolVlm(model, processor)
    model, processor = make_qwen(next(c for c, make in MAKERS.items() if make is make_qwen))
    processor.image_processor.merge_size = 1
    with pytest.raises(UserError, match="damaged"):
        QwenVl(model, processor)


def test_a_picture_that_is_not_cut_is_seen_as_a_whole_only() -> None:
    model, processor = make_smolvlm(next(iter(MAKERS)))
    processor.image_processor.do_image_splitting = False
    tower = ChatEyes(SmolVlm(model, processor))
    seen = tower.encode(picture(100, 60))
    assert seen.view.layout == ImageLayout(4, 4)
    assert seen.states.shape[1] == 16
    score = tower.score(seen, lambda features: features.sum((1, 2)))
    torch.testing.assert_close(score.states(score.pixels[None]), seen.states)
    assert (score.leading, score.grid) == (0, ((4, 4), 8))
