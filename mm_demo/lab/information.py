"""What the modalities of a data set say about its label, in bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from mm_demo.lab.data.dataset import Dataset, ModalityData
from mm_demo.lab.metrics.decomposition import Decomposition, decompose

_CLUSTERS = 8


@dataclass(frozen=True)
class Information:
    """The decomposition for two modalities.

    Attributes:
        first: name of the first modality.
        second: name of the second.
        bits: the decomposition.
        exact: True where each modality's discrete value is known because the data were generated; False where it is
            the nearest of eight k-means centres, a lower bound that can miss what no cluster shows.
    """

    first: str
    second: str
    bits: Decomposition
    exact: bool

    def to_json(self) -> dict[str, Any]:
        """{"modalities", "redundancy", "unique": {name: bits}, "synergy", "exact"}."""
        return {
            "modalities": [self.first, self.second],
            "redundancy": self.bits.redundancy,
            "unique": {self.first: self.bits.unique_first, self.second: self.bits.unique_second},
            "synergy": self.bits.synergy,
            "exact": self.exact,
        }


def information(data: Dataset) -> Information | None:
    """Decompose the information about the label; None with more than two modalities, where there is no agreed way."""
    if len(data.names) != 2:
        return None
    first, second = data.names
    labels = data.labels.cpu().numpy()
    if data.table is not None:
        return Information(first, second, decompose(data.table.numpy()), exact=True)
    values = [_clusters(data.modalities[name]) for name in data.names]
    table = np.zeros((len(data.classes), _CLUSTERS, _CLUSTERS))
    np.add.at(table, (labels, *values), 1)
    return Information(first, second, decompose(table), exact=False)


def _clusters(modality: ModalityData) -> NDArray[np.int64]:
    """(examples,) the nearest of eight centres of the examples' mean states."""
    counts = modality.mask.sum(1, keepdim=True).clamp(min=1)
    vectors = (torch.where(modality.mask[..., None], modality.states, 0.0).sum(1) / counts).cpu().numpy()
    found: NDArray[np.int64] = KMeans(min(_CLUSTERS, len(vectors)), n_init=2, random_state=0).fit_predict(vectors)
    return found.astype(np.int64)
