"""What people hand in, made safe and plain: one upright RGB picture, one clean line of question."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mm_demo.errors import UserError
from mm_demo.tasks.files import check_file, quoted
from mm_demo.tasks.words import one_line

PIXEL_LIMIT = 100_000_000
"""Pictures with more pixels than this are refused before they are decoded (JPEGs: after their free reduction)."""

LONGEST_SIDE = 4096
"""Larger pictures are reduced so that neither side is over this many pixels."""

QUESTION_LIMIT = 500
"""The most characters a question may have."""

Image.init()
_FORMATS = tuple(
    {"JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO", "AVIF", "JPEG2000", "TGA"}.intersection(Image.OPEN)
)
# Only formats that Pillow decodes itself: EPS, for one, would start Ghostscript on a stranger's file.

_ROUNDING = 1e-3
"""How far outside 0…1 a resampled float picture may stray."""

_HOW = "save it as PNG or JPEG and try again"

# Pillow's warning would be a second line beside our own sentence; PIXEL_LIMIT does its work.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def read_image(source: str | os.PathLike[str] | Image.Image | np.ndarray | None) -> Image.Image:
    """Turn whatever stands for a picture into what a model takes.

    EXIF rotation is applied, transparency laid on white, 16-bit and float pictures scaled to their full range; of an
    animation the first frame is read.

    Args:
        source: a path; a PIL image of any mode, left as it is; or an array of shape (height, width) or
            (height, width, 1 to 4 channels: grey, grey and alpha, RGB, RGBA) holding booleans, integers
            (0…255, or 0…65535 where any is larger) or floats (0…1, or 0…255 where any is larger).

    Returns:
        A new RGB image, upright, no side over `LONGEST_SIDE`, its aspect ratio kept (but no side under one pixel).

    Raises:
        UserError: nothing was given, or it can't be read as a picture, or it is over `PIXEL_LIMIT`.
    """
    if isinstance(source, np.ndarray):
        return _decoded(_from_array(source), "The array")
    if isinstance(source, Image.Image):
        return _decoded(source, "The picture")
    if source is None or source == "":
        raise UserError("There is no picture yet: choose one and try again.")
    if isinstance(source, str | os.PathLike):
        return _read_file(Path(source))
    raise UserError(f"A picture must be a path, a PIL image or an array, not {type(source).__name__}.")


def read_question(text: str | None) -> str:
    """Clean a question as a person typed it.

    Returns:
        1…`QUESTION_LIMIT` characters, as `one_line` makes them.

    Raises:
        UserError: there is no text, nothing visible in it, or too much.
    """
    if text is None:
        raise UserError("There is no question yet: type one, for example “what color is the star?”.")
    if not isinstance(text, str):
        raise UserError(f"A question must be text, not {type(text).__name__}: type it in words.")
    question = one_line(text)
    if not question:
        raise UserError("The question is empty: type one, for example “what color is the star?”.")
    if len(question) > QUESTION_LIMIT:
        raise UserError(f"The question has {len(question):,} characters: shorten it to at most {QUESTION_LIMIT}.")
    return question


def _read_file(path: Path) -> Image.Image:
    name = quoted(path.name or str(path))
    try:
        check_file(path, "picture")
        with Image.open(path, formats=_FORMATS) as image:
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # JPEG only: decodes at 1/2, 1/4 or 1/8, in less memory
            return _decoded(image, name)
    except UserError:
        raise
    except UnidentifiedImageError as error:
        raise UserError(f"{name} is not a picture that can be read: {_HOW}.") from error
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except PermissionError as error:
        raise UserError(f"{name} may not be read: change its permissions, or choose another picture.") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{name} can't be opened: check the path, or choose another picture.") from error


def _decoded(image: Image.Image, name: str) -> Image.Image:
    """Decode, turn upright, reduce, and lay on white, in the order that keeps least in memory."""
    if min(image.size) < 1:
        raise UserError(f"{name} has no pixels: choose another picture.")
    if image.width * image.height > PIXEL_LIMIT:
        raise _too_large(name)
    try:
        image.load()
        upright = _upright(image)
        small = _reduced(_eight_bits(upright))
        if small.mode in ("RGBA", "LA"):
            small = small.convert("RGBA")
            small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small)
        return small.convert("RGB")
    except UserError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever a stranger's bytes lead them to, IndexError included.
        raise UserError(f"{name} is damaged or cut short: {_HOW}, or choose another picture.") from error


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # Metadata can be garbled beside pixels that are fine.
        return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """The same picture in a mode that can be resized and laid on white: L, LA, RGB or RGBA."""
    if image.mode.startswith("I") or image.mode == "F":
        return _from_array(np.asarray(image))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _reduced(image: Image.Image) -> Image.Image:
    scale = LONGEST_SIDE / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _from_array(array: np.ndarray) -> Image.Image:
    values = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (2, 3, 4)):
        raise UserError(
            f"An array of shape {array.shape} is not a picture: give (height, width) or (height, width, channels)."
        )
    if values.size == 0:
        raise UserError("The array has no pixels: choose another picture.")
    if values.shape[0] * values.shape[1] > PIXEL_LIMIT:
        raise _too_large("The array")
    return Image.fromarray(np.ascontiguousarray(_bytes(values)))


def _bytes(values: np.ndarray) -> np.ndarray:
    """Values in any of the usual ranges as uint8 0…255."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind not in "iuf":
        raise UserError(f"An array of {values.dtype} is not a picture: give whole numbers 0…255 or floats 0…1.")
    low, high = float(values.min()), float(values.max())
    if not (low >= -_ROUNDING and high <= 65535):  # also true of NaN
        raise UserError("The array's values must lie in 0…255, 0…65535 or 0…1: scale them and try again.")
    if values.dtype.kind == "f":
        full = 1.0 if high <= 1 + _ROUNDING else 255.0 if high <= 255 else 65535.0
    else:
        sixteen_bits = (values.dtype.kind, values.dtype.itemsize) == ("u", 2)
        full = 65535.0 if sixteen_bits or high > 255 else 255.0
    return np.clip(np.round(values * (255.0 / full)), 0, 255).astype(np.uint8)


def _too_large(name: str) -> UserError:
    return UserError(f"{name} has more than {PIXEL_LIMIT // 1_000_000} million pixels: reduce it and try again.")
