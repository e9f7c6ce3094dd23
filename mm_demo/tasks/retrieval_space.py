"""Where texts and pictures lie in the space they share, seen from the side that shows most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SharedSpace:
    """Both modalities in the plane of their two largest principal components.

    Attributes:
        texts: (texts, 2).
        pictures: (pictures, 2).
        explained: (2,), the share of all variance along each axis, 0…1.
        modality_gap: distance of the two modalities' means in the whole space, 0…2 (Liang et al. 2022, "Mind the
            Gap").
    """

    texts: np.ndarray
    pictures: np.ndarray
    explained: np.ndarray
    modality_gap: float


def shared_space(texts: np.ndarray, pictures: np.ndarray) -> SharedSpace:
    """Lay both modalities out together.

    Args:
        texts: (texts, dimensions), at least one row.
        pictures: (pictures, dimensions), at least one row.
    """
    from sklearn.decomposition import PCA  # Takes a second to import, which the other tasks need not wait for.

    together = np.concatenate([texts, pictures]).astype(np.float64)
    centred = together - together.mean(0)
    if np.allclose(centred, 0):  # Every point is the same one: there are no directions, and no variance to share.
        points, explained = np.zeros((len(together), 2)), np.zeros(2)
    else:
        pca = PCA(2, svd_solver="full")
        points, explained = pca.fit_transform(together), pca.explained_variance_ratio_
    gap = float(np.linalg.norm(texts.mean(0, dtype=np.float64) - pictures.mean(0, dtype=np.float64)))
    return SharedSpace(points[: len(texts)], points[len(texts) :], explained, gap)
