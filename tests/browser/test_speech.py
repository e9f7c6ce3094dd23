"""The speech tab in a real browser whose microphone hears a sentence spoken by espeak-ng."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import conftest as shared


@pytest.fixture(scope="module")
def speaking(browser: Any, url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser that hears "I am so happy with this wonderful day" over and over."""
    if shutil.which("espeak-ng") is None:
        message = "no espeak-ng to speak into the microphone (Debian: apt-get install espeak-ng)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    spoken = tmp_path_factory.mktemp("speech") / "spoken.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(spoken), "I am so happy with this wonderful day"], check=True)
    found = next((path for name in shared._NAMES if (path := shutil.which(name))), None)
    arguments = [*shared._QUIET, f"--use-file-for-fake-audio-capture={spoken}"]
    started = browser.browser_type.launch(executable_path=found, args=arguments)
    yield started
    started.close()


@pytest.fixture
def speech(speaking: Any, url: str) -> Iterator[Any]:
    context = speaking.new_context(viewport={"width": 1280, "height": 900}, permissions=["microphone"])
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(url)
    page.get_by_text("ready").nth(2).wait_for()
    page.get_by_role("tab", name="Speech", exact=True).click()
    yield page
    context.close()


def test_a_recorded_sentence_is_heard_judged_weighed_and_corrected(speech: Any) -> None:
    speech.locator("#speech-sound button.record-button").click()
    speech.wait_for_timeout(2500)
    speech.locator("#speech-sound button.stop-button").click()
    speech.locator("#speech-answer .share-bar").first.wait_for()
    assert speech.locator("#speech-words textarea").input_value() == "I am so happy <today>"
    weights = speech.locator("#speech-answer .share-bar").first.inner_text().replace("\n", " ")
    assert "voice 38 %" in weights and "words 62 %" in weights
    assert speech.locator("#speech-fusions tbody tr").count() == 5
    assert "counted most from" in speech.locator("#speech-view .summary").inner_text()
    assert (
        speech.locator("#speech-view canvas").evaluate_all(
            "all => all.map(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0))"
        )
        == [True] * 4
    )
    speech.locator("#speech-view input[type=range]").focus()
    speech.keyboard.press("End")
    assert "relevance" in speech.locator("#speech-view .readout").inner_text()
    speech.locator("#speech-words textarea").fill("I hate <b>this</b>")
    speech.keyboard.press("Enter")
    speech.locator("#speech-answer .answer-bars .best .name").filter(has_text="negative").first.wait_for()
    assert speech.locator("#speech-relevance .word b").all_inner_texts()[:2] == ["I", "hate"]
    assert speech.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_live_mode_moves_while_one_speaks_and_its_timeline_stays(speech: Any) -> None:
    speech.get_by_role("tab", name="Live", exact=True).locator("visible=true").click()
    speech.locator("#speech-live button.record").click()
    line = speech.locator("#speech-live polyline.negative").first
    line.wait_for()
    speech.wait_for_function(
        "document.querySelector('#speech-live polyline').getAttribute('points').split(' ').length > 6"
    )
    speech.locator("#speech-live .heard").wait_for()
    speech.locator("#speech-live button.record").click()
    speech.wait_for_timeout(1500)
    assert speech.locator("#speech-live .share-bar").count() == 1 and line.count() == 1


def test_a_refused_microphone_is_one_sentence(browser: Any, url: str) -> None:
    page = browser.new_page()
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); };"
    )
    page.goto(url)
    page.get_by_text("ready").nth(2).wait_for(timeout=60_000)
    page.get_by_role("tab", name="Speech", exact=True).click()
    page.locator("#speech-sound button.record-button").click()
    page.get_by_text("The browser refused the microphone").wait_for(timeout=20_000)
    page.close()
