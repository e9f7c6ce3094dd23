"""A folder of pictures as a searchable index on disk; it knows no model, only the vectors that one gives it."""

from mm_demo.index.embedder import Embedder
from mm_demo.index.picture_index import PictureIndex
from mm_demo.index.results import Hit, Report
from mm_demo.index.unpacking import Limits, unpack

__all__ = ["Embedder", "Hit", "Limits", "PictureIndex", "Report", "unpack"]
