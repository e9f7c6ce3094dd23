"""What the voice model has to beat: a linear support vector machine on some 600 statistics of an utterance.

The classic recipe of the field (Eyben et al. 2010): functionals of frame-wise descriptors, a linear machine on top.
"""

from __future__ import annotations

from typing import NamedTuple

import librosa
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import recall_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer
from sklearn.svm import SVC

from mm_demo.models.voice import EMOTIONS, SENTIMENT_OF, SENTIMENTS, VoiceFeatureExtractor

_PERCENTILES = (5, 25, 50, 75, 95)
_COEFFICIENTS = 20
_VOICED = 0.5
_COST = 0.003


class Labelled(NamedTuple):
    """Utterances as the machine sees them: `statistics` (utterances, statistics), `emotions` (utterances,) indices."""

    statistics: NDArray[np.float32]
    emotions: NDArray[np.int64]


def baseline(train: Labelled, test: Labelled) -> dict[str, float]:
    """Fit on one set of utterances and judge another.

    Returns:
        Unweighted average recall, 0…1, over the "emotions" and over the three "sentiments", each by its own machine.
    """
    found: dict[str, float] = {}
    sentiment = np.array([SENTIMENTS.index(SENTIMENT_OF[name]) for name in EMOTIONS])
    for name, known, truth in (
        ("emotions", train.emotions, test.emotions),
        ("sentiments", sentiment[train.emotions], sentiment[test.emotions]),
    ):
        scale = QuantileTransformer(n_quantiles=min(200, len(known)), output_distribution="normal", random_state=0)
        machine = make_pipeline(scale, SVC(kernel="linear", C=_COST, class_weight="balanced"))
        judged = machine.fit(train.statistics, known).predict(test.statistics)
        found[name] = float(recall_score(truth, judged, average="macro", labels=np.unique(truth)))
    return found


def statistics(sound: NDArray[np.float32], extractor: VoiceFeatureExtractor) -> NDArray[np.float32]:
    """The statistics (n,) of one utterance: float32 mono (samples,) at the extractor's rate.

    Levels, spreads, percentiles and slopes of bands, cepstra and their changes over loud frames, of pitch over voiced
    frames, of energy and spectral shape over all, and how long and how often the voice speaks.
    """
    frames = extractor([sound])["input_features"][0].numpy()
    bands, (pitch, voicing, energy, crossings, flatness) = frames[:, : extractor.bands], frames[:, extractor.bands :].T
    loud = energy > np.percentile(energy, 95) - 30
    voiced = (voicing > _VOICED) & loud
    cepstra = librosa.feature.mfcc(S=bands.T, n_mfcc=_COEFFICIENTS)
    cepstra[0] -= cepstra[0].max()
    relative = (bands - np.percentile(energy, 95)).T
    shape = np.stack([energy - energy.max(), crossings, flatness])
    parts = [
        _functionals(cepstra[:, loud]),
        _functionals(np.gradient(cepstra, axis=1)[:, loud])[:, 1:],
        _functionals(relative[:, loud])[:, :3],
        _functionals(shape),
        _functionals(np.gradient(shape, axis=1)),
        _functionals(pitch[None, voiced]),
        _functionals(np.gradient(pitch)[None, voiced]),
        _functionals(voicing[None, loud]),
        _functionals(relative[:, voiced].reshape(8, extractor.bands // 8, voiced.sum()).mean(1)),
        _rhythm(voiced, loud, extractor.hop_seconds),
    ]
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32)


def _functionals(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """(channels, frames) to (channels, 9): mean, deviation, slope, five percentiles, mean size of a change."""
    if values.shape[1] < 2:
        return np.zeros((len(values), 4 + len(_PERCENTILES)))
    time = np.linspace(-1, 1, values.shape[1])
    slope = (values - values.mean(1, keepdims=True)) @ time / (time @ time)
    percentiles = np.percentile(values, _PERCENTILES, axis=1).T
    change = np.abs(np.diff(values, axis=1)).mean(1)
    return np.concatenate([np.stack([values.mean(1), values.std(1), slope], 1), percentiles, change[:, None]], 1)


def _rhythm(voiced: NDArray[np.bool_], loud: NDArray[np.bool_], hop: float) -> NDArray[np.floating]:
    """Seconds, shares of voiced and loud frames, and voiced and silent stretches a second with their mean length."""
    seconds = len(voiced) * hop
    found = [seconds, voiced.mean(), loud.mean()]
    for state in (voiced, ~loud):
        starts = int((np.diff(state.astype(int), prepend=0) == 1).sum())
        found += [starts / seconds, state.sum() * hop / max(starts, 1)]
    return np.array(found)
