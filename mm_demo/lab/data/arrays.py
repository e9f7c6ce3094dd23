"""Arrays from a file that may be anyone's: nothing in it is run, and nothing too big is read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mm_demo.errors import UserError

MASK = "_mask"
MOST_BYTES = 2_000_000_000
"""What all arrays may take together once they are 32-bit numbers in memory."""


def open_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """Name → array, from an .npz or from the .npy files of a folder (memory-mapped), in the order of their names.

    Raises:
        UserError: no such file, not of that kind, damaged, too big, or with Python objects inside.
    """
    if not path.exists():
        raise UserError(f"There is no file or folder “{path}”: give an .npz, or a folder of .npy files.")
    if path.is_dir():
        files = sorted(path.glob("*.npy"))
        if not files:
            raise UserError(f"The folder “{path}” holds no .npy files: save `labels` and each modality as one.")
        arrays = {file.stem: _read(file.stem, file) for file in files}
        _check_size(sum(array.size for array in arrays.values()) * 4)
        return arrays
    if not zipfile.is_zipfile(path):
        raise UserError(f"“{path.name}” is no .npz: save the arrays with numpy.savez, or give a folder of .npy files.")
    with zipfile.ZipFile(path) as archive:
        _check_size(sum(member.file_size for member in archive.infolist()))
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: _member(archive, name) for name in sorted(archive.files)}
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError(f"“{path.name}” is damaged: save it again with numpy.savez.") from error


def _read(name: str, file: Path) -> NDArray[np.generic]:
    try:
        array: NDArray[np.generic] = np.load(file, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise _refused(name, error) from error
    except OSError as error:
        raise UserError(f"“{file.name}” can't be read: save it again with numpy.save.") from error
    return array


def _member(archive: np.lib.npyio.NpzFile, name: str) -> NDArray[np.generic]:
    try:
        array: NDArray[np.generic] = archive[name]
    except (ValueError, EOFError) as error:
        raise _refused(name, error) from error
    if not isinstance(array, np.ndarray):
        raise UserError(f"“{name}” in the .npz is no array: leave it out.")
    return array


def _refused(name: str, error: Exception) -> UserError:
    if "Object arrays" in str(error) or "Python objects" in str(error):
        return UserError(f"“{name}” holds Python objects, which could run code: save plain numbers or texts instead.")
    return UserError(f"“{name}” is damaged or no .npy array: save it again with numpy.")


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise UserError(
            f"The arrays take {size / 1e9:.1f} GB, and at most {MOST_BYTES / 1e9:.0f} GB are read: give fewer examples,"
            " or pooled features."
        )
