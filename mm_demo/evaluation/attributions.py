"""Maps that need the model and not its trace: the explanation methods that trace methods are compared with."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import IntegratedGradients

from mm_demo.evidence.probe import Probe
from mm_demo.models.family import PictureScore
from mm_demo.models.removal import filling

STEPS = 32
"""Points of the path that integrated gradients are summed over."""


def grad_cam(score: PictureScore) -> np.ndarray:
    """(rows, cols) Grad-CAM (Selvaraju et al. 2017) on the vision encoder's output.

    Each channel of the patches' states is weighted by its gradient's mean over the patches; what is negative in the sum
    over channels counts as 0.
    """
    states, gradient = _patches(score)
    return (states @ gradient.mean(0)).clamp(min=0).reshape(score.grid[0]).cpu().numpy()


def hires_cam(score: PictureScore) -> np.ndarray:
    """(rows, cols) HiResCAM (Draelos & Carin 2020): as Grad-CAM, each patch weighted by its own gradient."""
    states, gradient = _patches(score)
    return (states * gradient).sum(1).clamp(min=0).reshape(score.grid[0]).cpu().numpy()


def integrated_gradients(score: PictureScore) -> np.ndarray:
    """(rows, cols) integrated gradients (Sundararajan et al. 2017) from the picture's mean colour, summed over patches.

    Signed; the sum is what the score gains from the mean colour to the picture, where the patches cover all of it.
    """
    (rows, cols), patch = score.grid
    attributed: torch.Tensor = IntegratedGradients(lambda pixels: score.score(score.states(pixels))).attribute(
        score.pixels[None],
        baselines=filling(score.pixels, "mean")[None],
        n_steps=STEPS,
        internal_batch_size=STEPS,
    )
    covered = attributed[0].sum(0)[: rows * patch, : cols * patch]
    return covered.reshape(rows, patch, cols, patch).sum((1, 3)).cpu().numpy()


def occlusion(probe: Probe) -> np.ndarray:
    """(elements,) what the score loses without each element alone (Zeiler & Fergus 2014); signed."""
    count = len(probe.relevance)
    whole, *without = probe.score(np.vstack([np.ones((1, count), bool), ~np.eye(count, dtype=bool)]))
    return whole - np.array(without)


def _patches(score: PictureScore) -> tuple[torch.Tensor, torch.Tensor]:
    """(patches, dim) of the encoder's output, and the gradient of the score by it."""
    states = score.states(score.pixels[None]).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(score.score(states).sum(), states)
    return states.detach()[0, score.leading :].float(), gradient[0, score.leading :].float()
