from html.parser import HTMLParser

from mm_demo.views.bars import answer_bars, share_bar


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _read(html: str) -> _Tags:
    reader = _Tags()
    reader.feed(html)
    return reader


def test_bars_show_every_answer_with_its_probability() -> None:
    page = _read(answer_bars([("red", 0.97), ("pink", 0.02)]))
    assert page.tags.count("li") == 2
    assert page.text == ["red", "97.0 %", "pink", "2.0 %"]


def test_text_from_outside_never_becomes_markup() -> None:
    attack = '<img src=x onerror="alert(1)">'
    for html in (answer_bars([(attack, 0.5)], label=attack), share_bar({attack: 1.0}, {})):
        page = _read(html)
        assert "img" not in page.tags and attack in "".join(page.text)


def test_shares_out_of_range_stay_inside_the_bar() -> None:
    assert "width:100.0%" in share_bar({"image": 1.0000001, "text": -1e-7}, {"image": "picture", "text": "question"})
