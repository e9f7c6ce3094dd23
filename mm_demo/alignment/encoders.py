"""Two small encoders that meet on one unit sphere, and the words that the second one knows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

DIMENSIONS = 64
_PADDING, _UNKNOWN = 0, 1


class Vocabulary:
    """Words by number; 0 is padding, 1 any word that was not in the texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        words = sorted({word for text in texts for word in _words(text)})
        self._numbers = {word: number for number, word in enumerate(words, start=_UNKNOWN + 1)}

    def __len__(self) -> int:
        return len(self._numbers) + _UNKNOWN + 1

    def encode(self, texts: Sequence[str]) -> Tensor:
        """(texts, length of the longest) int64, padded behind."""
        numbers = [[self._numbers.get(word, _UNKNOWN) for word in _words(text)] or [_UNKNOWN] for text in texts]
        longest = max(len(row) for row in numbers)
        return torch.tensor([row + [_PADDING] * (longest - len(row)) for row in numbers])


class PictureEncoder(nn.Module):
    """Three convolutions that halve the picture, then one linear layer that sees where everything is."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 32, 5, stride=2, padding=2),
            nn.GroupNorm(4, 32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.GroupNorm(4, 64),
            nn.ReLU(),
            nn.Conv2d(64, 128, 3, stride=2, padding=1),
            nn.GroupNorm(4, 128),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(128 * (side // 8) ** 2, DIMENSIONS),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """(batch, 3, side, side) float 0…1 → (batch, 64) of length 1."""
        return functional.normalize(self.layers(2 * pictures - 1), dim=-1)


class TextEncoder(nn.Module):
    """Words to vectors, a recurrent network over them, and the mean of what it says at each word."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, DIMENSIONS)
        self.recurrent = nn.GRU(DIMENSIONS, DIMENSIONS, batch_first=True)
        self.out = nn.Linear(DIMENSIONS, DIMENSIONS)

    def forward(self, numbers: Tensor) -> Tensor:
        """(batch, length) int64, 0 behind the end → (batch, 64) of length 1; padding changes nothing."""
        states, _ = self.recurrent(self.embedding(numbers))
        there = (numbers != _PADDING).unsqueeze(-1)
        return functional.normalize(self.out((states * there).sum(1) / there.sum(1)), dim=-1)


class Encoders(nn.Module):
    """Both encoders and the learnt scale 1 / temperature, all drawn from one generator.

    Args:
        side: of the pictures, in pixels, a multiple of 8.
        words: how many the vocabulary has.
        temperature: at the start.
        generator: draws the weights; nothing else is read, so that the same seed gives the same network whatever ran
            before or runs beside.
    """

    def __init__(self, side: int, words: int, temperature: float, generator: torch.Generator) -> None:
        super().__init__()
        with torch.device("meta"):  # The layers' own initialisation would draw from the state that all threads share.
            self.picture, self.text = PictureEncoder(side), TextEncoder(words)
        self.to_empty(device="cpu")
        for module in self.modules():
            for name, parameter in module.named_parameters(recurse=False):
                _draw(module, name, parameter, generator)
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))

    @property
    def scale(self) -> Tensor:
        """1 / temperature, at most 100 as in CLIP."""
        return self.log_scale.exp().clamp(max=100.0)


@torch.no_grad()
def _draw(module: nn.Module, name: str, parameter: nn.Parameter, generator: torch.Generator) -> None:
    if parameter.dim() < 2:
        parameter.fill_(1.0 if isinstance(module, nn.GroupNorm) and name == "weight" else 0.0)
    elif isinstance(module, nn.GRU):
        bound = 1 / math.sqrt(module.hidden_size)
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(parameter, generator=generator)
    else:
        nn.init.kaiming_uniform_(parameter, a=math.sqrt(3), generator=generator)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text.lower())
