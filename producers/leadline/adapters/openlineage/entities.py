"""What facets say about nodes themselves: whose they are, what they are, what else they are called."""

from collections.abc import Iterator
from typing import NamedTuple

from leadline.events.records import RunIo

from .shape import Facet, as_text, cut, dict_of, facet, obj, objects, text


class Said(NamedTuple):
    """One aspect of one node. `deleted`: it was said that it holds no more."""

    kind: str
    namespace: str
    name: str
    aspect: str
    values: dict[str, str]
    deleted: bool = False


_ASPECTS = {
    "ownership": "ownership",
    "documentation": "documentation",
    "tags": "tags",
    "lifecycleStateChange": "lifecycle",
}
_FACETS = frozenset({*_ASPECTS, "symlinks"})


def said_of_job(namespace: str, name: str, facets: object) -> Iterator[Said]:
    yield from _said(RunIo(kind="JOB", namespace=namespace, name=name), facets)


def said_of_data(data: Facet, io: RunIo) -> Iterator[Said]:
    yield from _said(io, data.get("facets"))


def owners(facets: object) -> list[tuple[str, str]]:
    """Name and role of each, in the order in which they are said."""
    found = objects(facet(facets, "ownership"), "owners")
    return [(text(owner, "name"), text(owner, "type")) for owner in found if text(owner, "name")]


def _said(node: RunIo, facets: object) -> Iterator[Said]:
    if not isinstance(facets, dict) or facets.keys().isdisjoint(_FACETS):
        return
    this = (node.kind, node.namespace, node.name)
    for facet_name, aspect in _ASPECTS.items():
        if dict_of(facets.get(facet_name)).get("_deleted") is True:
            yield Said(*this, aspect, {}, deleted=True)
    for aspect, values in (
        ("ownership", _ownership(facets)),
        ("documentation", _documentation(facets)),
        ("tags", _tags(facets)),
    ):
        if values:
            yield Said(*this, aspect, values)
    if node.kind != "JOB":
        yield from _other_names(node, facets)
        yield from _lifecycle(node, facet(facets, "lifecycleStateChange"))


def _ownership(facets: Facet) -> dict[str, str]:
    whose = owners(facets)
    if not whose:
        return {}
    everyone = [{"name": name} | ({"type": role} if role else {}) for name, role in whose]
    return {"owner": whose[0][0]} | ({"owners": as_text(everyone)} if len(whose) > 1 else {})


def _documentation(facets: Facet) -> dict[str, str]:
    said = facet(facets, "documentation")
    values = {"description": cut(text(said, "description")), "content_type": text(said, "contentType")}
    return {key: value for key, value in values.items() if value} if values["description"] else {}


def _tags(facets: Facet) -> dict[str, str]:
    """That of a column under its name and the tag's."""
    tags = [one for one in objects(facet(facets, "tags"), "tags") if text(one, "key")]
    return {":".join(filter(None, (text(one, "field"), text(one, "key")))): cut(as_text(one.get("value"))) for one in tags}


def _lifecycle(node: RunIo, change: Facet) -> Iterator[Said]:
    state = text(change, "lifecycleStateChange").upper()
    if state:
        yield Said(node.kind, node.namespace, node.name, "lifecycle", {"state": state})
    if state == "RENAME":
        yield from _alias(node, obj(change, "previousIdentifier"), "RENAME")


def _other_names(node: RunIo, facets: Facet) -> Iterator[Said]:
    """A facet that is deleted may still list the names that hold no more."""
    links = dict_of(facets.get("symlinks"))
    for other in objects(links, "identifiers"):
        yield from _alias(node, other, text(other, "type") or "symlink", deleted=links.get("_deleted") is True)


def _alias(node: RunIo, other: Facet, reason: str, *, deleted: bool = False) -> Iterator[Said]:
    """The other name is the node, what it stands for the value: a dataset may have any number of other names."""
    namespace, name = text(other, "namespace"), text(other, "name")
    if namespace and name and (namespace, name) != (node.namespace, node.name):
        stands_for = {"kind": node.kind, "namespace": node.namespace, "name": node.name, "reason": reason}
        yield Said(node.kind, namespace, name, "alias", {} if deleted else stands_for, deleted)
