"""What Marquez answers: the objects of its API, 0.51. Names are in camel case in JSON; what is not known is null."""

from datetime import datetime

import msgspec

Facets = dict[str, msgspec.Raw]
"""By name, verbatim."""


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An object of the API."""


class Id(Shape, frozen=True, kw_only=True, order=True):
    """A job or a dataset."""

    namespace: str
    name: str


class VersionId(Shape, frozen=True, kw_only=True):
    namespace: str
    name: str
    version: str


class Namespace(Shape, frozen=True, kw_only=True):
    name: str
    created_at: datetime
    updated_at: datetime
    owner_name: str = "anonymous"
    description: str | None = None
    is_hidden: bool = False


class Source(Shape, frozen=True, kw_only=True):
    type: str
    name: str
    created_at: datetime
    updated_at: datetime
    connection_url: str
    description: str | None = None


class Tag(Shape, frozen=True, kw_only=True):
    name: str
    description: str | None = None


class DatasetUse(Shape, frozen=True, kw_only=True):
    """A version that a run read or wrote, with the facets of that use."""

    dataset_version_id: VersionId
    facets: Facets


class Run(Shape, frozen=True, kw_only=True):
    """`state`: NEW, RUNNING, COMPLETED, ABORTED or FAILED; `job_version` is null while it runs."""

    id: str
    created_at: datetime
    updated_at: datetime
    nominal_start_time: datetime | None
    nominal_end_time: datetime | None
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    args: dict[str, str]
    job_version: VersionId | None
    input_dataset_versions: list[DatasetUse]
    output_dataset_versions: list[DatasetUse]
    facets: Facets


class Job(Shape, frozen=True, kw_only=True):
    """`type`: BATCH, STREAM or SERVICE."""

    id: Id
    type: str
    name: str
    simple_name: str
    parent_job_name: str | None
    parent_job_uuid: None = None
    created_at: datetime
    updated_at: datetime
    namespace: str
    inputs: list[Id]
    outputs: list[Id]
    location: str | None
    description: str | None
    latest_run: Run | None
    latest_runs: list[Run]
    facets: Facets
    current_version: str | None
    labels: list[str] = []
    tags: list[str]


class JobVersion(Shape, frozen=True, kw_only=True):
    id: VersionId
    name: str
    created_at: datetime
    version: str
    namespace: str
    location: str | None
    inputs: list[Id]
    outputs: list[Id]
    latest_run: Run | None


class Field(Shape, frozen=True, kw_only=True):
    name: str
    type: str | None
    tags: list[str] = []
    description: str | None = None


class InputField(Shape, frozen=True, kw_only=True):
    """A column that another was made from."""

    namespace: str
    dataset: str
    dataset_version: None = None
    field: str
    transformation_description: str | None
    transformation_type: str | None


class ColumnLineage(Shape, frozen=True, kw_only=True):
    """A column and what it was made from."""

    name: str
    input_fields: list[InputField]
    transformation_description: str | None
    transformation_type: str | None


class Dataset(Shape, frozen=True, kw_only=True):
    id: Id
    type: str = "DB_TABLE"
    name: str
    physical_name: str
    created_at: datetime
    updated_at: datetime
    namespace: str
    source_name: str
    fields: list[Field]
    tags: list[str]
    last_modified_at: datetime | None
    last_lifecycle_state: str | None
    description: str | None
    current_version: str | None
    column_lineage: list[ColumnLineage]
    facets: Facets
    deleted: bool


class DatasetVersion(Shape, frozen=True, kw_only=True):
    id: VersionId
    type: str = "DB_TABLE"
    name: str
    physical_name: str
    created_at: datetime
    version: str
    namespace: str
    source_name: str
    fields: list[Field]
    tags: list[str]
    lifecycle_state: str | None
    description: str | None
    current_schema_version: str | None
    created_by_run: Run | None
    facets: Facets


class FieldData(Shape, frozen=True, kw_only=True):
    """A column in a graph of columns."""

    namespace: str
    dataset: str
    dataset_version: None = None
    field: str
    field_type: str | None
    transformation_description: str | None
    transformation_type: str | None
    input_fields: list[InputField]


class Edge(Shape, frozen=True, kw_only=True, order=True):
    """Both are nodeIds."""

    origin: str
    destination: str


class GraphNode(Shape, frozen=True, kw_only=True):
    """`type`: JOB, DATASET or DATASET_FIELD."""

    id: str
    type: str
    data: Job | Dataset | FieldData
    in_edges: list[Edge]
    out_edges: list[Edge]


class SearchResult(Shape, frozen=True, kw_only=True):
    type: str
    name: str
    updated_at: datetime
    namespace: str
    node_id: str
