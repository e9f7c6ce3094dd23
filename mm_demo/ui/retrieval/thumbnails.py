"""Pictures small enough to be sent along with a list of them."""

from __future__ import annotations

import base64
import io

from PIL import Image


def thumbnail(picture: Image.Image, side: int) -> str:
    """The RGB picture as a data URI, no side over `side` pixels."""
    small = picture.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
