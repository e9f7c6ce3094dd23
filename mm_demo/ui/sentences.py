"""Errors as the page says them: one sentence."""

from __future__ import annotations

import logging

from mm_demo.errors import UserError
from mm_demo.ui.models import UNEXPECTED

log = logging.getLogger(__name__)


def sentence(error: Exception) -> str:
    """What to tell the person; anything but a UserError is logged with its trace and named no further."""
    if isinstance(error, UserError):
        return str(error)
    log.error("unexpected error", exc_info=error)
    return UNEXPECTED
