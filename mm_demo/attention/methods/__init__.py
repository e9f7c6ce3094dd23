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


def usable_methods(*, inputs: bool) -> dict[str, Method]:
    """The methods that fit traces with gradients by the inputs, or without."""
    return {name: method for name, method in METHODS.items() if inputs or not method.needs_inputs}


def get_method(name: str, *, inputs: bool = True) -> Method:
    """The method of that name, among those that fit traces with gradients by the inputs, or without.

    Raises:
        UserError: there is none.
    """
    usable = usable_methods(inputs=inputs)
    if name not in usable:
        raise UserError(f"There is no method '{name}'; choose one of: {', '.join(usable)}.")
    return usable[name]


__all__ = ["METHODS", "Method", "get_method", "usable_methods"]
