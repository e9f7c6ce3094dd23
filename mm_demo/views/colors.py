"""The scale of the maps: viridis, which rises evenly in lightness (Nuñez et al. 2018).

So it reads the same for people with the common colour deficiencies, and in grey.
"""

from __future__ import annotations

from functools import cache

import numpy as np

# Every eighth colour of viridis: between them linear interpolation stays within 4 of 255 of the original.
_VIRIDIS_ANCHORS = (
    "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c"
    "1f988b1fa08822a78528ae8032b67a3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725"
)


@cache
def viridis() -> np.ndarray:
    """The (256, 3) uint8 lookup table, low values first."""
    anchors = np.frombuffer(bytes.fromhex(_VIRIDIS_ANCHORS), dtype=np.uint8).reshape(-1, 3)
    at = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, c]) for c in range(3)]
    table = np.stack(channels, axis=1).round().astype(np.uint8)
    table.setflags(write=False)
    return table
