"""Explanation methods, one a file; a new file here is found by its class's `name`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from mm_demo.attention.methods.base import Method
from mm_demo.errors import UserError


def _discover() -> dict[str, Method]:
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return {method.name: method() for method in sorted(Method.__subclasses__(), key=lambda m: m.rank)}


METHODS: dict[str, Method] = _discover()
"""Every method by its name, in the order in which people should meet them."""


def get_method(name: str) -> Method:
    """The method of that name.

    Raises:
        UserError: there is none.
    """
    if name not in METHODS:
        raise UserError(f"There is no method '{name}'; choose one of: {', '.join(METHODS)}.")
    return METHODS[name]


__all__ = ["METHODS", "Method", "get_method"]
