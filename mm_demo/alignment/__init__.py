"""Pictures and texts in one space: the losses that bring them there, and a training small enough to watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mm_demo.alignment.run import Progress, Settings, train

__all__ = ["Progress", "Settings", "train"]


def __getattr__(name: str) -> Any:
    # The page draws the small world before anybody trains in it, and must not wait for torch.
    if name in __all__:
        from mm_demo.alignment import run

        return getattr(run, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
