"""First the network learns to see: a vision tower trained from the known masks, with throw-away heads per patch.

    python -m mm_demo.training.vision

Each patch learns the kind, the colour, and the box of the object it belongs to. Without the box the places of objects
never enter the features, and every question about place or relation stays at chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import BlipVisionConfig, BlipVisionModel

from mm_demo.scenes import COLORS, KINDS
from mm_demo.training.bank import SIDE, Bank, open_bank
from mm_demo.training.loop import Batch, Schedule, fit, parser, schedule_of

PATCH = 16
SCHEDULE = Schedule(steps=2400, batch=128, rate=1.2e-3, seed=0)
MEAN = STD = 0.5
"""Of the pixels, 0…1: the processors saved beside the checkpoints use the same."""


def vision_config() -> BlipVisionConfig:
    """The tower's shape. The default initialisation of this class, 1e-10 in scale, would learn nothing for long."""
    return BlipVisionConfig(
        hidden_size=160,
        intermediate_size=640,
        num_hidden_layers=5,
        num_attention_heads=5,
        image_size=SIDE,
        patch_size=PATCH,
        initializer_range=0.02,
        hidden_act="gelu",
    )


def pixels_of(bank: Bank, indices: Sequence[int], mirrored: np.ndarray) -> Tensor:
    """(batch, 3, SIDE, SIDE) uint8 pictures, those marked in `mirrored` flipped left to right."""
    pictures = np.stack(
        [bank.pictures[i][:, ::-1] if m else bank.pictures[i] for i, m in zip(indices, mirrored, strict=True)]
    )
    return torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())


def normalised(pictures: Tensor) -> Tensor:
    """What the image processor makes of uint8 pictures of the right size."""
    return (pictures.float() / 255 - MEAN) / STD


def patch_targets(bank: Bank, indices: Sequence[int], mirrored: np.ndarray) -> Batch:
    """Per patch in reading order: kind and colour (0 is the background) and the owner's (x, y, width, height)."""
    n = len(indices)
    owners = np.stack(
        [bank.owners[i][:, ::-1] if m else bank.owners[i] for i, m in zip(indices, mirrored, strict=True)]
    )
    owners = owners.reshape(n, -1).astype(int)
    rows = np.arange(n)[:, None]
    background = np.full((n, 1, 3), -1)
    names = np.concatenate([background, np.stack([bank.names[i] for i in indices])], 1)[rows, owners]
    boxes = np.concatenate([np.zeros((n, 1, 4)), np.stack([bank.boxes[i] for i in indices])], 1)[rows, owners]
    left, top, right, bottom = np.moveaxis(boxes, -1, 0)
    x = (left + right) / 2
    x = np.where(mirrored[:, None], 1 - x, x)
    places = np.stack([x, (top + bottom) / 2, right - left, bottom - top], -1)
    return {
        "kinds": torch.from_numpy(names[..., 0] + 1).long(),
        "colors": torch.from_numpy(names[..., 1] + 1).long(),
        "places": torch.from_numpy(places).float(),
    }


class PatchHeads(nn.Module):
    """Linear readers of kind, colour and place from each patch; kept as a helper loss later, thrown away at the end."""

    weight: Tensor
    kind_weight: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.kind = nn.Linear(width, len(KINDS) + 1)
        self.color = nn.Linear(width, len(COLORS) + 1)
        self.place = nn.Linear(width, 4)
        self.register_buffer("weight", torch.tensor([0.3] + [1.0] * len(COLORS)))
        self.register_buffer("kind_weight", torch.tensor([0.3] + [1.0] * len(KINDS)))

    def forward(self, patches: Tensor, kinds: Tensor, colors: Tensor, places: Tensor) -> dict[str, Tensor]:
        """The loss, and accuracies on objects. `patches`: (batch, patches, width) without the class token."""
        kind, color = self.kind(patches).float(), self.color(patches).float()
        mine = kinds > 0
        place_loss = (self.place(patches).float() - places).abs().mean(-1)[mine].mean()
        loss = (
            functional.cross_entropy(kind.flatten(0, 1), kinds.flatten(), self.kind_weight)
            + functional.cross_entropy(color.flatten(0, 1), colors.flatten(), self.weight)
            + 5 * place_loss
        )
        return {
            "loss": loss,
            "kind_accuracy": (kind.argmax(-1) == kinds)[mine].float().mean(),
            "color_accuracy": (color.argmax(-1) == colors)[mine].float().mean(),
            "place_error": place_loss,
        }


class Seeing(nn.Module):
    """The tower with its heads, as the loop trains it."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = BlipVisionModel(vision_config())
        self.heads = PatchHeads(vision_config().hidden_size)

    def forward(self, pictures: Tensor, **targets: Tensor) -> dict[str, Tensor]:
        """`pictures`: (batch, 3, side, side) uint8; `targets` as `patch_targets` makes them."""
        return self.heads(self.tower(normalised(pictures)).last_hidden_state[:, 1:], **targets)


def train(runs: Path, scenes: int, workers: int, schedule: Schedule, device: str | None, run: str = "vision") -> None:
    """Train and save the tower and its heads to `runs / run / "final"`."""
    bank = open_bank(runs / "bank", scenes, workers)

    def collate(items: list[tuple[int, int]]) -> Batch:
        indices = [scene for scene, _ in items]
        mirrored = np.array([draw % 2 == 1 for _, draw in items])
        return {"pictures": pixels_of(bank, indices, mirrored), **patch_targets(bank, indices, mirrored)}

    torch.manual_seed(schedule.seed)
    model = Seeing()
    fit(model, collate, len(bank), schedule, runs / run, device)
    model.tower.save_pretrained(runs / run / "final")
    save_file(model.heads.state_dict(), runs / run / "final" / "heads.safetensors")


def main() -> None:
    """The command line."""
    options = parser(
        "Train the vision tower that the embedded checkpoints start from.", SCHEDULE, "vision"
    ).parse_args()
    train(options.runs, options.scenes, options.workers, schedule_of(options), options.device, options.run)


if __name__ == "__main__":
    main()
