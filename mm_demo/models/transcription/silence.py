"""Is there anything to hear?"""

from __future__ import annotations

import numpy as np

_LEVEL = 0.003
"""−50 dB of full scale: what is quieter is a microphone's own noise."""


def nearly_silent(samples: np.ndarray) -> bool:
    """True where samples (n,), −1…1, hold nothing louder than noise; neither one click nor a constant offset counts."""
    if not samples.size:
        return True
    lowest, highest = np.quantile(samples, (0.0005, 0.9995))
    return bool((highest - lowest) / 2 < _LEVEL)
