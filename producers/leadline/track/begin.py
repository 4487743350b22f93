"""What the job's own thread notes of a run's beginning, for the library's thread to look into."""

from __future__ import annotations

import contextvars
import os
from typing import TYPE_CHECKING, Any

from .code_root import Root, root_of_function, root_of_stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


class Begin:
    """A walk over the stack, and copies of the environment and the context's variables, in which tools keep their own."""

    __slots__ = ("environ", "fields", "root", "variables")

    def __init__(self, frame: FrameType | None, function: Callable[..., object] | None = None) -> None:
        self.root: Root | None = (root_of_function(function) if function else None) or root_of_stack(frame)
        # Another thread may take a variable away meanwhile.
        self.environ = {name: value for name in os.environ if (value := os.environ.get(name)) is not None}
        self.variables: contextvars.Context | None = contextvars.copy_context()
        self.fields: dict[str, Any] | None = None
        """RunEvent's fields that hold for this run from its first event to its last; None: not yet looked for."""
