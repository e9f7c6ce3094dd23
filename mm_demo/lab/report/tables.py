"""A comparison as CSV, JSON, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence

from mm_demo.lab.evaluation import Row
from mm_demo.lab.metrics.estimates import Estimate
from mm_demo.lab.report.comparison import Comparison

Cell = str | int | float | bool | None

_EXACT: dict[str, Callable[[Row], Cell]] = {
    "strategy": lambda row: row.strategy,
    "family": lambda row: row.family,
    "accuracy": lambda row: row.scores.accuracy.mean,
    "accuracy_low": lambda row: _bound(row.scores.accuracy, 0),
    "accuracy_high": lambda row: _bound(row.scores.accuracy, 1),
    "macro_f1": lambda row: row.scores.macro_f1.mean,
    "macro_recall": lambda row: row.scores.macro_recall.mean,
    "emap_gap": lambda row: row.interaction,
    "robustness_area": lambda row: row.area,
    "robustness_relative_to_late": lambda row: row.relative_area,
    "parameters": lambda row: row.parameters,
    "train_seconds": lambda row: row.seconds,
    "latency_ms": lambda row: row.latency,
}


def as_csv(comparison: Comparison) -> str:
    """One line for every control and strategy, full precision, with the sentence about it at the end."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_EXACT, "verdict"])
    for row in (*comparison.controls, *comparison.strategies):
        writer.writerow([*(value(row) for value in _EXACT.values()), comparison.verdicts[row.strategy]])
    return out.getvalue()


def as_json(comparison: Comparison) -> str:
    """Everything, indented."""
    return json.dumps(comparison.to_json(), indent=1, allow_nan=False)


def as_markdown(comparison: Comparison) -> str:
    """A table for people, accuracies in per cent, then a sentence about each."""
    headings, rows = people_table(comparison)
    lines = [headings, ["---", "---", *["---:"] * (len(headings) - 2)], *rows]
    table = "\n".join("| " + " | ".join(_escaped(cell, "|") for cell in line) + " |" for line in lines)
    said = "\n".join(f"- **{name}**: {sentence}" for name, sentence in comparison.verdicts.items())
    return f"{table}\n\n{said}\n"


def as_latex(comparison: Comparison) -> str:
    """The same table as a LaTeX tabular, for the booktabs package."""
    headings, rows = people_table(comparison)
    lines = [" & ".join(_escaped(cell, "&%_#$") for cell in line) + r" \\" for line in (headings, *rows)]
    columns = "ll" + "r" * (len(headings) - 2)
    head, *body = lines
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            head,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def people_table(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Headings and cells as people read them: accuracies in per cent with the half width of their 95 % interval."""
    headings = [
        "strategy",
        "family",
        "accuracy %",
        "macro-F1 %",
        "macro recall %",
        "interaction",
        "robustness",
        "against late",
        "parameters",
        "training s",
        "latency ms",
    ]
    rows = [
        [
            row.strategy,
            row.family,
            row.scores.accuracy.percent,
            row.scores.macro_f1.percent,
            row.scores.macro_recall.percent,
            _points(row.interaction, "+.1f"),
            _points(row.area, ".1f"),
            _points(row.relative_area, "+.1f"),
            f"{row.parameters:,}",
            f"{row.seconds:.1f}",
            f"{row.latency:.2f}",
        ]
        for row in (*comparison.controls, *comparison.strategies)
    ]
    return headings, rows


EXPORTS: dict[str, Callable[[Comparison], str]] = {
    "csv": as_csv,
    "json": as_json,
    "md": as_markdown,
    "tex": as_latex,
}
"""File name's ending → what writes it."""


def _bound(estimate: Estimate, which: int) -> float | None:
    return None if estimate.ci95 is None else estimate.ci95[which]


def _points(value: float | None, form: str) -> str:
    return "–" if value is None else f"{100 * value:{form}}"


def _escaped(cell: str, special: Sequence[str]) -> str:
    for character in special:
        cell = cell.replace(character, f"\\{character}")
    return cell
