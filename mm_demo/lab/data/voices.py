"""Emotional voices with sentences of the same sentiment, as the app's own models of speech hear and read them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from scipy.fft import dct
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from mm_demo.errors import UserError
from mm_demo.lab.data.dataset import SPLITS, Dataset, ModalityData, consecutive, standardised
from mm_demo.lab.data.kept import Arrays, kept
from mm_demo.lab.data.origin import Shown
from mm_demo.models.catalog import WEIGHTS
from mm_demo.models.speech.architectures import open_encoder
from mm_demo.models.voice.features import VoiceFeatureExtractor
from mm_demo.training import emodb, sentences
from mm_demo.training.sentences import SENTIMENTS, Sentence

EXAMPLES = {"train": 2_400, "validation": 600, "test": 900}
STRETCHES = 10
"""Every recording is cut into so many equal stretches, whatever its length."""
COEFFICIENTS = 12
"""Cepstral coefficients in the place of the bands: with 40 of these, so few recordings are learned by heart."""
_HEARD = {"train": 300, "validation": 80, "test": 160}
"""Most sentences of each sentiment."""
_SHARE = 0.2
"""Of the speakers for the test, and as many for validation."""
_MOST_WORDS = 20
_VOICE, _TEXT = WEIGHTS / "voice-emodb", WEIGHTS / "text-sentiment"


def voices(folder: Path | None, seed: int = 0) -> Dataset:
    """Pairs of a recording and a sentence of the same sentiment: negative, neutral or positive, in equal parts.

    "voice" is ten stretches of a recording, each the mean and the deviation of what the embedded voice encoder takes in
    (Mel bands as cepstral coefficients, pitch, voicing, energy, …). Its states would not do: it was trained on these
    speakers, and is all but certain of them. "words" is the states of the embedded text encoder, which was trained on
    none of the sentences.
    No speaker and no sentence is in two splits: of the speakers in the order of their names the last fifth is for the
    test, the fifth before it for validation. The pairs are made, not found: nobody said these words in this voice.

    Args:
        folder: holds emodb/ and goemotions/, or is that emodb/.
        seed: which recording gets which sentence.

    Raises:
        UserError: no folder, or not what it should hold.
    """
    data = _data(folder)
    table = data / "emodb" / "labels.csv"
    written = [data / "goemotions" / name for name in ("dev.tsv", "test.tsv", "labels.txt")]
    files = [table, *written, *(path / "model.safetensors" for path in (_VOICE, _TEXT))]
    found = kept("voices-2", files, lambda: _made(data))
    places = {name: found[f"{name}_split"].astype(np.int64) for name in ("voice", "words")}
    truths = {name: found[f"{name}_truth"].astype(np.int64) for name in ("voice", "words")}
    labels, rows = _pairs(places, truths, np.random.default_rng(seed))
    voice = torch.from_numpy(found["voice"].astype(np.float32))[rows["voice"]]
    words = torch.from_numpy(found["words"].astype(np.float32))[rows["words"]]
    modalities = {
        "voice": ModalityData(voice, torch.ones(voice.shape[:2], dtype=torch.bool)),
        "words": ModalityData(words, torch.from_numpy(found["words_mask"].astype(bool))[rows["words"]]),
    }
    splits = consecutive(*(EXAMPLES[split] for split in SPLITS))
    said = found["texts"][rows["words"].numpy()]
    recordings = found["files"][rows["voice"].numpy()]
    return Dataset(
        "voices",
        "Emotional voices with sentences of the same sentiment",
        {name: standardised(modality, splits["train"]) for name, modality in modalities.items()},
        labels,
        SENTIMENTS,
        splits,
        origin=Recordings([data / "emodb" / str(name) for name in recordings], [str(text) for text in said]),
    )


@dataclass(frozen=True)
class Recordings:
    """The recording and the sentence of every example."""

    files: Sequence[Path]
    texts: Sequence[str]

    def shown(self, row: int) -> Shown:
        """The sentence of an example, and its recording where that is still in its folder."""
        try:
            sound, rate = soundfile.read(self.files[row], dtype="float32")
        except (OSError, soundfile.LibsndfileError):
            return Shown(self.texts[row])
        return Shown(self.texts[row], sound=(rate, sound))


def _data(folder: Path | None) -> Path:
    needed = f"emodb/: {emodb.WHERE}; and goemotions/ ({sentences.SOURCES.partition(' and rt_polarity/')[0]})"
    if folder is None:
        raise UserError(f"The voices need recordings: name with --recordings a folder DIR with {needed}.")
    data = folder.parent if (folder / "labels.csv").is_file() else folder
    for path in (data / "emodb" / "labels.csv", data / "goemotions" / "dev.tsv", data / "goemotions" / "test.tsv"):
        if not path.is_file():
            raise UserError(f"There is no “{path}”: give a folder DIR with {needed}.")
    return data


def _made(data: Path) -> Arrays:
    try:
        spoken = emodb.read(data)
        written = _chosen(sentences.read_goemotions(data / "goemotions"))
        with (data / "emodb" / "labels.csv").open(encoding="utf-8", newline="") as file:
            files = [row["file"] for row in csv.DictReader(file)]
    except UnicodeDecodeError as error:
        raise UserError(f"“{data / 'emodb' / 'labels.csv'}” is damaged: get {emodb.WHERE}.") from error
    speakers = sorted({utterance.speaker for utterance in spoken})
    held = max(1, round(_SHARE * len(speakers)))
    if len(speakers) <= 2 * held:
        raise UserError(f"The recordings are of {len(speakers)} speakers, and three or more are needed: {emodb.WHERE}.")
    place = dict.fromkeys(speakers, 0) | dict.fromkeys(speakers[-2 * held : -held], 1)
    place |= dict.fromkeys(speakers[-held:], 2)
    extractor = VoiceFeatureExtractor.from_pretrained(_VOICE)
    heard = [
        _stretches(_timbre(extractor([utterance.sound])["input_features"][0].numpy(), extractor))
        for utterance in tqdm(spoken, desc="Hearing the recordings")
    ]
    encoder = open_encoder(
        AutoModelForSequenceClassification.from_pretrained(_TEXT, dtype=torch.float32, local_files_only=True).eval(),
        AutoTokenizer.from_pretrained(_TEXT, local_files_only=True),
    )
    read = [
        encoder.encode(sentence.text).states[0].detach() for _, sentence in tqdm(written, desc="Reading the sentences")
    ]
    mask = pad_sequence([torch.ones(len(states), dtype=torch.bool) for states in read], batch_first=True)
    return {
        "voice": torch.stack(heard).half().numpy(),
        "voice_truth": np.array([utterance.sentiment for utterance in spoken]),
        "voice_split": np.array([place[utterance.speaker] for utterance in spoken]),
        "files": np.array(files),
        "words": pad_sequence(read, batch_first=True).half().numpy(),
        "words_mask": mask.numpy(),
        "words_truth": np.array([SENTIMENTS.index(sentence.sentiment) for _, sentence in written]),
        "words_split": np.array([split for split, _ in written]),
        "texts": np.array([sentence.text for _, sentence in written]),
    }


def _timbre(frames: NDArray[np.float32], extractor: VoiceFeatureExtractor) -> torch.Tensor:
    """(frames, channels) with the cosine transform's first coefficients in the place of the Mel bands.

    What says how loud it is is taken relative to the recording's mean: the distance to the microphone is no emotion.
    """
    bands = extractor.bands
    found = np.concatenate([dct(frames[:, :bands], norm="ortho")[:, :COEFFICIENTS], frames[:, bands:]], axis=1)
    loudness = [0, COEFFICIENTS + extractor.channels[bands:].index("energy")]
    found[:, loudness] -= found[:, loudness].mean(0)
    return torch.from_numpy(found)


def _stretches(frames: torch.Tensor) -> torch.Tensor:
    """(frames, channels) → (stretches, 2 · channels), means and deviations."""
    # A sound of fewer frames than stretches leaves some empty: they say what the whole does.
    filled = [part if len(part) else frames for part in frames.tensor_split(STRETCHES)]
    return torch.stack([torch.cat([p.mean(0), p.std(0, correction=0)]) for p in filled])


def _chosen(written: Mapping[str, Sequence[Sentence]]) -> list[tuple[int, Sentence]]:
    """[(number of the split, sentence)]: short ones, no text twice, as many of every sentiment as there are or wanted.

    Those to train on and to validate on are of GoEmotions' dev split, on which the text encoder wasn't trained.
    """
    found = []
    seen: set[str] = set()
    for number, split in enumerate(SPLITS):
        left = dict.fromkeys(SENTIMENTS, _HEARD[split])
        for sentence in written["test" if split == "test" else "dev"]:
            short = 0 < len(sentence.text.split()) <= _MOST_WORDS
            if short and left[sentence.sentiment] and sentence.text not in seen:
                seen.add(sentence.text)
                left[sentence.sentiment] -= 1
                found.append((number, sentence))
    return found


def _pairs(
    places: Mapping[str, NDArray[np.int64]], truths: Mapping[str, NDArray[np.int64]], generator: np.random.Generator
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Labels, and for each modality which recording or sentence; the splits one after the other."""
    labels = np.concatenate([generator.permutation(np.arange(EXAMPLES[split]) % len(SENTIMENTS)) for split in SPLITS])
    split_of = np.repeat(np.arange(len(SPLITS)), [EXAMPLES[split] for split in SPLITS])
    rows = {}
    for name, place in places.items():
        rows[name] = np.zeros(len(labels), dtype=np.int64)
        for number, split in enumerate(SPLITS):
            for sentiment, called in enumerate(SENTIMENTS):
                choice = np.flatnonzero((place == number) & (truths[name] == sentiment))
                wanted = np.flatnonzero((split_of == number) & (labels == sentiment))
                if not len(choice):
                    what = "recording" if name == "voice" else "sentence"
                    raise UserError(f"There is no {called} {what} for the {split} part: give the whole collections.")
                rows[name][wanted] = generator.choice(choice, len(wanted))
    return torch.from_numpy(labels), {name: torch.from_numpy(found) for name, found in rows.items()}
