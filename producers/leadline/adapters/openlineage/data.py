"""What the facets of a dataset say of it: its version, its schema, and where it lies."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from leadline.events.records import ColumnProfile, RunIo
from leadline.track.versions.schema import MAX_COLUMNS, schema_hash

from .kinds import kind_of_data
from .shape import Facet, as_text, cut, dict_of, facet, objects, text

_PLACES = ("catalog", "hierarchy", "storage", "dataSource", "datasetType")


class Data(NamedTuple):
    """A dataset of the event with what is made of it."""

    said: Facet
    io: RunIo
    schema: list[tuple[str, str]]


def to_data(said: Facet) -> Data:
    facets = said.get("facets")
    schema = list(_fields(facet(facets, "schema")))
    io = RunIo(
        kind=kind_of_data(said),
        namespace=said["namespace"],
        name=said["name"],
        version=as_text(facet(facets, "version").get("datasetVersion")),
        schema_version=schema_hash(schema) if schema else "",
    )
    return Data(said, io, schema)


def description(data: Data) -> dict[str, Any]:
    """Fields of VersionDescribed; empty where nothing is said but the name and the version, which are in the run's event."""
    attributes = dict(_attributes(data.said))
    if not data.schema and not attributes:
        return {}
    return msgspec.structs.asdict(data.io) | {
        "format": text(facet(data.said.get("facets"), "storage"), "fileFormat"),
        "attributes": attributes,
        "columns": [ColumnProfile(name=name, type=kind) for name, kind in data.schema[:MAX_COLUMNS]],
    }


def _fields(said: Facet, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and type; of nested fields with the names above them, as a.b."""
    for field in objects(said, "fields"):
        name = text(field, "name")
        if name:
            yield f"{prefix}{name}", as_text(field.get("type"))
            if "fields" in field:
                yield from _fields(field, f"{prefix}{name}.")


def _attributes(data: Facet) -> Iterator[tuple[str, str]]:
    """By the names of facet and field: storage.layer, dataSource.uri, datasetType."""
    facets = dict_of(data.get("facets"))
    for place in _PLACES:
        if place in facets:
            for name, value in facet(facets, place).items():
                if not name.startswith("_") and value not in (None, "", [], {}):
                    yield _dotted(place, name), cut(as_text(value))


def _dotted(place: str, name: str) -> str:
    own = name.removeprefix(place)
    return f"{place}.{own[0].lower()}{own[1:]}" if own else place
