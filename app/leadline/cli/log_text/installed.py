"""Clients of clouds, which nobody has to install who has no logs there."""

from importlib import import_module
from typing import Any

from leadline.core.errors import UsageError


def library(module: str, package: str) -> Any:
    """Raises UsageError that says what to install."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(f"reading this log takes {package}; install it: pip install {package} ({error})") from None
