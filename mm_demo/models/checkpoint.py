"""What a checkpoint folder says about itself, read without running anything in it."""

from __future__ import annotations

import json
from pathlib import Path

from mm_demo.errors import UserError

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
"""Says which tensor is in which file, for weights that are stored in several."""

_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


def read_architecture(folder: Path) -> str:
    """The model class that `config.json` names.

    Raises:
        UserError: there is no readable `config.json`, or it names no class.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise UserError(f"The folder '{folder}' holds no model: it has no config.json; give a checkpoint's folder.")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return str(config["architectures"][0])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise UserError(f"The config.json in '{folder}' is damaged or names no model class; get it again.") from error


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a checkpoint's weights; what else lies beside them is not counted.

    Raises:
        UserError: there are none, or not all; a pickle in their place is never opened, since it can run code.
    """
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if (folder / INDEX).is_file():
        return _shards(folder)
    if any(file.suffix in _PICKLES for file in folder.iterdir()):
        raise UserError(
            f"The weights in '{folder}' are stored as a pickle, which can run code, and are not opened; "
            "save them again with safetensors."
        )
    raise UserError(f"The folder '{folder}' holds no weights: it has no {WEIGHTS}; get the checkpoint again.")


def _shards(folder: Path) -> list[Path]:
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        files = [folder / str(name) for name in sorted(set(index["weight_map"].values()))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"The {INDEX} in '{folder}' is damaged; get the checkpoint again.") from error
    missing = [file.name for file in files if file.parent != folder or not file.is_file()]
    if missing or not files:
        raise UserError(
            f"The checkpoint in '{folder}' is incomplete: {len(missing)} of its {len(files)} weight files are missing; "
            "get it again."
        )
    return files
