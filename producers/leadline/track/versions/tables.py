"""Delta and Iceberg: version, schema and size from a table's own files. Pure: listings and JSON in, descriptions out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from leadline.events.records import ColumnProfile

from .description import Description
from .schema import MAX_COLUMNS, iceberg_name, schema_hash

_DELTA_LOG = re.compile(r"(\d{20})\.(?:json|checkpoint(?:\.[\w.-]+)?\.parquet|checkpoint\.[\w-]+\.json)")
"""Commits and checkpoints, by https://github.com/delta-io/delta/blob/master/PROTOCOL.md#file-types."""
_ICEBERG_METADATA = re.compile(r"(?:v(\d+)|(\d+)-[\w-]+)(?:\.gz)?\.metadata\.json(?:\.gz)?")
"""File system tables count with a v, catalogs without, by https://iceberg.apache.org/spec/#file-system-tables."""


def delta_version(names: Iterable[str]) -> str:
    """The newest version that the names in `_delta_log` tell; empty: none."""
    found = [int(match[1]) for name in names if (match := _DELTA_LOG.fullmatch(name))]
    return str(max(found)) if found else ""


def newest_iceberg_metadata(names: Iterable[str], hint: str = "") -> str:
    """The name of the metadata file that holds; empty: none. `hint`: what version-hint.text says, for tables that have it."""
    found = {name: int(match[1] or match[2]) for name in names if (match := _ICEBERG_METADATA.fullmatch(name))}
    hinted = [name for name in found if name.startswith(f"v{hint.strip()}.")] if hint.strip() else []
    return hinted[0] if hinted else max(found, key=lambda name: (found[name], name), default="")


def describe_iceberg(metadata: Mapping[str, Any]) -> Description:
    """From a table's metadata. The version is the current snapshot's id; empty for a table without one."""
    current = metadata.get("current-snapshot-id")
    snapshots = {snapshot.get("snapshot-id"): snapshot for snapshot in metadata.get("snapshots") or ()}
    summary = snapshots.get(current, {}).get("summary") or {}
    fields = [(str(field["name"]), iceberg_name(field["type"])) for field in _iceberg_fields(metadata)]
    return Description(
        version="" if current in (None, -1) else str(current),
        schema_version=schema_hash(fields) if fields else "",
        format="iceberg",
        rows=_whole(summary.get("total-records")),
        size_bytes=_whole(summary.get("total-files-size")),
        files=_whole(summary.get("total-data-files")),
        columns=to_columns(fields),
        attributes={"table_uuid": uuid} if (uuid := str(metadata.get("table-uuid") or "")) else {},
    )


def to_columns(fields: Iterable[tuple[str, str]]) -> list[ColumnProfile]:
    return [ColumnProfile(name=name, type=type_) for name, type_ in list(fields)[:MAX_COLUMNS] if name]


def _iceberg_fields(metadata: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Version 1 has one schema, later ones a list and the id of the current one."""
    schemas = {schema.get("schema-id"): schema for schema in metadata.get("schemas") or ()}
    schema = schemas.get(metadata.get("current-schema-id")) or metadata.get("schema") or {}
    return list(schema.get("fields") or ())


def _whole(text: object) -> int | None:
    return int(text) if isinstance(text, str | int) and str(text).isdigit() else None
