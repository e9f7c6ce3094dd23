"""Features of CMU-MOSI and CMU-MOSEI, which are handed round as pickles, turned into an .npz without running them.

    python -m mm_demo.lab.data.aligned_pickle SOURCE.pkl TARGET.npz

A pickle is a program: opening one the usual way does whatever its author wrote. This reader knows NumPy's arrays and
plain lists, dictionaries, numbers and texts, and refuses whatever else a pickle can name, before any of it is run.
"""

from __future__ import annotations

import argparse
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mm_demo.errors import UserError

_HARMLESS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),  # how older pickles spell bytes
    *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
}
_SPLITS = {"train": "train", "valid": "validation", "test": "test"}
_MODALITIES = ("text", "audio", "vision")
_LABELS = ("regression_labels", "labels")


def convert(source: Path, target: Path) -> None:
    """Write the .npz that the lab reads: text, audio and vision, and the sentiment's sign, negative or positive.

    Sentences rated 0 are left out, as in the tables whose two classes are negative and positive.

    Raises:
        UserError: the pickle names something else than arrays, or isn't laid out as train, valid and test with text,
            audio, vision and labels.
    """
    content = _open(source)
    parts: dict[str, list[NDArray[np.generic]]] = {name: [] for name in (*_MODALITIES, "labels", "split")}
    for name, split in _SPLITS.items():
        part = content.get(name) if isinstance(content, dict) else None
        part = part if isinstance(part, dict) else {}
        ratings = next((part[key] for key in _LABELS if key in part), None)
        if ratings is None or not all(modality in part for modality in _MODALITIES):
            raise UserError(
                f"“{source.name}” has no {name} part with text, audio, vision and labels: it isn't aligned."
            )
        ratings = np.asarray(ratings, dtype=np.float32).reshape(len(ratings), -1)[:, 0]
        rated = ratings != 0
        for modality in _MODALITIES:
            values = np.asarray(part[modality], dtype=np.float32)[rated]
            # The published files have −∞ where a feature extractor took the logarithm of silence.
            parts[modality].append(np.where(np.isfinite(values), values, 0))
        parts["labels"].append(np.where(ratings[rated] > 0, "positive", "negative"))
        parts["split"].append(np.full(int(rated.sum()), split))
    np.savez(target, **{name: np.concatenate(arrays) for name, arrays in parts.items()})  # type: ignore[arg-type]


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _HARMLESS:
            raise UserError(
                f"The pickle asks for {module}.{name}, which could run code and is no array: don't open it."
            )
        return super().find_class(module, name)


def _open(source: Path) -> Any:
    try:
        with source.open("rb") as file:
            return _ArraysOnly(file, encoding="latin1").load()
    except OSError as error:
        raise UserError(f"“{source}” can't be read: give the path of a pickle.") from error
    except UserError:
        raise
    except Exception as error:  # a damaged pickle fails in any way there is
        raise UserError(f"“{source.name}” is damaged or no pickle: download it again.") from error


def main() -> int:
    """Convert one file; the exit status is 2 where it is refused."""
    parser = argparse.ArgumentParser(description="Turn an aligned CMU-MOSI or CMU-MOSEI pickle into an .npz, safely.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    try:
        convert(arguments.source, arguments.target)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
