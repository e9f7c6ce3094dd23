"""The gallery that comes with the app: generated scenes, drawn once and kept in the person's cache folder."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

from PIL import Image
from platformdirs import user_cache_path

from mm_demo.errors import UserError
from mm_demo.scenes import make_scene

PICTURES = 120
SIDE = 256
"""Of each picture, in pixels."""

CACHE = user_cache_path("mm_demo", appauthor=False)
"""Where drawn pictures and indexes are kept; never in a person's own folder."""


def bundled_gallery() -> Path:
    """The folder with the `PICTURES` scenes of seeds 0, 1, …, split "test"; those that are missing are drawn.

    Raises:
        UserError: the cache folder can't be written.
    """
    folder = CACHE / "galleries" / f"scenes-{SIDE}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for seed in range(PICTURES):
            if not (path := folder / f"scene-{seed:03}.png").exists():
                _write(path, _drawn(seed))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError(
            f"The bundled pictures can't be kept in “{folder}” ({reason}): make room there or change its permissions, "
            "or search a folder of your own."
        ) from error
    return folder


def _drawn(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(make_scene(seed, SIDE, "test").picture).save(buffer, "PNG")
    return buffer.getvalue()


def _write(path: Path, data: bytes) -> None:
    """All at once, so that nobody finds half a picture, whoever else writes it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
