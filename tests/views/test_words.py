import re
from html import unescape

from mm_demo.tasks.sentiment_result import WordRelevance
from mm_demo.views.words import signed, signed_words

TEXT = "so <b>glad</b> unhappy"
TOKENS = [WordRelevance("glad", 6, 10, 1.0), WordRelevance("un", 15, 17, -0.304), WordRelevance("happy", 17, 22, 0.0)]


def test_the_words_read_as_they_were_typed_and_never_as_markup() -> None:
    html = signed_words(TEXT, TOKENS, "words")
    assert "<b>glad</b><small>" in html and "&lt;b&gt;" in html
    shown = unescape(re.sub(r"<small>.*?</small>|<[^>]+>", "", html))
    assert shown == TEXT


def test_sign_and_strength_stand_as_class_and_as_text() -> None:
    found = re.findall(r'class="word (.*?)" style="--strength:(.*?)">.*?<small>(.*?)<', signed_words(TEXT, TOKENS, ""))
    assert found == [("for", "1.00", "+1.00"), ("against", "0.30", "−0.30"), ("neither glued", "0.00", "0")]
    assert signed(-0.004) == "0"


def test_what_was_not_read_is_said_and_not_sent() -> None:
    html = signed_words("a" + " é" * 50_000, [WordRelevance("a", 0, 1, 1.0)], "")
    assert len(html) < 1000 and "99,700 more characters" in html


def test_a_word_of_a_hundred_thousand_letters_fits_a_line() -> None:
    shown = signed_words("a" * 100_000, [WordRelevance("a" * 100_000, 0, 100_000, 1.0, False)], "words")
    assert len(shown) < 400 and "a" * 40 + "…" in shown
