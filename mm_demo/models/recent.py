"""A small memory of the pictures last looked at."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from PIL import Image

from mm_demo.models.family import Picture


class RecentPictures:
    """Keeps the encodings of the last pictures, found again by their content; safe to share between threads.

    Args:
        encode: makes the encoding of a picture that is not there yet.
        capacity: how many to keep. One of BLIP base is 1.8 MB.
    """

    def __init__(self, encode: Callable[[Image.Image], Picture], capacity: int = 16) -> None:
        self._encode = encode
        self._capacity = capacity
        self._pictures: OrderedDict[bytes, Picture] = OrderedDict()
        self._lock = Lock()

    def __call__(self, image: Image.Image) -> Picture:
        """The picture's encoding. Two threads with the same new picture may both encode it, which does no harm."""
        key = hashlib.blake2b(image.tobytes(), person=f"{image.size}"[:16].encode()).digest()
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
        picture = self._encode(image)
        with self._lock:
            self._pictures[key] = picture
            while len(self._pictures) > self._capacity:
                self._pictures.popitem(last=False)
        return picture

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._pictures.clear()
