"""Written and spoken digits: scikit-learn's images with the recordings of the Free Spoken Digit Dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import librosa
import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from mm_demo.errors import UserError
from mm_demo.lab.data.dataset import SPLITS, Dataset, ModalityData, standardised

WHERE = (
    "the Free Spoken Digit Dataset (CC BY-SA 4.0, Jakobovski/free-spoken-digit-dataset): 8 kHz recordings named"
    " DIGIT_SPEAKER_TAKE.flac or .wav"
)
RATE = 8_000
_WINDOW, _HOP, _MELS, _STEPS = 512, 320, 24, 24
"""64 ms windows every 40 ms; what lasts longer than 24 steps, about a second, is cut."""


def digits(folder: Path | None, seed: int = 0) -> Dataset:
    """Pairs of an image and a recording of the same digit, 64 pixels and up to 24 log-Mel spectra.

    No speaker and no image is in two splits: of the speakers in the order of their names the last is for the test,
    the last but one for validation. Every recording gets a random image of its digit from the images of its split. The
    pairs are made, not found: the two are independent given the digit.

    Args:
        folder: where the recordings are, themselves or in a folder `fsdd/audio` or `audio`.
        seed: which images go into which split, and which recording gets which.

    Raises:
        UserError: no folder, or not what it should hold.
    """
    files = _recordings(folder)
    speakers = sorted({file.stem.split("_")[1] for file in files})
    if len(speakers) < len(SPLITS):
        raise UserError(f"The recordings are of {len(speakers)} speakers, and three or more are needed: get {WHERE}.")
    labels = torch.tensor([int(file.stem[0]) for file in files])
    place = dict.fromkeys(speakers, "train") | {speakers[-2]: "validation", speakers[-1]: "test"}
    places = [place[file.stem.split("_")[1]] for file in files]
    splits = {split: torch.tensor([i for i, p in enumerate(places) if p == split]) for split in SPLITS}
    modalities = {"image": _images(labels, splits, seed), "speech": _spectra(files)}
    return Dataset(
        "digits",
        "Written and spoken digits",
        {name: standardised(modality, splits["train"]) for name, modality in modalities.items()},
        labels,
        tuple(map(str, range(10))),
        splits,
    )


def _recordings(folder: Path | None) -> list[Path]:
    if folder is None:
        raise UserError(f"The digits need recordings: get {WHERE}, and name their folder with --recordings.")
    for inside in (folder / "fsdd" / "audio", folder / "audio", folder):
        files = sorted(file for pattern in ("[0-9]_*_*.flac", "[0-9]_*_*.wav") for file in inside.glob(pattern))
        if {file.stem[0] for file in files} == set("0123456789"):
            return files
    raise UserError(f"“{folder}” doesn't hold recordings of all ten digits: get {WHERE}.")


def _images(labels: torch.Tensor, splits: dict[str, torch.Tensor], seed: int) -> ModalityData:
    generator = torch.Generator().manual_seed(seed)
    pixels, shown = load_digits(return_X_y=True)
    pool, shown = torch.from_numpy(pixels).float(), torch.from_numpy(shown)
    order = torch.randperm(len(pool), generator=generator)
    ends = [int(0.7 * len(pool)), int(0.85 * len(pool)), len(pool)]
    images = torch.zeros(len(labels), pool.shape[1])
    for split, start, end in zip(SPLITS, [0, *ends], ends):
        of_split = order[start:end]
        for digit in range(10):
            rows = splits[split][labels[splits[split]] == digit]
            choice = of_split[shown[of_split] == digit]
            images[rows] = pool[choice[torch.randint(len(choice), (len(rows),), generator=generator)]]
    return ModalityData.of_vectors(images)


def _spectra(files: Sequence[Path]) -> ModalityData:
    mel = librosa.filters.mel(sr=RATE, n_fft=_WINDOW, n_mels=_MELS)
    spectra = [_spectrum(_sound(file), mel) for file in files]
    states = torch.zeros(len(files), _STEPS, _MELS)
    mask = torch.zeros(len(files), _STEPS, dtype=torch.bool)
    for row, spectrum in enumerate(spectra):
        states[row, : len(spectrum)] = torch.from_numpy(spectrum)
        mask[row, : len(spectrum)] = True
    return ModalityData(states, mask)


def _sound(file: Path) -> NDArray[np.float32]:
    try:
        sound, rate = soundfile.read(file, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as error:
        raise UserError(f"“{file.name}” can't be read as sound: get {WHERE} once more.") from error
    if rate != RATE or not len(sound):
        raise UserError(f"“{file.name}” isn't a recording at 8 kHz: get {WHERE} once more.")
    mono: NDArray[np.float32] = sound.mean(axis=1)
    return mono


def _spectrum(sound: NDArray[np.float32], mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """(steps, bands) log energies of at most 24 steps; the loudness of the whole is taken out."""
    padded = np.pad(sound[: _STEPS * _HOP], (0, _WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: max(1, len(sound)) : _HOP][:_STEPS]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), axis=1)) ** 2
    energies = np.log(power @ mel.T + 1e-8)
    found: NDArray[np.float32] = (energies - energies.mean()).astype(np.float32)
    return found
