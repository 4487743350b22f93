"""How the process was started."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .logs import clean
from .texts import MAX_TEXT


def command_line(words: Sequence[str]) -> str:
    """As a shell would take it, and no longer than a parameter. Secrets are redacted with the rest of the event."""
    return clean(shlex.join(words), MAX_TEXT)


def working_directory() -> str:
    """Empty where it is gone."""
    try:
        return os.getcwd()  # noqa: PTH109 - a Path of it is the same text, made slower
    except OSError:
        return ""


def entry_point(main: Any, environ: Mapping[str, str], kernel: bool = False) -> Path | None:
    """The file that the interpreter was started with, or the notebook; None in a shell.

    A notebook is told by Jupyter's server in JPY_SESSION_NAME, by VS Code in a variable of its own.
    """
    if kernel:
        told = getattr(main, "__vsc_ipynb_file__", None) or environ.get("JPY_SESSION_NAME")
        return Path(told) if told else None
    path = getattr(main, "__file__", None)
    return Path(path).resolve() if path else None


def original_words() -> list[str]:
    """With the interpreter and its options, so that a module that was started with -m shows as such."""
    return list(sys.orig_argv) or list(sys.argv)
