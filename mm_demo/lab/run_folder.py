"""A run on disk: its report, and every training's state to go on from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from mm_demo.errors import UserError
from mm_demo.lab.data.dataset import Dataset
from mm_demo.lab.experiment import Experiment
from mm_demo.lab.report.comparison import Comparison
from mm_demo.lab.training.plan import Plan
from mm_demo.lab.training.state import FitState

_ABOUT = "run.json"
_STATE = "{:02}.safetensors"


def save_run(experiment: Experiment, folder: Path) -> None:
    """Write what was found and where each training stands; the folder is made, and files of an earlier run replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(experiment.names):
        if name in experiment.fits:
            _write(experiment.fits[name].state, folder / _STATE.format(i))
    about = {
        "fingerprint": fingerprint(experiment.data),
        "plan": asdict(experiment.plan),
        "strategies": experiment.strategies,
        "begun": [name for name in experiment.names if name in experiment.fits],
        "report": Comparison.of(experiment.data, experiment.plan, experiment.rows()).to_json(),
    }
    (folder / _ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")


def load_run(folder: Path, data: Dataset, device: torch.device | str = "cpu") -> Experiment:
    """The experiment as it was saved; `train` goes on with what wasn't through.

    Raises:
        UserError: no run, a damaged one, or one on other data.
    """
    about = load_report(folder)
    if about["fingerprint"] != fingerprint(data):
        raise UserError(f"The run in “{folder}” was on other data than “{data.name}”: open it with its own.")
    plan = _plan(about["plan"])
    experiment = Experiment(data, about["strategies"], plan, device)
    paths = {name: folder / _STATE.format(i) for i, name in enumerate(experiment.names) if name in about["begun"]}
    states = {name: _read(path, plan, device) for name, path in paths.items()}
    return Experiment(data, about["strategies"], plan, device, states)


def load_report(folder: Path) -> dict[str, Any]:
    """What a saved run found: its `report` is `Comparison.to_json`, to be put beside others.

    Raises:
        UserError: no run, or a damaged one.
    """
    try:
        about: dict[str, Any] = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"“{folder}” holds no run of the fusion lab: give the folder of a saved one.") from error
    if not about.keys() >= {"fingerprint", "plan", "strategies", "begun", "report"}:
        raise UserError(f"The run in “{folder}” is incomplete: save it again.")
    return about


def fingerprint(data: Dataset) -> str:
    """A hash of all that is learned and tested."""
    digest = hashlib.sha256()
    tensors = [data.labels, *(data.splits[split] for split in sorted(data.splits))]
    for name in data.names:
        digest.update(name.encode())
        tensors += [data.modalities[name].states, data.modalities[name].mask]
    for tensor in tensors:
        digest.update(str(tuple(tensor.shape)).encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _plan(saved: dict[str, Any]) -> Plan:
    return Plan(**{**saved, "seeds": tuple(saved["seeds"]), "rates": tuple(saved["rates"])})


def _write(state: FitState, path: Path) -> None:
    tensors, about = state.packed()
    # Written beside and then moved, so that a run is never left with half a file.
    partial = path.with_suffix(".partial")
    save_file(
        {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, partial, {"about": json.dumps(about)}
    )
    partial.replace(path)


def _read(path: Path, plan: Plan, device: torch.device | str) -> FitState:
    try:
        with safe_open(path, "pt", device=str(device)) as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no dictionary
            return FitState.unpacked(tensors, json.loads(file.metadata()["about"]), plan)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"“{path}” is damaged: train this run again.") from error
