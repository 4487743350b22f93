"""The last bytes of the log text behind a pointer, one module for each kind of place; read with the rights of who asks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from leadline.core.errors import UsageError

from .file import on
from .text import Text, counted

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("cloudwatch", "file", "gcs", "s3", "url")

__all__ = ["KINDS", "Text", "read"]


def read(kind: str, location: str, *, last: int, host: str = "", progress: Callable[[int], None] = lambda _: None) -> Text:
    """At most the `last` bytes. `host`: where the run was, for files whose location names none. `progress`: bytes so far.

    Raises LeadlineError with what is wrong and what to do, at once or while the text is read.
    """
    if kind not in KINDS:
        raise UsageError(f"leadline cannot read a log of kind {kind!r}; it knows {', '.join(KINDS)}")
    place = on(host, location) if kind == "file" else location
    text: Text = import_module(f".{kind}", __name__).read(place, last)
    return Text(text.cut, counted(text.chunks, progress))
