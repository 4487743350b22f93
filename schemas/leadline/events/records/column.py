"""Columns: which was made from which, and how."""

from typing import Annotated

from msgspec import Meta

from .event import Part


class Transformation(Part, frozen=True, kw_only=True):
    """How a value came from another, in OpenLineage's terms."""

    type: Annotated[str, Meta(description="DIRECT: the value itself; INDIRECT: it decided which rows or in which order")]
    subtype: Annotated[
        str, Meta(description="IDENTITY, TRANSFORMATION, AGGREGATION; JOIN, GROUP_BY, FILTER, SORT, WINDOW, CONDITIONAL")
    ] = ""
    masking: Annotated[bool, Meta(description="The value cannot be seen in the result, as with a hash")] = False


class ColumnEdge(Part, frozen=True, kw_only=True):
    """`target_field` was made from `source_field`."""

    source_kind: str = "DATASET"
    source_namespace: str
    source_name: str
    source_field: str
    target_kind: str = "DATASET"
    target_namespace: str
    target_name: str
    target_field: Annotated[str, Meta(description="Empty: the whole target, as for a filter or a join")] = ""
    transformations: Annotated[list[Transformation], Meta(description="Empty: the tool does not say how")] = []
