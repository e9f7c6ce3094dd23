"""The data sets by their names."""

from __future__ import annotations

from pathlib import Path

from mm_demo.errors import UserError
from mm_demo.lab.data.dataset import Dataset
from mm_demo.lab.data.dial import PRESETS, dial
from mm_demo.lab.data.own import own
from mm_demo.lab.data.sequence import sequence

NAMES = (*PRESETS, "sequence", "questions", "digits", "voices")


def open_data(name: str, recordings: Path | None = None) -> Dataset:
    """A data set by its name, or a person's own by its path.

    Args:
        name: one of `NAMES`, or the path of an .npz or a folder of .npy files.
        recordings: where the spoken digits are, for "digits"; or the emotional recordings and the sentences, for
            "voices".

    Raises:
        UserError: there is no such data, or something is wrong with it.
    """
    if name in PRESETS:
        return dial(PRESETS[name], name)
    if name == "sequence":
        return sequence()
    if name == "digits":
        from mm_demo.lab.data.digits import digits  # it opens librosa and scikit-learn, which take a while

        return digits(recordings)
    if name == "questions":
        from mm_demo.lab.data.pictures import questions  # it opens the question answerer

        return questions()
    if name == "voices":
        from mm_demo.lab.data.voices import voices  # it opens the encoders of voice and words

        return voices(recordings)
    path = Path(name).expanduser()
    if not path.exists():
        raise UserError(f"There is no data “{name}”: give {', '.join(NAMES)}, or the path of an .npz or a folder.")
    return own(path)
