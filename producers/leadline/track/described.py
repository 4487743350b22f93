"""What a job hands over as `data=`: described within the call, and sent as what a version of a node holds."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from leadline.core.clock import system_clock
from leadline.core.errors import UsageError
from leadline.events.ids import new_id
from leadline.events.records import VersionDescribed

from .nodes import Node, optional_text, required_text
from .shown import shown
from .texts import to_texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .client import Client
    from .run import Run
    from .versions.description import Description

COLUMN_BYTES = 800
"""Estimate of what a column's profile takes in the queue."""


def take(client: Client, run: Run | None, node: Node, data: object, *, profile: bool | None, frequent: Iterable[str]) -> Node:
    """The node with the version and the schema version that the data tells, where it has none of its own.

    Raises UsageError for wrong use; data that cannot be described is one warning and leaves the node as it is.
    """
    wanted = _checked(profile, frequent)
    if client.disabled:
        return node
    from .versions.describe import describe

    try:
        found = describe(data, profile=profile, frequent=wanted)
        node = replace(node, version=node.version or found.version, schema_version=node.schema_version or found.schema_version)
        event = to_event(run, node, found)
    except Exception as error:  # whatever a foreign library raises: the job goes on, and one line says why
        client.undescribed(f"{node} is sent without a description: {type(error).__name__}: {error}")
        return node
    client.put(event, size_of(event), "VersionDescribed")
    if found.later is not None:
        client.describe_later(found.later, event)
    return node


def size_of(event: VersionDescribed) -> int:
    return 2_000 + COLUMN_BYTES * len(event.columns) + 100 * len(event.parameters)


def artifact_node(job: Node, data: object, name: str, namespace: str, version: str) -> Node:
    """Of a relative path the name is the job's and the path, of another path its last part, of a URL its own.

    Raises UsageError for an object without a name.
    """
    name, namespace = optional_text(name, "name"), optional_text(namespace, "namespace")
    location = _location(data)
    if not location and not name:
        raise UsageError(f"an artifact that is a {type(data).__name__} needs a name: run.artifact(..., name='settings')")
    scheme, separator, rest = location.partition("://")
    if separator and scheme != "file" and not name and not namespace:
        host, _, path = rest.partition("/")
        return Node("ARTIFACT", f"{scheme}://{host}", path or "/", version)
    local = PurePath(rest if separator else location)
    inner = local.name if local.is_absolute() or ".." in local.parts else local.as_posix()
    return Node("ARTIFACT", namespace or job.namespace, name or f"{job.name}/{inner}", version)


def _location(data: object) -> str:
    """Empty for what is no path."""
    if isinstance(data, str):
        return str.__str__(data)
    try:
        return os.fsdecode(data) if isinstance(data, os.PathLike) else ""
    except Exception:  # of the object's own method
        return ""


def to_event(run: Run | None, node: Node, found: Description) -> VersionDescribed:
    return VersionDescribed(
        event_id=new_id(),
        event_time=system_clock(),
        producer="",
        source="python",
        kind=node.kind,
        namespace=node.namespace,
        name=node.name,
        version=node.version,
        schema_version=node.schema_version,
        content_hash=found.content_hash,
        size_bytes=found.size_bytes,
        files=found.files,
        format=found.format,
        class_name=found.class_name,
        parameters=to_texts(found.parameters, "parameters"),
        attributes=to_texts(found.attributes, "attributes"),
        rows=found.rows,
        columns=found.columns,
        **(run.identity if run else {}),
    )


def _checked(profile: Any, frequent: Any) -> frozenset[str]:
    if profile is not None and not isinstance(profile, bool):
        raise UsageError(f"profile is {shown(profile)}; give True, False, or None for what lies in memory")
    if not isinstance(frequent, list | tuple | set | frozenset):
        raise UsageError(f"frequent is {shown(frequent)}; give a list of names of columns, for example ['plan']")
    return frozenset(required_text(name, "name of a column") for name in frequent)
