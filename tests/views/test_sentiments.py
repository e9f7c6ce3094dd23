import re

import pytest

from mm_demo.views.fusions import fusion_table
from mm_demo.views.sentiments import opinions, sentiment_bars
from mm_demo.views.timeline import Moment, timeline
from tests.ui.fake_sentiment import STRATEGIES, FakeSentiment


def test_bars_keep_their_order_and_sum_to_the_whole() -> None:
    html = sentiment_bars({"positive": 0.5, "negative": 0.3, "neutral": 0.2})
    assert re.findall(r'name">(\w+)<', html) == ["negative", "neutral", "positive"]
    assert sum(float(width) for width in re.findall(r"width:([\d.]+)%", html)) == pytest.approx(100)
    assert re.findall(r'class="best"><span class="name">(\w+)', html) == ["positive"]


def test_only_who_was_heard_has_an_opinion() -> None:
    html = opinions({"audio": None, "text": {"negative": 0.9, "neutral": 0.1}}, {"audio": "Voice", "text": "<Words>"})
    assert "Voice" not in html and "&lt;Words&gt;: <b>negative</b>" in html
    assert opinions({"audio": None, "text": None}, {}) == ""


def test_every_fusion_has_its_row_and_says_whose_its_weights_are() -> None:
    html = fusion_table(FakeSentiment()(text="I hate <this>").strategies)
    assert html.count('<th scope="row">') == len(STRATEGIES) == 5
    assert html.count("weights of its own") == 2 and html.count("exact Shapley shares") == 3
    assert html.index("Attention fusion") < html.index("chosen") < html.index("Early fusion")
    assert fusion_table([]) == ""


def test_the_timeline_places_moments_in_the_last_minute() -> None:
    moments = [
        Moment(at, {"negative": 0.7, "neutral": 0.2, "positive": 0.1}, {"audio": 0.25, "text": 0.75})
        for at in (5, 40, 41, 70)
    ]
    html = timeline(moments, now=70)
    lines = re.findall(r'polyline class="negative" points="(.*?)"', html)
    # Half a minute ago is the middle of 600; 0.7 is 36 below the top of 120; silence in between breaks the line.
    assert lines[0] == "300.0,36.0 310.0,36.0" and lines[1].startswith("600.0,36.0") and len(lines) == 2
    heights = [float(h) for h in re.findall(r'class="audio".*?height="([\d.]+)"', html)]
    assert heights == [6.5] * 3  # a quarter of 26
    assert "3 judgements in 60 seconds, mostly negative; the last: negative 70 %" in html
    assert "Nothing judged" in timeline([], 3)
