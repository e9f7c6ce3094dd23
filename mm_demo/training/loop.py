"""The training loop that every script shares: transformers' Trainer with our settings, resumable and seeded."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_model, save_model
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments, set_seed
from transformers.trainer_utils import get_last_checkpoint

from mm_demo.training.optimizer import MuonWithAdamW

Batch = dict[str, Tensor]
_WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        steps: optimizer steps in all.
        batch: scenes a step.
        rate: peak learning rate; warms up over 3 % of the steps, then falls along a cosine.
        seed: of the weights, the order of the scenes and every draw made for a batch.
    """

    steps: int
    batch: int
    rate: float
    seed: int


class _Draws(Dataset[tuple[int, int]]):
    """Item i is (scene, draw): scenes come round again and again, each time with a fresh draw for its batch."""

    def __init__(self, scenes: int, total: int, seed: int) -> None:
        self.scenes, self.total, self.seed = scenes, total, seed

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, index: int) -> tuple[int, int]:
        return index % self.scenes, hash((self.seed, index)) % 2**31


def fit(
    model: nn.Module,
    collate: Callable[[list[tuple[int, int]]], Batch],
    scenes: int,
    schedule: Schedule,
    folder: Path,
    device: str | None,
) -> None:
    """Train in place; a killed run started again with the same folder goes on from its last checkpoint.

    Args:
        model: `forward(**batch)` returns {"loss": scalar, …}; `careful()`, where it has one, the parameters to spare.
        collate: makes a batch from [(scene index, seed of its draw)].
        scenes: number of scenes in the bank.
        schedule: see `Schedule`.
        folder: where checkpoints go.
        device: "cpu" forces the CPU; otherwise a GPU is used where there is one.
    """
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=schedule.steps,
        per_device_train_batch_size=schedule.batch,
        learning_rate=schedule.rate,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, schedule.steps * 3 // 100),
        weight_decay=0.05,
        max_grad_norm=1.0,
        bf16=True,
        use_cpu=device == "cpu" or not torch.cuda.is_available(),
        dataloader_num_workers=0,
        save_steps=max(1, min(250, schedule.steps // 2)),
        save_total_limit=2,
        logging_steps=25,
        report_to=[],
        seed=schedule.seed,
        remove_unused_columns=False,
    )
    set_seed(schedule.seed)
    last = get_last_checkpoint(str(folder)) if folder.is_dir() else None
    trainer = _Reporting(
        model=model,
        args=arguments,
        train_dataset=_Draws(scenes, schedule.steps * schedule.batch, schedule.seed),
        data_collator=collate,
    )
    trainer.train(resume_from_checkpoint=last)


class _Reporting(Trainer):
    """Trainer that also logs every scalar the model returns beside its loss."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._sums: dict[str, list[float]] = {}

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        trained = model or self.model
        careful: list[nn.Parameter] = getattr(trained, "careful", list)()
        self.optimizer = MuonWithAdamW(trained, self.args.learning_rate, self.args.weight_decay, careful)
        return self.optimizer

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Tensor] | None = None) -> None:
        # Trainer's own saving and loading refuse tensors that two modules share, as both checkpoints do the tower.
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        save_model(self.model, str(folder / _WEIGHTS), {"format": "pt"})

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        load_model(model or self.model, str(Path(resume_from_checkpoint) / _WEIGHTS))

    def compute_loss(self, model: nn.Module, inputs: Batch, return_outputs: bool = False, **_: Any) -> Any:
        outputs = model(**inputs)
        for name, value in outputs.items():
            if name != "loss":
                self._sums.setdefault(name, []).append(float(value.detach()))
        return (outputs["loss"], outputs) if return_outputs else outputs["loss"]

    def log(self, logs: dict[str, float], *rest: Any, **named: Any) -> None:
        super().log({**logs, **{k: round(sum(v) / len(v), 4) for k, v in self._sums.items()}}, *rest, **named)
        self._sums = {}


def parser(description: str, schedule: Schedule, folder: str) -> argparse.ArgumentParser:
    """The options that every training script takes, with this script's defaults."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    options.add_argument("--runs", type=Path, default=Path("runs"), help="folder for the drawn scenes and checkpoints")
    options.add_argument("--run", default=folder, help="this run's folder below --runs")
    options.add_argument("--scenes", type=int, default=160_000, help="drawn training scenes (50 KB each on disk)")
    options.add_argument("--workers", type=int, default=2, help="processes that draw")
    options.add_argument("--steps", type=int, default=schedule.steps)
    options.add_argument("--batch", type=int, default=schedule.batch)
    options.add_argument("--rate", type=float, default=schedule.rate)
    options.add_argument("--seed", type=int, default=schedule.seed)
    options.add_argument("--device", default=None, help="cpu, or a GPU by default where there is one")
    return options


def schedule_of(options: argparse.Namespace) -> Schedule:
    """The schedule the options ask for; also sets the CPU threads."""
    torch.set_float32_matmul_precision("high")
    return Schedule(options.steps, options.batch, options.rate, options.seed)
