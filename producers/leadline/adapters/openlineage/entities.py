"""What facets say about nodes themselves: whose they are, what they are, what else they are called."""

from collections.abc import Iterator
from typing import NamedTuple

from .kinds import kind_of_data
from .shape import Facet, as_text, facet, obj, objects, text


class Said(NamedTuple):
    """One aspect of one node. `deleted`: it was said that it holds no more."""

    kind: str
    namespace: str
    name: str
    aspect: str
    values: dict[str, str]
    deleted: bool = False


_ASPECTS = {"ownership": "ownership", "documentation": "documentation", "tags": "tags"}


def said_of_job(namespace: str, name: str, facets: object) -> Iterator[Said]:
    yield from _aspects("JOB", namespace, name, facets)


def said_of_data(data: Facet) -> Iterator[Said]:
    kind, namespace, name, facets = kind_of_data(data), text(data, "namespace"), text(data, "name"), data.get("facets")
    yield from _aspects(kind, namespace, name, facets)
    this = {"kind": kind, "namespace": namespace, "name": name}
    for other in objects(facet(facets, "symlinks"), "identifiers"):
        yield from _alias(kind, other, this, text(other, "type"))
    change = facet(facets, "lifecycleStateChange")
    state = text(change, "lifecycleStateChange").upper()
    if state:
        yield Said(kind, namespace, name, "lifecycle", {"state": state})
    if state == "RENAME":
        yield from _alias(kind, obj(change, "previousIdentifier"), this, "RENAME")


def owners(facets: object) -> list[tuple[str, str]]:
    """Name and role of each, in the order in which they are said."""
    found = objects(facet(facets, "ownership"), "owners")
    return [(text(owner, "name"), text(owner, "type")) for owner in found if text(owner, "name")]


def _aspects(kind: str, namespace: str, name: str, facets: object) -> Iterator[Said]:
    if not isinstance(facets, dict):
        return
    for facet_name, aspect in _ASPECTS.items():
        if isinstance(facets.get(facet_name), dict) and facets[facet_name].get("_deleted") is True:
            yield Said(kind, namespace, name, aspect, {}, deleted=True)
    whose = owners(facets)
    if whose:
        values = {"owner": whose[0][0]} | ({"owners": as_text([list(one) for one in whose])} if len(whose) > 1 else {})
        yield Said(kind, namespace, name, "ownership", values)
    documentation = facet(facets, "documentation")
    if text(documentation, "description"):
        values = {"description": text(documentation, "description"), "content_type": text(documentation, "contentType")}
        yield Said(kind, namespace, name, "documentation", {key: value for key, value in values.items() if value})
    tags = {_tag(one): as_text(one.get("value")) for one in objects(facet(facets, "tags"), "tags") if text(one, "key")}
    if tags:
        yield Said(kind, namespace, name, "tags", tags)


def _tag(tag: Facet) -> str:
    """Of a column: with its name."""
    return f"{text(tag, 'field')}:{text(tag, 'key')}" if text(tag, "field") else text(tag, "key")


def _alias(kind: str, other: Facet, this: dict[str, str], reason: str) -> Iterator[Said]:
    """The other name is the node, what it stands for the value: a dataset may have any number of other names."""
    namespace, name = text(other, "namespace"), text(other, "name")
    if namespace and name and (namespace, name) != (this["namespace"], this["name"]):
        yield Said(kind, namespace, name, "alias", {**this, "reason": reason or "symlink"})
