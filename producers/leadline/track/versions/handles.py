"""Objects of other libraries that stand for stored data: tables of deltalake and pyiceberg, objects and answers of boto3.

Only what they already know is read: nothing here asks a catalogue or a store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from .description import Description, class_of, library_of
from .schema import delta_name, schema_hash
from .stores import describe_object
from .tables import describe_iceberg, to_columns


def describe_handle(data: Any) -> Description | None:
    """None where it is no such object."""
    library = library_of(data, ("deltalake", "pyiceberg", "boto3"))
    if library == "deltalake" and hasattr(data, "table_uri"):
        return _delta(data)
    if library == "pyiceberg" and hasattr(data, "metadata"):
        return _iceberg(data)
    if library == "boto3" and hasattr(data, "meta"):
        return _boto(data)
    if isinstance(data, Mapping) and "ETag" in data and "ResponseMetadata" in data:
        return describe_object(data)
    return None


def _delta(table: Any) -> Description:
    fields = [(field.name, delta_name(field.type)) for field in table.schema().fields]
    return Description(
        version=str(table.version()),
        schema_version=schema_hash(fields),
        format="delta",
        class_name=class_of(table),
        columns=to_columns(fields),
        attributes={"location": str(table.table_uri)},
    )


def _iceberg(table: Any) -> Description:
    found = describe_iceberg(msgspec.json.decode(table.metadata.model_dump_json()))
    attributes = {**found.attributes, "location": str(table.metadata.location)}
    return replace(found, class_name=class_of(table), attributes=attributes)


def _boto(thing: Any) -> Description:
    """A resource such as `s3.Object(bucket, key)`: what `load()` or a listing brought; without them, nothing is known."""
    named = {name: getattr(thing, name) for name in thing.meta.identifiers}  # other attributes would ask the store
    known = dict(thing.meta.data or {})
    if "id" in named:  # of an ObjectVersion
        known.setdefault("VersionId", named["id"])
    bucket, key = named.get("bucket_name"), named.get("key") or named.get("object_key")
    location = {"location": f"s3://{bucket}/{key}"} if bucket and key else {}
    found = describe_object(known)
    return replace(found, class_name=class_of(thing), attributes={**found.attributes, **location})
