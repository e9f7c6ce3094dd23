"""How sizes are said."""

from __future__ import annotations


def megabytes(size: int) -> str:
    """A size in bytes as people say it: "3 MB", "1.5 GB"; anything but nothing is at least "1 MB"."""
    return f"{size / 1e9:.1f} GB" if size >= 0.9995e9 else f"{max(round(size / 1e6), int(size > 0))} MB"
