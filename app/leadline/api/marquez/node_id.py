"""Marquez's nodeId, `dataset:NAMESPACE:NAME` and the like: ambiguous, since names and namespaces have colons themselves.

It is read in every way there is; of those that name what the store knows, the one with the longest namespace counts.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Literal

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError, UsageError
from leadline.events.records.event import NODE_KINDS, Micros
from leadline.history.node import NodeRef
from leadline.history.nodes import get_nodes
from leadline.history.query import fetch

Type = Literal["dataset", "datasetField", "job"]
DATA_KINDS = tuple(kind for kind in NODE_KINDS if kind != "JOB")
"""All of them are datasets to Marquez; DATASET comes first where one name has several kinds."""
_MOST_COLONS = 40


class Way(msgspec.Struct, frozen=True):
    """One way to read a nodeId; `field` is empty but for datasetField."""

    namespace: str
    name: str
    field: str = ""


class Found(msgspec.Struct, frozen=True):
    """What a nodeId names. `as_of`: when the version in it was made; None: no version is in it."""

    ref: NodeRef
    field: str
    as_of: Micros | None


def node_id(ref: NodeRef) -> str:
    return f"{'job' if ref.kind == 'JOB' else 'dataset'}:{ref.namespace}:{ref.name}"


def field_id(namespace: str, name: str, field: str) -> str:
    return f"datasetField:{namespace}:{name}:{field}"


def type_of(text: str) -> Type:
    """Raises UsageError."""
    match text.partition(":")[0]:
        case "dataset" | "datasetField" | "job" as found:
            return found
    raise UsageError(
        f"nodeId is {text[:200]!r}; it must be dataset:NAMESPACE:NAME, datasetField:NAMESPACE:NAME:FIELD or job:NAMESPACE:NAME"
    )


def ways(text: str) -> list[Way]:
    """Every way to read it, the longest namespace first, then the longest name. Raises UsageError where there is none."""
    parts = 3 if type_of(text) == "datasetField" else 2
    rest = text.partition(":")[2]
    colons = [place for place, sign in enumerate(rest) if sign == ":"]
    if len(colons) > _MOST_COLONS:
        raise UsageError(f"nodeId has more than {_MOST_COLONS} colons: ask for it by namespace and name instead")
    found = [Way(*pieces) for pieces in _cut(rest, colons, parts) if all(pieces)]
    if not found:
        raise UsageError(f"nodeId is {text[:200]!r}, which lacks a namespace or a name")
    return sorted(found, key=lambda way: (len(way.namespace), len(way.name)), reverse=True)


def _cut(text: str, colons: list[int], parts: int) -> Iterator[list[str]]:
    for cuts in combinations(colons, parts - 1):
        begins = [0, *(cut + 1 for cut in cuts)]
        yield [text[begin:end] for begin, end in zip(begins, [*cuts, len(text)], strict=True)]


def find(client: Client, text: str) -> Found:
    """A version may stand behind `#`; names that have such a sign themselves come first, fields, which may, last.

    Raises UsageError, LeadlineError where nothing fits.
    """
    readings = [_unversioned, _versioned]
    for read in reversed(readings) if type_of(text) == "datasetField" else readings:
        found = read(client, text)
        if found is not None:
            return found
    raise LeadlineError(f"no node is known as {text[:200]!r}")


def _unversioned(client: Client, text: str) -> Found | None:
    known = _known(client, text)
    return Found(*known, as_of=None) if known else None


def _versioned(client: Client, text: str) -> Found | None:
    rest, sign, version = text.rpartition("#")
    known = _known(client, rest) if sign else None
    made_at = _made_at(client, known[0], version) if known else None
    return Found(*known, as_of=made_at) if known and made_at is not None else None


def _known(client: Client, text: str) -> tuple[NodeRef, str] | None:
    read = ways(text)
    kinds = ("JOB",) if type_of(text) == "job" else DATA_KINDS
    refs = [(NodeRef(kind, way.namespace, way.name), way.field) for way in read for kind in kinds]
    known = get_nodes(client, list({ref for ref, _ in refs}))
    return next((found for found in refs if found[0] in known), None)


class _Made(msgspec.Struct, frozen=True):
    event_time: Micros


def _made_at(client: Client, ref: NodeRef, version: str) -> Micros | None:
    found = fetch(
        client,
        _Made,
        "FROM leadline.versions WHERE kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String} "
        "AND version = {version:String}",
        **msgspec.structs.asdict(ref),
        version=version,
    )
    return found[0].event_time if found else None
