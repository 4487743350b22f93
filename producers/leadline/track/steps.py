"""The run of a generator is current only while the generator's own code works, not while its consumer's does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .run import _current

if TYPE_CHECKING:
    from .run import Run


class Steps:
    """A context manager for each step. Between two steps it keeps what is current inside: runs nest within generators too.

    Only this one variable is exchanged, not the context: what else the generator's code sets stays visible as it would be.
    """

    def __init__(self, run: Run) -> None:
        self._inside: Run | None = run
        self._outside: Run | None = None

    def __enter__(self) -> Self:
        self._outside = _current.get()
        _current.set(self._inside)
        return self

    def __exit__(self, *_: object) -> None:
        # Without a token: an asynchronous generator may be driven by another task from step to step.
        self._inside = _current.get()
        _current.set(self._outside)
