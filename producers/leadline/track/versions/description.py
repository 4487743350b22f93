"""What is found out about some data, before it is tied to a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from leadline.events.records import ColumnProfile


@dataclass(frozen=True)
class Description:
    """Fields as in VersionDescribed; `version` is the one that the data tells, where nobody gives another.

    `later`: finds the content hash where that takes long, called off the job's threads; None from it means that the content
    changed meanwhile.
    """

    version: str = ""
    schema_version: str = ""
    content_hash: str = ""
    size_bytes: int | None = None
    files: int | None = None
    format: str = ""
    class_name: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    rows: int | None = None
    columns: list[ColumnProfile] = field(default_factory=list)
    later: Callable[[], str | None] | None = None


def class_of(thing: object) -> str:
    """For example pandas.core.frame.DataFrame."""
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def library_of(thing: object, libraries: tuple[str, ...]) -> str:
    """Which of the libraries made its class or one that it derives from, the nearest first; empty: none. Imports nothing."""
    roots = (kind.__module__.partition(".")[0] for kind in type(thing).__mro__)
    return next((root for root in roots if root in libraries), "")
