"""What the facets of a dataset say of it: its version, its schema, and where it lies."""

from collections.abc import Iterator
from typing import Any

from leadline.events.records import ColumnProfile, RunIo, VersionDescribed
from leadline.track.versions.schema import MAX_COLUMNS, schema_hash

from .kinds import kind_of_data
from .shape import Facet, as_text, facet, objects, text

_PLACES = ("catalog", "hierarchy", "storage", "dataSource", "datasetType")


def to_io(data: Facet) -> RunIo:
    fields = list(_fields(facet(data.get("facets"), "schema")))
    return RunIo(
        kind=kind_of_data(data),
        namespace=text(data, "namespace"),
        name=text(data, "name"),
        version=as_text(facet(data.get("facets"), "version").get("datasetVersion")),
        schema_version=schema_hash(fields) if fields else "",
    )


def description(data: Facet, io: RunIo, **common: Any) -> VersionDescribed | None:
    """None where nothing is said but the name and the version, which are in the run's event."""
    fields = list(_fields(facet(data.get("facets"), "schema")))
    attributes = dict(_attributes(data))
    if not fields and not attributes:
        return None
    return VersionDescribed(
        **common,
        kind=io.kind,
        namespace=io.namespace,
        name=io.name,
        version=io.version,
        schema_version=io.schema_version,
        format=text(facet(data.get("facets"), "storage"), "fileFormat"),
        attributes=attributes,
        columns=[ColumnProfile(name=name, type=kind) for name, kind in fields[:MAX_COLUMNS]],
    )


def _fields(said: Facet, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and type; of nested fields with the names above them, as a.b."""
    for field in objects(said, "fields"):
        name = text(field, "name")
        if name:
            yield f"{prefix}{name}", as_text(field.get("type"))
            yield from _fields(field, f"{prefix}{name}.")


def _attributes(data: Facet) -> Iterator[tuple[str, str]]:
    for place in _PLACES:
        for name, value in facet(data.get("facets"), place).items():
            if not name.startswith("_") and value not in (None, "", [], {}):
                yield f"{place}.{name}", as_text(value)
