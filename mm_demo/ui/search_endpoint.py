"""A search asked for by a program: in the bundled gallery or in a zip it sent, never in a folder of the server."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mm_demo.index import Limits, unpack
from mm_demo.tasks.gallery import bundled_gallery
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.retrieval_query import checked
from mm_demo.tasks.retrieval_result import Query

if TYPE_CHECKING:
    from mm_demo.tasks.retrieval import RetrievalTask

LIMITS = Limits(files=5_000, file_bytes=50_000_000, total_bytes=500_000_000)
"""What may come out of one zip."""

MOST_HITS = 1000


def search(
    task: RetrievalTask, archive: str | None, words: str, image: str | None, text_share: float, k: int
) -> dict[str, Any]:
    """What the command line's JSON object says, with files named by where they are in the gallery.

    Args:
        task: does the searching.
        archive: a zip of pictures; None for the bundled gallery.
        words: never taken for a path; empty for none.
        image: a picture to look for, alone or beside the words.
        text_share: of the words, 0…1, where both are given.
        k: how many hits.

    Raises:
        UserError: something of this can't be read.
    """
    picture = None if image is None else read_image(image)
    query = checked(Query(words, picture, text_share))
    if archive is None:
        gallery = task.index(bundled_gallery())
        return task.answer(gallery, query, k).to_api(gallery.folder)
    with TemporaryDirectory(prefix="mm_demo-search-", ignore_cleanup_errors=True) as place:
        pictures = Path(place) / "pictures"
        unpack(archive, pictures, LIMITS)
        gallery = task.index(pictures, store=Path(place) / "index")
        return task.answer(gallery, query, k).to_api(pictures)
