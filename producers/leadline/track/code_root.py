"""From which of the job's own functions a run is reported."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

_MOST_WRAPPERS = 20


class Root(NamedTuple):
    """A function of the job, or a whole file of it. `line` 0: the whole."""

    file: str
    line: int
    function: str
    module: str
    package: str


def root_of_stack(frame: FrameType | None) -> Root | None:
    """The outermost function of the job's own code from which `frame` was reached, else its outermost file; None without any.

    The outermost, because tools call a job through one function of it, and scripts through `main`.
    """
    function: FrameType | None = None
    file: FrameType | None = None
    while frame is not None:
        if is_own(frame.f_code.co_filename) and not str(frame.f_globals.get("__name__")).startswith("leadline."):
            if frame.f_code.co_name == "<module>":
                file = frame
            else:
                function = frame
        frame = frame.f_back
    chosen = function or file
    return _root(chosen.f_code, chosen.f_globals) if chosen else None


def root_of_function(function: Callable[..., object]) -> Root | None:
    """Of a decorated function, whatever called it and whatever else wraps it; None where it is not of the job's own code."""
    for _ in range(_MOST_WRAPPERS):
        function = getattr(function, "__wrapped__", function)
    code: CodeType | None = getattr(function, "__code__", None)
    return _root(code, getattr(function, "__globals__", {})) if code and is_own(code.co_filename) else None


def _root(code: CodeType, variables: dict[str, object]) -> Root:
    whole = code.co_name == "<module>"
    return Root(
        file=code.co_filename,
        line=0 if whole else code.co_firstlineno,
        function="" if whole else code.co_name,
        module=str(variables.get("__name__") or ""),
        package=str(variables.get("__package__") or ""),
    )


@functools.lru_cache(4096)
def is_own(file: str) -> bool:
    """Whether the file is the job's: not of Python, not installed, not a tool's own."""
    if file.startswith("<") and not file.startswith("<ipython-input"):
        return False
    path = file.replace("\\", "/")
    installed = "/site-packages/" in path or "/dist-packages/" in path
    return not installed and not path.startswith(_NOT_OWN)


_NOT_OWN = (
    f"{Path(os.__file__).parent.as_posix()}/",
    f"{Path(sys.executable or 'python').parent.as_posix()}/",
    "/databricks/",
    "/local_disk0/.ephemeral_nfs/envs/",
)
"""Databricks runs notebooks and files with Python code of its own in these folders."""
