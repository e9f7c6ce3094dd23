"""What stands behind the numbers of an example: something that a person can look at, read or hear."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from mm_demo.lab.data.dataset import Modalities


@dataclass(frozen=True)
class Shown:
    """An example as a person meets it.

    Attributes:
        text: the question, or what was said.
        picture: (height, width, 3) uint8 RGB, where there is one.
        sound: samples a second and (samples,) float32, where there is one and it is at hand.
    """

    text: str
    picture: NDArray[np.uint8] | None = None
    sound: tuple[int, NDArray[np.float32]] | None = None


@dataclass(frozen=True)
class Entered:
    """An example that a person brought.

    Attributes:
        modalities: what the strategies are given, one example.
        notes: sentences that must be seen beside the answers.
    """

    modalities: Modalities
    notes: list[str] = field(default_factory=list)


class Origin(Protocol):
    """Knows the examples of a data set."""

    def shown(self, row: int) -> Shown:
        """The example in that row of the data set."""
        ...


@runtime_checkable
class Askable(Origin, Protocol):
    """Takes pictures and questions of a person's own, too."""

    def enter(self, picture: Image.Image, question: str) -> Entered:
        """An example like those of the data set.

        Args:
            picture: RGB.
            question: about it.

        Raises:
            UserError: the question is too long.
        """
        ...
