"""Pictures decoded ahead in threads while the model computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from mm_demo.errors import UserError
from mm_demo.index.files import PictureFile

LONGEST_SIDE = 1024
"""Pictures wait for the model no larger than this: it takes far fewer pixels, and dozens of them wait at once."""

THREADS = 4

OpenPicture = Callable[[Path], Image.Image]
"""Reads one picture file; raises UserError for what can't be read."""


def read_ahead(
    files: Iterable[PictureFile], open_picture: OpenPicture, ahead: int
) -> Iterator[tuple[PictureFile, Image.Image | str]]:
    """Read files in order, up to `ahead` of them before they are asked for.

    Yields:
        Every file with its picture, no side over `LONGEST_SIDE`, or with the sentence that says why there is none.
    """

    def read(file: PictureFile) -> Image.Image | str:
        try:
            picture = open_picture(file.path)
        except UserError as error:
            return str(error)
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return picture

    waiting: deque[tuple[PictureFile, Future[Image.Image | str]]] = deque()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="pictures") as pool:
        try:
            for file in files:
                waiting.append((file, pool.submit(read, file)))
                if len(waiting) > ahead:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _, future in waiting:
                future.cancel()
