from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from mm_demo.views.hits import ShownHit, hit_grid
from mm_demo.views.scores import contribution_bars, score_bars, score_histogram, standing_out

ATTACK = '<img src=x onerror="alert(1)">.png'


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_hits_are_buttons_in_their_order_each_with_a_name_and_its_place_in_the_gallery() -> None:
    hits = [ShownHit("a.png", 0.5, "data:x"), ShownHit(ATTACK, 0.25, "data:y"), ShownHit("gone.png", 0.0, "")]
    page = Tags(hit_grid(hits, low=0.0, high=0.5, mean=0.1))
    buttons = [a for tag, a in zip(page.tags, page.attributes, strict=True) if tag == "button"]
    assert [b["data-index"] for b in buttons] == ["0", "1", "2"]
    assert [b["aria-pressed"] for b in buttons] == ["true", "false", "false"]
    images = [a for tag, a in zip(page.tags, page.attributes, strict=True) if tag == "img"]
    assert [i["alt"] for i in images] == ["a.png, score 0.500", f"{ATTACK}, score 0.250"]
    styles = [a["style"] for a in page.attributes if "style" in a]
    assert styles == ["width:100.0%", "left:20.0%", "width:50.0%", "left:20.0%", "width:0.0%", "left:20.0%"]


def test_the_histogram_counts_every_picture_once() -> None:
    scores = np.random.default_rng(0).normal(0.2, 0.05, 500)
    html = score_histogram(scores, np.sort(scores)[::-1][:3])
    heights = [float(h) for h in re.findall(r'<rect [^>]*height="([\d.]+)"', html)]
    tallest = np.histogram(scores, bins=40)[0].max()
    assert sum(heights) / 60 * tallest == pytest.approx(500, abs=2)
    assert html.count('class="hit"') == 3


def test_how_far_the_best_hit_stands_out_is_said() -> None:
    scores = np.array([1.0, 0.0, 0.0, 0.0])
    expected = (1 - 0.25) / np.std(scores)
    assert f"lies {expected:.1f} spreads above it" in standing_out(scores, scores[:1])
    assert "all are alike" in standing_out(np.full(3, 0.4), np.array([0.4]))
    assert "<svg" not in score_histogram(np.full(3, 0.4), np.array([0.4]))


def test_contributions_go_right_or_left_with_the_largest_first() -> None:
    page = Tags(contribution_bars([("not", -0.1), (ATTACK, 0.2)], 0.25, 0.1, "<rest>"))
    bars = [(a["class"], a["style"]) for a in page.attributes if "style" in a]
    assert bars == [("for", "width:50.0%"), ("against", "width:25.0%"), ("rest for", "width:12.5%")]
    assert [text for text in page.text if text[0] in "+−"] == ["+0.200", "−0.100", "+0.050"]
    assert "img" not in page.tags and "rest" not in page.tags


def test_score_bars_hold_cosines_below_zero_and_markup_as_text() -> None:
    page = Tags(score_bars([(ATTACK, 1.2), ("far", -0.3)], "texts"))
    assert [a["style"] for a in page.attributes if "style" in a] == ["width:100.0%", "width:0.0%"]
    assert "−0.300" in page.text and ATTACK in page.text and "img" not in page.tags
