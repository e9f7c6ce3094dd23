"""What a checkpoint folder says about itself, read without running anything in it."""

from __future__ import annotations

import json
from pathlib import Path

from mm_demo.errors import UserError

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
        UserError: there are none; a pickle in their place is never opened, since it can run code.
    """
    files = sorted(folder.glob("model*.safetensors"))
    if files:
        return files
    if any(file.suffix in _PICKLES for file in folder.iterdir()):
        raise UserError(
            f"The weights in '{folder}' are stored as a pickle, which can run code, and are not opened; "
            "save them again with safetensors."
        )
    raise UserError(f"The folder '{folder}' holds no weights: it has no model.safetensors; get the checkpoint again.")
