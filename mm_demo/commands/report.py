"""What a command answers, and its plain-text tables and bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any


@dataclass(frozen=True)
class Report:
    """A command's answer, for machines and for people.

    Attributes:
        data: the one JSON object that `--json` prints.
        text: what is printed without `--json`.
        status: the exit status; 0 unless something that was asked about is not in order.
    """

    data: dict[str, Any]
    text: str
    status: int = 0


def table(rows: Sequence[Sequence[Any]], headings: Sequence[str]) -> str:
    """Columns padded to their widest cell; numbers are aligned to the right, floats have three decimals."""
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [all(isinstance(row[i], Real) for row in rows) for i in range(len(headings))]
    widths = [max(len(line[i]) for line in [list(headings), *cells]) for i in range(len(headings))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in [list(headings), *cells]
    )


def bar(fraction: float, width: int = 20) -> str:
    """A bar for a fraction 0…1; anything above 0 shows at least one block."""
    filled = round(max(0.0, min(1.0, fraction)) * width)
    return "█" * max(filled, 1 if fraction > 0 else 0)


def outline(data: dict[str, Any], indent: int = 0) -> str:
    """Nested figures as indented lines; entries that share their keys become one table."""
    return "\n".join(_outline(data, indent))


def _outline(data: dict[str, Any], indent: int) -> Iterable[str]:
    space = " " * indent
    plain = {key: value for key, value in data.items() if not isinstance(value, dict) and not _is_records(value)}
    width = max(map(len, plain), default=0)
    for key, value in data.items():
        if key in plain:
            yield f"{space}{key.ljust(width)}  {_cell(value)}"
            continue
        yield f"{space}{key}"
        if _is_records(value):
            headings = list(value[0])
            yield _indented(table([[record[h] for h in headings] for record in value], headings), indent + 2)
        elif _is_grid(value):
            headings = list(next(iter(value.values())))
            rows = [[name, *(record[h] for h in headings)] for name, record in value.items()]
            yield _indented(table(rows, ["", *headings]), indent + 2)
        else:
            yield from _outline(value, indent + 2)


def _is_records(value: Any) -> bool:
    """A list of flat dictionaries with the same keys."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value) and _share_keys(value)


def _is_grid(value: dict[str, Any]) -> bool:
    """A dictionary of flat dictionaries with the same keys."""
    records = list(value.values())
    return bool(records) and all(isinstance(r, dict) for r in records) and _share_keys(records)


def _share_keys(records: Sequence[dict[str, Any]]) -> bool:
    flat = not any(isinstance(v, dict) for record in records for v in record.values())
    return flat and all(record.keys() == records[0].keys() for record in records)


def _indented(block: str, indent: int) -> str:
    return "\n".join(" " * indent + line for line in block.splitlines())


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    if isinstance(value, Real) and not isinstance(value, Integral):  # NumPy's float32 too, which is no float
        return f"{float(value):.3f}"
    return "–" if value is None else str(value)
