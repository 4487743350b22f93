"""Switches that the environment holds."""

import os

_OFF = ("0", "false", "no", "off")


def switched_on(variable: str, default: bool) -> bool:
    """Anything but 0, false, no and off means on: who writes something odd into a switch means to use it."""
    told = os.environ.get(variable, "").strip().lower()
    return told not in _OFF if told else default
