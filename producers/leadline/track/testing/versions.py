"""Captured descriptions: what a version of a node holds, as far as the job has told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from leadline.events.records import ColumnProfile, Event, VersionDescribed

from ..nodes import Node
from .lookup import one, wanted
from .metrics import is_node, named


@dataclass(frozen=True, repr=False)
class CapturedVersion:
    """One version of one node. `rows` and `size_bytes` are None where they are not known; `run_id` is empty outside a run."""

    of: Node
    rows: int | None = None
    columns: tuple[ColumnProfile, ...] = ()
    format: str = ""
    class_name: str = ""
    content_hash: str = ""
    size_bytes: int | None = None
    files: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    run_id: str = ""

    def __repr__(self) -> str:
        counts = {"row": self.rows, "column": len(self.columns) or None, "byte": self.size_bytes, "file": self.files}
        said = [f"{number} {what}{'' if number == 1 else 's'}" for what, number in counts.items() if number is not None]
        said += filter(None, [self.format or self.class_name])
        described = f": {', '.join(said)}" if said else ""
        return f"<version of {named(self.of)}{described}>"

    def column(self, name: str) -> ColumnProfile:
        """For example `version.column("price").null_share == 0`. Raises AssertionError where there is none of that name."""
        __tracebackhide__ = True
        found = [column for column in self.columns if column.name == name]
        return one(found, f"column {name!r} of {self!r}", self.columns, show=_show_column)


def versions_of(events: Iterable[Event], name: str, of: Node | None) -> list[CapturedVersion]:
    """In the order in which they were first described; what is told later of the same version is added to it."""
    fields: dict[tuple[Node, str], dict[str, Any]] = {}
    for event in events:
        if isinstance(event, VersionDescribed) and name in ("", event.name):
            node = Node(event.kind, event.namespace, event.name, event.version, event.schema_version)
            known = fields.setdefault((node, event.run_id), {})
            known |= {name: value for name in _FIELDS if (value := getattr(event, name)) not in (None, "", [], {})}
    found = [CapturedVersion(of=node, run_id=run_id, **_tuple(known)) for (node, run_id), known in fields.items()]
    return [version for version in found if of is None or is_node(version.of, of)]


def asked_version(name: str, of: Node | None) -> str:
    return wanted("version", name, of=of and named(of))


_FIELDS = ("rows", "columns", "format", "class_name", "content_hash", "size_bytes", "files", "parameters", "attributes")


def _tuple(known: dict[str, Any]) -> dict[str, Any]:
    return {**known, "columns": tuple(known.get("columns", ()))}


def _show_column(column: ColumnProfile) -> str:
    missing = "" if column.null_share is None else f", {column.null_share:.1%} missing"
    return f"<column {column.name!r} {column.type}{missing}>"
