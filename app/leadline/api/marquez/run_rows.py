"""Runs as Marquez shows them, with what they read and wrote."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.clock import to_datetime
from leadline.events.records.event import Micros
from leadline.history.node import NodeRef, job

from .facets import FacetsOfRuns, RunKey, facets_of_runs
from .job_version import code_of, job_version
from .rows import of_names, of_runs
from .shapes import DatasetUse, Facets, Run, VersionId

STATES = {"RUNNING": "RUNNING", "COMPLETE": "COMPLETED", "ABORT": "ABORTED", "FAIL": "FAILED", "LOST": "FAILED"}
"""Leadline's to Marquez's, which knows no run that was lost."""


class RunRow(msgspec.Struct, frozen=True):
    """Of the view runs."""

    run_id: str
    job_namespace: str
    job_name: str
    state: str
    processing_type: str
    started_at: Micros
    ended_at: Micros | None
    nominal_at: Micros | None
    nominal_end_at: Micros | None
    parent_job_name: str
    duration_seconds: float | None
    parameters: dict[str, str]
    code_repository: str
    code_path: str
    code_commit: str
    code_hash: str
    first_event_at: Micros
    last_event_at: Micros

    @property
    def key(self) -> RunKey:
        return self.job_namespace, self.job_name, self.run_id

    @property
    def job(self) -> NodeRef:
        return job(self.job_namespace, self.job_name)


class IoRow(msgspec.Struct, frozen=True):
    """Of the view run_io."""

    run_id: str
    job_namespace: str
    job_name: str
    direction: str
    kind: str
    namespace: str
    name: str
    version: str

    @property
    def run(self) -> RunKey:
        return self.job_namespace, self.job_name, self.run_id

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


Io = Mapping[RunKey, Sequence[IoRow]]


class _Key(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    run_id: str


def newest_runs(client: Client, jobs: Iterable[NodeRef], most: int, state: str = "") -> dict[NodeRef, list[RunRow]]:
    """Of each job the `most` that started last, in any state or in this. Chosen by a few columns: whole rows are wide."""
    only = f"AND state = '{state}'" if state else ""
    chosen = of_names(
        client,
        _Key,
        jobs,
        lambda of: (
            f"FROM leadline.runs WHERE {of} {only} ORDER BY started_at DESC, run_id LIMIT {most:d} BY job_namespace, job_name"
        ),
        prefix="job_",
    )
    keys = [(key.job_namespace, key.job_name, key.run_id) for key in chosen]
    rows = get_runs(client, keys)
    found: dict[NodeRef, list[RunRow]] = {}
    for key in keys:
        if key in rows:
            found.setdefault(rows[key].job, []).append(rows[key])
    return found


def get_runs(client: Client, runs: Iterable[RunKey]) -> dict[RunKey, RunRow]:
    return {row.key: row for row in of_runs(client, RunRow, runs, lambda of: f"FROM leadline.runs WHERE {of}")}


def io_of(client: Client, runs: Iterable[RunKey]) -> Io:
    rows = of_runs(
        client, IoRow, runs, lambda of: f"FROM leadline.run_io WHERE {of} ORDER BY direction, namespace, name, kind, version"
    )
    found: dict[RunKey, list[IoRow]] = {}
    for row in rows:
        found.setdefault(row.run, []).append(row)
    return found


def shaped(client: Client, rows: Iterable[RunRow], brief: Collection[RunKey] = ()) -> dict[RunKey, Run]:
    """With all that belongs to them; those in `brief` without facets, which may be a megabyte each."""
    rows = list(rows)
    runs = [row.key for row in rows]
    io = io_of(client, runs)
    told = [key for key in runs if key not in brief]
    facets = facets_of_runs(client, told, (part.node for key in told for part in io.get(key, ())))
    return {row.key: run_shape(row, io.get(row.key, ()), facets) for row in rows}


def run_shape(row: RunRow, io: Sequence[IoRow], facets: FacetsOfRuns) -> Run:
    return Run(
        id=row.run_id,
        created_at=to_datetime(row.first_event_at),
        updated_at=to_datetime(row.last_event_at),
        nominal_start_time=None if row.nominal_at is None else to_datetime(row.nominal_at),
        nominal_end_time=None if row.nominal_end_at is None else to_datetime(row.nominal_end_at),
        state=STATES[row.state],
        started_at=to_datetime(row.started_at),
        ended_at=None if row.ended_at is None else to_datetime(row.ended_at),
        duration_ms=None if row.duration_seconds is None else round(row.duration_seconds * 1_000),
        args=row.parameters,
        job_version=version_of(row, io),
        input_dataset_versions=list(_uses(row, io, "INPUT", facets)),
        output_dataset_versions=list(_uses(row, io, "OUTPUT", facets)),
        facets=facets.of_run.get(row.key, {}),
    )


def version_of(row: RunRow, io: Sequence[IoRow]) -> VersionId | None:
    """The version of the job that ran; None while it runs, since what it will use is not known yet."""
    if row.ended_at is None:
        return None
    code = code_of(row.code_hash, row.code_repository, row.code_path, row.code_commit)
    used = [(part.direction, part.kind, part.namespace, part.name) for part in io]
    return VersionId(
        namespace=row.job_namespace,
        name=row.job_name,
        version=job_version(row.job_namespace, row.job_name, code, used),
    )


def _uses(row: RunRow, io: Sequence[IoRow], direction: str, facets: FacetsOfRuns) -> Iterator[DatasetUse]:
    nothing: Facets = {}
    for part in io:
        if part.direction == direction:
            yield DatasetUse(
                dataset_version_id=VersionId(namespace=part.namespace, name=part.name, version=part.version),
                facets=facets.of_data.get((row.key, direction, part.namespace, part.name), nothing),
            )
