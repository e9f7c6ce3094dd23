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
from mm_demo.scenes.relations import half_of

EXAMPLES = {"train": 3_000, "validation": 500, "test": 1_000}
GRID = 4
"""The vision tower's states are averaged to this many rows and columns."""
COMPONENTS = 32
"""Principal components that are kept of a state: with all 160, a few thousand examples are learned by heart."""
PLACES = {"left": "on the left", "right": "on the right", "top": "at the top", "bottom": "at the bottom"}
_SIDE = 128
_FIRST = 1_000_000
"""Seeds start where no other measurement of the answerer has been."""


def questions() -> Dataset:
    """Pictures, each with the questions for the colour of the one object in one of its halves.

    "picture" is 4 × 4 states of the answerer's vision tower, 32 principal components each; "question" the word
    embeddings of its question encoder without their positions. Every picture has objects of two colours or more: who
    sees only the picture can guess one of its colours, who reads only the question any of the eight. No picture is in
    two splits, and the answerer was trained on none.

    The kind of the object ("what color is the star?") would be the more natural thing to ask. But to find one kind of
    sixteen takes more examples than these: within the common budget one seed of two got there.
    """
    model = _Model()
    found = kept("questions-2", model.files, lambda: _made(model, EXAMPLES))
    rows = found["picture_of"].astype(np.int64)
    pictures = torch.from_numpy(found["pictures"].astype(np.float32))[rows]
    words = ModalityData(
        torch.from_numpy(found["words"].astype(np.float32)), torch.from_numpy(found["mask"].astype(bool))
    )
    splits = consecutive(*(EXAMPLES[split] for split in SPLITS))
    scale = Scale.of(words, splits["train"])
    components = Components(*(torch.from_numpy(found[name].astype(np.float32)) for name in ("center", "basis")))
    return Dataset(
        "questions",
        "Questions about the colour of an object in a picture",
        {
            "picture": ModalityData(pictures, torch.ones(pictures.shape[:2], dtype=torch.bool)),
            "question": scale(words),
        },
        torch.from_numpy(found["labels"].astype(np.int64)),
        COLORS,
        splits,
        origin=PictureQuestions(
            model, components, scale, found["seeds"].astype(np.int64)[rows], [str(text) for text in found["texts"]]
        ),
    )


@dataclass(frozen=True)
class Components:
    """The directions in which states differ most: center (dim,), basis (dim, components).

    All components share one scale, on which the training pictures have variance 1.
    """

    center: Tensor
    basis: Tensor

    @classmethod
    def of(cls, states: Tensor, count: int) -> Components:
        """Of (states, dim)."""
        center = states.mean(0)
        basis = torch.linalg.svd(states - center, full_matrices=False)[2][:count].T
        return cls(center, basis / ((states - center) @ basis).std(correction=0))

    def __call__(self, states: Tensor) -> Tensor:
        """(…, dim) → (…, components)."""
        return (states - self.center) @ self.basis


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
        components: of the picture's states.
        scale: of the words.
        seeds: (examples,) of the pictures.
        texts: the questions.
    """

    model: _Model
    components: Components
    scale: Scale
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
        return Entered({"picture": _one(self.components(cells)), "question": self.scale(_one(words))}, notes)


def _one(states: Tensor) -> ModalityData:
    return ModalityData(states[None], torch.ones(1, len(states), dtype=torch.bool))


def _drawn(seed: int) -> Scene:
    return make_scene(seed, _SIDE, "test")


def _asked(scene: Scene, rng: Random) -> list[tuple[str, str]]:
    """[(question, colour)] for every half that holds one object while all others are clearly in the other half."""
    if len({o.color for o in scene.objects}) < 2:
        return []
    found = []
    for place, words in PLACES.items():
        halves = [half_of(o, 0 if place in ("left", "right") else 1) for o in scene.objects]
        if halves.count(place) == 1 and None not in halves:
            what, word = rng.choice(("what", "which")), rng.choice(("color", "colour"))
            thing = rng.choice(("object", "thing", "shape"))
            found.append((f"{what} {word} is the {thing} {words}?", scene.objects[halves.index(place)].color))
    return found


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
                for text, color in asked:
                    picture_of.append(len(pictures))
                    texts.append(text)
                    labels.append(COLORS.index(color))
                    words.append(model.read(text)[0])
                if asked:
                    pictures.append(model.see(Image.fromarray(scene.picture))[0])
                    seeds.append(seed)
                left -= len(asked)
                line.update(len(asked))
                seed += 1
    states = torch.stack(pictures)
    of_training = states[: picture_of[examples["train"] - 1] + 1]
    components = Components.of(of_training.flatten(0, 1), COMPONENTS)
    mask = pad_sequence([torch.ones(len(w), dtype=torch.bool) for w in words], batch_first=True)
    return {
        "pictures": components(states).half().numpy(),
        "center": components.center.numpy(),
        "basis": components.basis.numpy(),
        "seeds": np.array(seeds),
        "picture_of": np.array(picture_of),
        "texts": np.array(texts),
        "labels": np.array(labels),
        "words": pad_sequence(words, batch_first=True).half().numpy(),
        "mask": mask.numpy(),
    }
