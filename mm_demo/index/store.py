"""The table of vectors on disk: LanceDB, imported when first needed because that takes seconds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from mm_demo.errors import UserError
from mm_demo.index.files import PictureFile
from mm_demo.index.results import Hit
from mm_demo.index.trouble import explained

FORMAT = 1
"""Goes up when indexes of before can't be read any more."""

TABLE = "pictures"

LISTS_FROM = 50_000
"""From so many rows on inverted lists are searched instead of every row (docs/results.md has both, measured)."""

ROWS_A_PART = 4000
PROBES = 32
"""How many of the lists are searched."""
CANDIDATES = 200
"""How many of their rows, at least, are weighed again by their full vectors."""

SAMPLED = 10_000
_KEY = b"mm_demo.index"
MANY_PARTS = 32
"""Files of one table above which they are made into one."""
_OLD = timedelta(hours=1)
"""Nobody reads a state of the table older than this any more."""
_NOW = timedelta(0)


@dataclass(frozen=True)
class Header:
    """What an index is of; kept with the table, so that it is there from the first moment or not at all."""

    model: str
    revision: str
    dimensions: int
    pictures: str
    """The folder whose pictures are in it."""
    format: int = FORMAT


class Store:
    """The rows of one index: path, size, time, and vector of each picture."""

    def __init__(self, folder: Path, table: Any, header: Header) -> None:
        self._folder = folder
        self._table = table
        self.header = header

    @classmethod
    def open(cls, folder: Path) -> Store | None:
        """Open what is in a folder; None where nothing was ever stored in it.

        Raises:
            UserError: it is not an index, or one of another version, or damaged.
        """
        with explained(folder):
            if not folder.exists() or (folder.is_dir() and all(entry.suffix == ".lock" for entry in folder.iterdir())):
                return None
            if not (folder / f"{TABLE}.lance").is_dir():
                raise _foreign(folder)
            if not any((folder / f"{TABLE}.lance" / "_versions").glob("*.manifest")):
                return None  # The program was ended while it made the table: nothing had been stored yet.
            table = _connect(folder).open_table(TABLE)
            fields = json.loads((table.schema.metadata or {}).get(_KEY, "null"))
            if not isinstance(fields, dict):
                raise _foreign(folder)
            if fields.get("format") != FORMAT:
                raise UserError(
                    f"The index in “{folder}” was made by another version of this program: delete that folder and "
                    "build the index again."
                )
            return cls(folder, table, Header(**fields))

    @classmethod
    def create(cls, folder: Path, header: Header) -> Store:
        """Make an empty table.

        Raises:
            UserError: the folder can't be written.
        """
        with explained(folder):
            table = _connect(folder).create_table(TABLE, schema=_schema(header))
            return cls(folder, table, header)

    def __len__(self) -> int:
        with explained(self._folder):
            return int(self._table.count_rows())

    def states(self) -> dict[str, tuple[int, int]]:
        """Size and time (microseconds) of every picture, by its name below the folder."""
        with explained(self._folder):
            found = self._table.search().select(["path", "size", "modified"]).limit(None).to_arrow()
            states = zip(found["size"].to_pylist(), found["modified"].cast("int64").to_pylist())
            return dict(zip(found["path"].to_pylist(), states))

    def put(self, files: Sequence[PictureFile], vectors: np.ndarray) -> None:
        """Add pictures, or replace those of the same name, all at once or not at all.

        Args:
            files: the pictures.
            vectors: (files, dimensions), float32.

        Raises:
            UserError: the disk is full, say.
        """
        import pyarrow

        schema = _schema(self.header)
        flat = pyarrow.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
        modified = pyarrow.array([file.modified for file in files], pyarrow.int64())
        columns = [
            pyarrow.array([file.name for file in files], pyarrow.string()),
            pyarrow.array([file.size for file in files], pyarrow.int64()),
            modified.cast(schema.field("modified").type),
            pyarrow.FixedSizeListArray.from_arrays(flat, self.header.dimensions),
        ]
        rows = pyarrow.Table.from_arrays(columns, schema=schema)
        with explained(self._folder):
            merge = self._table.merge_insert("path").when_matched_update_all().when_not_matched_insert_all()
            merge.execute(rows)

    def remove(self, names: Sequence[str]) -> None:
        """Take pictures out by their names."""
        with explained(self._folder):
            for start in range(0, len(names), 1000):
                quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names[start : start + 1000])
                self._table.delete(f"path IN ({quoted})")

    def nearest(self, vector: np.ndarray, k: int, where: str | None) -> list[Hit]:
        """The k pictures with the largest inner product, best first."""
        search = self._table.search(vector, vector_column_name="vector").distance_type("dot").limit(k)
        search = search.nprobes(PROBES).refine_factor(max(5, CANDIDATES // k))  # both idle where there are no lists
        if where is not None:
            search = search.where(where)
        with explained(self._folder):
            try:
                found = search.select(["path", "size", "modified", "_distance"]).to_arrow()
            except ValueError as error:
                if where is None:
                    raise
                raise UserError(
                    f"“{where}” is not a condition on path, size and modified: write it like in SQL, for example "
                    "“size > 10000”."
                ) from error
        root = Path(self.header.pictures)
        rows = zip(*(found[name].to_pylist() for name in ("path", "_distance", "size")))
        return [
            # The database calls 1 − the inner product a distance.
            Hit(root / name, 1.0 - distance, size, datetime.fromtimestamp(modified / 1e6, UTC))
            for (name, distance, size), modified in zip(rows, found["modified"].cast("int64").to_pylist())
        ]

    def center(self) -> np.ndarray:
        """(dimensions,) float32, the mean of the vectors of `SAMPLED` pictures, or of all where there are fewer."""
        with explained(self._folder):
            found = self._table.search().select(["vector"]).limit(SAMPLED).to_arrow()["vector"].combine_chunks()
        rows = found.values.to_numpy(zero_copy_only=False).reshape(-1, self.header.dimensions)
        mean: np.ndarray = rows.mean(0, dtype=np.float64).astype(np.float32)
        return mean

    def tidy(self) -> None:
        """Put small files together, forget old states, and build inverted lists where they pay.

        The lists hold one bit for each number of a vector (RaBitQ, Gao and Long 2024).
        """
        with explained(self._folder):
            if self._table.stats()["fragment_stats"]["num_fragments"] > MANY_PARTS:
                self._table.optimize(cleanup_older_than=_OLD)
            if (rows := self._table.count_rows()) >= LISTS_FROM and not list(self._table.list_indices()):
                from lancedb.index import IvfRq

                lists = IvfRq(distance_type="dot", num_partitions=max(1, rows // ROWS_A_PART))
                self._table.create_index("vector", config=lists)


def _foreign(folder: Path) -> UserError:
    return UserError(f"“{folder}” is not an index of pictures: choose an index's folder, or an empty one.")


def _connect(folder: Path) -> Any:
    import lancedb

    # Without the interval, a handle would go on seeing the table as it was before another process built.
    return lancedb.connect(folder, read_consistency_interval=_NOW)


def _schema(header: Header) -> Any:
    import pyarrow

    return pyarrow.schema(
        [
            pyarrow.field("path", pyarrow.string(), nullable=False),
            pyarrow.field("size", pyarrow.int64(), nullable=False),
            pyarrow.field("modified", pyarrow.timestamp("us", tz="UTC"), nullable=False),
            pyarrow.field("vector", pyarrow.list_(pyarrow.float32(), header.dimensions), nullable=False),
        ],
        metadata={_KEY: json.dumps(asdict(header)).encode()},
    )
