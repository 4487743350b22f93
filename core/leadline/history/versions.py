"""Versions: who made which, and what a version holds."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError
from leadline.events.records.event import Micros

from .node import NodeRef
from .query import fetch

_NODE = "kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String}"


class Version(msgspec.Struct, frozen=True):
    """A version of a dataset or model, and the run that first wrote it; empty: not known."""

    version: str
    schema_version: str
    job_namespace: str
    job_name: str
    run_id: str
    event_time: Micros


class JobVersion(msgspec.Struct, frozen=True):
    """A version of a job by content: the same code that reads and writes the same."""

    version: str
    code_hash: str
    code_commit: str
    runs: int
    first_run_at: Micros
    last_run_at: Micros
    last_run_id: str
    current: bool
    """The job's newest successful run was of it."""


class Description(msgspec.Struct, frozen=True):
    """What is known of one version, as it was described last."""

    version: str
    schema_version: str
    content_hash: str
    size_bytes: int | None
    files: int | None
    rows: int | None
    format: str
    class_name: str
    parameters: dict[str, str]
    attributes: dict[str, str]
    run_id: str
    event_time: Micros


class Column(msgspec.Struct, frozen=True):
    """One column of a version's data, or one input of a model."""

    column: str
    type: str
    null_share: float | None
    distinct: int | None
    minimum: float | None
    maximum: float | None
    mean: float | None
    deviation: float | None
    quantiles: dict[str, float]
    edges: list[float]
    counts: list[int]


class Holding(msgspec.Struct, frozen=True):
    """What a version holds, with its columns in their order."""

    description: Description
    columns: list[Column]


def versions_of(client: Client, ref: NodeRef, limit: int = 10) -> list[Version]:
    """The newest first."""
    return fetch(
        client,
        Version,
        f"FROM leadline.versions WHERE {_NODE} ORDER BY event_time DESC, version LIMIT {{limit:UInt32}}",
        **msgspec.structs.asdict(ref),
        limit=limit,
    )


def versions_of_job(client: Client, ref: NodeRef, limit: int = 10) -> list[JobVersion]:
    """The newest first."""
    return fetch(
        client,
        JobVersion,
        "FROM leadline.job_versions WHERE job_namespace = {namespace:String} AND job_name = {name:String} "
        "ORDER BY last_run_at DESC, version LIMIT {limit:UInt32}",
        namespace=ref.namespace,
        name=ref.name,
        limit=limit,
    )


def holding(client: Client, ref: NodeRef, version: str | None = None) -> Holding | None:
    """What the version holds, the one that was described last where none is given. None where nothing was said.

    Raises LeadlineError where a version is given that nobody described.
    """
    parameters = {**msgspec.structs.asdict(ref), "version": version}
    described = fetch(
        client,
        Description,
        f"FROM leadline.version_details WHERE {_NODE}"
        + ("" if version is None else " AND version = {version:String}")
        + " ORDER BY event_time DESC, event_id DESC LIMIT 1",
        **parameters,
    )
    if not described:
        if version is None:
            return None
        raise LeadlineError(f"nobody described version {version!r} of {ref}; `leadline show` lists its versions")
    parameters["version"] = described[0].version
    columns = fetch(
        client,
        Column,
        f"FROM leadline.column_profiles WHERE {_NODE} AND version = {{version:String}} "
        "ORDER BY event_time DESC, position LIMIT 1 BY position",
        **parameters,
    )
    return Holding(described[0], columns)
