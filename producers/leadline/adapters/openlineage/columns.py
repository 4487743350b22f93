"""The facet columnLineage: which columns of a dataset were made from which."""

from collections.abc import Iterator, Mapping

from leadline.events.records import ColumnEdge, RunIo, Transformation

from .kinds import kind_of_data
from .shape import Facet, facet, obj, objects, text

Kinds = Mapping[tuple[str, str], str]
"""Of the data of the event, by namespace and name: the facet itself does not say."""


def columns(data: Facet, target: RunIo, kinds: Kinds) -> Iterator[ColumnEdge]:
    """One for each pair of columns; the whole target (an empty field) for what decided on its rows."""
    said = facet(data.get("facets"), "columnLineage")
    if not said:
        return
    fields = obj(said, "fields")
    for name in sorted(fields):
        for source in objects(obj(fields, name), "inputFields"):
            yield from _edge(source, target, name, kinds)
    for source in objects(said, "dataset"):
        yield from _edge(source, target, "", kinds)


def _edge(source: Facet, target: RunIo, field: str, kinds: Kinds) -> Iterator[ColumnEdge]:
    namespace, name, source_field = text(source, "namespace"), text(source, "name"), text(source, "field")
    if namespace and name and source_field:
        yield ColumnEdge(
            source_kind=kinds.get((namespace, name)) or kind_of_data(source),
            source_namespace=namespace,
            source_name=name,
            source_field=source_field,
            target_kind=target.kind,
            target_namespace=target.namespace,
            target_name=target.name,
            target_field=field,
            transformations=[
                Transformation(
                    type=text(how, "type").upper(), subtype=text(how, "subtype").upper(), masking=how.get("masking") is True
                )
                for how in objects(source, "transformations")
                if text(how, "type")
            ],
        )
