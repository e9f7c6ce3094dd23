import io

import numpy as np
from PIL import Image

from mm_demo.views.sound_sheet import sound_sheet
from tests.ui.fake_sentiment import FakeSentiment

SOUND = (16_000, np.sin(np.arange(16_000) / 20).astype(np.float32))


def test_a_sheet_is_a_picture_with_a_row_more_for_the_bands() -> None:
    result = FakeSentiment()(audio=SOUND, text="$x$ <b>")
    assert result.acoustics is not None
    heights = []
    for bands in (result.band_map, None):
        png = sound_sheet(result.acoustics, result.audio_map, bands, "$ broken {", "words " * 100)
        heights.append(Image.open(io.BytesIO(png)).height)
    assert heights[0] > heights[1] * 1.15
