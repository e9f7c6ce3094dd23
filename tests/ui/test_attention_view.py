import base64
import io
import json

import numpy as np
from PIL import Image

from mm_demo.ui.attention_view import attention_view, caption_word, content, flat, picture_and, question_word
from tests.ui.fakes import FakeCaption, FakeVqa, spot

PICTURE = Image.new("RGB", (60, 40), (10, 200, 30))


def test_maps_are_flat_relative_to_their_highest_value_and_small() -> None:
    values = np.array([[0.1, 0.2, 0.0], [0.4, 0.3, 0.0]])
    assert flat(values) == [0.25, 0.5, 0.0, 1.0, 0.75, 0.0]
    assert len(json.dumps(flat(spot(3)))) < 8 * 64


def test_the_picture_comes_with_the_first_update_only() -> None:
    first = picture_and(PICTURE, content("run", [], busy=True))
    kind, data = first["picture_uri"].split(",")
    assert kind == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == PICTURE.size
    assert "data:image" not in json.dumps(content("run", [caption_word(s) for s in FakeCaption()(PICTURE).tokens]))


def test_large_pictures_are_sent_reduced() -> None:
    uri = picture_and(Image.effect_noise((3000, 1500), 80), content("run", []))["picture_uri"]
    assert Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).size == (768, 384)
    assert len(uri) < 600_000


def test_words_carry_what_the_page_shows() -> None:
    word = caption_word(FakeCaption()(PICTURE).tokens[2])
    assert word["text"] == "star" and word["probability"] == 0.87 and word["runners"][0] == ("moon", 0.02)
    asked = FakeVqa()(PICTURE, "what zebra").question_tokens
    assert [question_word(token)["known"] for token in asked] == [True, False]
    assert question_word(asked[1])["relevance"] == 1.0


def test_the_script_never_quotes_the_name_of_the_pictures_property() -> None:
    # gr.HTML takes every quoted name in the script for an event and would then not send the property.
    assert not hasattr(attention_view("view"), "picture_uri")
