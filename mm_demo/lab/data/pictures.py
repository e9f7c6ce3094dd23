"""Pictures with questions that neither answers alone, as the app's own question answerer sees and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm

from mm_demo.lab.data.dataset import SPLITS, Dataset, ModalityData, Scale, consecutive
from mm_demo.lab.data.kept import Arrays, kept
from mm_demo.lab.data.origin import Entered, Shown
from mm_demo.models.blip import BlipAnswerer
from mm_demo.models.catalog import WEIGHTS, cards_for
from mm_demo.models.loading import open_model
from mm_demo.scenes import COLORS, Scene, make_scene
from mm_demo.scenes.questions import Question, ask_color

EXAMPLES = {"train": 3_000, "validation": 500, "test": 1_000}
GRID = 4
"""The vision tower's states are averaged to this many rows and columns."""
_SIDE = 128
_MOST = 3
"""Questions about one picture, each about another object."""
_TRIES = 6
_FIRST = 1_000_000
"""Seeds start where no other measurement of the answerer has been."""


def questions() -> Dataset:
    """Pictures, each with up to three questions for the colour of one of its objects.

    "picture" is 4 × 4 states of the answerer's vision tower, "question" the word embeddings of its question encoder
    without their positions. Every picture holds two objects or more, mostly of different colours: who sees only the
    picture can guess one of its colours, who reads only the question any of the eight. No picture is in two splits, and
    the answerer was trained on none.
    """
    model = _Model()
    found = kept("questions-1", model.files, lambda: _made(model, EXAMPLES))
    rows = torch.from_numpy(found["picture_of"].astype(np.int64))
    pictures = torch.from_numpy(found["pictures"].astype(np.float32))[rows]
    words = torch.from_numpy(found["words"].astype(np.float32))
    modalities = {
        "picture": ModalityData(pictures, torch.ones(pictures.shape[:2], dtype=torch.bool)),
        "question": ModalityData(words, torch.from_numpy(found["mask"].astype(bool))),
    }
    splits = consecutive(*(EXAMPLES[split] for split in SPLITS))
    scales = {name: Scale.of(modality, splits["train"]) for name, modality in modalities.items()}
    seeds = found["seeds"].astype(np.int64)[rows.numpy()]
    return Dataset(
        "questions",
        "Questions about the colour of an object in a picture",
        {name: scales[name](modality) for name, modality in modalities.items()},
        torch.from_numpy(found["labels"].astype(np.int64)),
        COLORS,
        splits,
        origin=PictureQuestions(model, scales, seeds, [str(text) for text in found["texts"]]),
    )


class _Model:
    """The embedded answerer, opened when it is first needed."""

    def __init__(self) -> None:
        self._card = cards_for("vqa", "embedded")[0]
        self.files = [WEIGHTS / self._card.id / name for name in ("model.safetensors", "tokenizer.json")]

    @property
    def opened(self) -> BlipAnswerer:
        model = open_model("vqa", self._card.id, "cpu")
        if not isinstance(model, BlipAnswerer):
            raise TypeError("the embedded answerer is no BLIP")
        return model

    def see(self, picture: Image.Image) -> tuple[Tensor, bool]:
        """(grid cells, dim) of a picture, and whether it is of the kind that the model knows."""
        seen = self.opened.look(picture)
        patches = seen.states[0, 1:].float()
        side = round(len(patches) ** 0.5)
        pooled = torch.nn.functional.adaptive_avg_pool2d(patches.T.reshape(1, -1, side, side), GRID)
        return pooled.flatten(2)[0].T, seen.familiar

    def read(self, question: str) -> tuple[Tensor, list[str]]:
        """(tokens, dim) of a question without the special tokens around it, and the words that are not known."""
        read, embeddings = self.opened.words(question)
        return embeddings[1:-1].float(), read.unknown_words


@dataclass(frozen=True)
class PictureQuestions:
    """Draws the data set's pictures again, and takes other pictures and questions.

    Attributes:
        model: what sees and reads.
        scales: of both modalities.
        seeds: (examples,) of the pictures.
        texts: the questions.
    """

    model: _Model
    scales: dict[str, Scale]
    seeds: NDArray[np.int64]
    texts: list[str]

    def shown(self, row: int) -> Shown:
        """The picture and the question of an example."""
        return Shown(self.texts[row], _drawn(int(self.seeds[row])).picture)

    def enter(self, picture: Image.Image, question: str) -> Entered:
        """As `Askable.enter`."""
        cells, familiar = self.model.see(picture)
        words, unknown = self.model.read(question)
        notes = [] if familiar else ["This picture is unlike those the strategies learned from: don’t rely on them."]
        if unknown:
            notes.append(f"These words are not known and only spelt out: {', '.join(unknown)}.")
        return Entered({"picture": self._one("picture", cells), "question": self._one("question", words)}, notes)

    def _one(self, name: str, states: Tensor) -> ModalityData:
        return self.scales[name](ModalityData(states[None], torch.ones(1, len(states), dtype=torch.bool)))


def _drawn(seed: int) -> Scene:
    return make_scene(seed, _SIDE, "test")


def _asked(scene: Scene, rng: Random) -> list[Question]:
    """Up to three questions, each about another object; none where there is only one object."""
    if len(scene.objects) < 2:
        return []
    found: dict[tuple[int, ...], Question] = {}
    for _ in range(_TRIES):
        question = ask_color(scene.objects, rng)
        if question is not None and len(found) < _MOST:
            found.setdefault(question.about, question)
    return list(found.values())


def _made(model: _Model, examples: Mapping[str, int]) -> Arrays:
    pictures: list[Tensor] = []
    words: list[Tensor] = []
    seeds, picture_of, texts, labels = [], [], [], []
    seed = _FIRST
    with tqdm(total=sum(examples.values()), desc="Making pictures and questions") as line:
        for wanted in examples.values():
            left = wanted
            while left:
                scene = _drawn(seed)
                asked = _asked(scene, Random(seed))[:left]
                for question in asked:
                    text = f"{question.text}?"
                    picture_of.append(len(pictures))
                    texts.append(text)
                    labels.append(COLORS.index(question.answer))
                    words.append(model.read(text)[0])
                if asked:
                    pictures.append(model.see(Image.fromarray(scene.picture))[0])
                    seeds.append(seed)
                left -= len(asked)
                line.update(len(asked))
                seed += 1
    mask = pad_sequence([torch.ones(len(w), dtype=torch.bool) for w in words], batch_first=True)
    return {
        "pictures": torch.stack(pictures).half().numpy(),
        "seeds": np.array(seeds),
        "picture_of": np.array(picture_of),
        "texts": np.array(texts),
        "labels": np.array(labels),
        "words": pad_sequence(words, batch_first=True).half().numpy(),
        "mask": mask.numpy(),
    }
