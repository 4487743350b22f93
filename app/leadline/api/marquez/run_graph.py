"""The runs upstream of a run: those that made what it read, and so on."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.clock import to_datetime
from leadline.core.errors import LeadlineError
from leadline.events.records.event import Micros
from leadline.history.node import NodeRef
from leadline.history.query import MOMENT, fetch

from ..queries.parameters import parameters
from .answer import as_json
from .facets import RunKey
from .rows import of_nodes
from .run_rows import STATES, Io, IoRow, RunRow, get_runs, io_of, version_of
from .shapes import Shape

MAX_RUNS = 1_000
MAX_WRITES = 1_000
"""Of each dataset: where a version is not known, the maker is looked for among so many of the newest writes."""


class OfRunGraph(msgspec.Struct, frozen=True, rename="camel"):
    """`depth`: hops from run to run."""

    run_id: str
    depth: Annotated[int, Meta(ge=0, le=100)] = 20


class JobSummary(Shape, frozen=True, kw_only=True):
    namespace: str
    name: str
    version: str | None


class RunSummary(Shape, frozen=True, kw_only=True):
    id: str
    start: datetime
    end: datetime | None
    status: str


class InputSummary(Shape, frozen=True, kw_only=True):
    namespace: str
    name: str
    version: str
    produced_by_run_id: str | None


class UpstreamRun(Shape, frozen=True, kw_only=True):
    job: JobSummary
    run: RunSummary
    inputs: list[InputSummary]


class Write(msgspec.Struct, frozen=True):
    """A run that wrote a version; the version is empty where it is not known."""

    kind: str
    namespace: str
    name: str
    version: str
    job_namespace: str
    job_name: str
    run_id: str
    event_time: Micros

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)

    @property
    def run(self) -> RunKey:
        return self.job_namespace, self.job_name, self.run_id


def upstream(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfRunGraph)
    source = "FROM leadline.runs WHERE run_id = {run_id:String}"
    start = {row.key: row for row in fetch(client, RunRow, source, run_id=asked.run_id)}
    if not start:
        raise LeadlineError(f"no run is known as {asked.run_id!r}")
    runs, truncated = _walk(client, start, asked.depth)
    return as_json({"runs": runs, "truncated": truncated})


def _walk(client: Client, start: dict[RunKey, RunRow], depth: int) -> tuple[list[UpstreamRun], str]:
    """Nearest first, with why there may be more; empty: this is all."""
    found: dict[RunKey, UpstreamRun] = {}
    frontier = start
    for distance in range(depth + 1):
        io = io_of(client, frontier)
        makers = _makers(client, frontier, io)
        found |= {key: _shape(row, io.get(key, ()), makers) for key, row in frontier.items()}
        further = dict.fromkeys(key for key in makers.values() if key not in found)
        if not further or distance == depth:
            return list(found.values()), "depth" if further else ""
        if len(found) + len(further) > MAX_RUNS:
            return list(found.values()), "nodes"
        frontier = get_runs(client, further)
    return list(found.values()), ""


def _makers(client: Client, runs: dict[RunKey, RunRow], io: Io) -> dict[IoRow, RunKey]:
    read = [part for used in io.values() for part in used if part.direction == "INPUT"]
    makers = _makers_of_versions(client, [part for part in read if part.version])
    unversioned = [part for part in read if not part.version]
    ended = {part: runs[part.run].last_event_at for part in unversioned}
    writes: dict[NodeRef, list[Write]] = {}
    for write in _writes(client, unversioned, max(ended.values(), default=0)):
        writes.setdefault(write.node, []).append(write)
    makers |= {part: maker_of(part, ended[part], writes.get(part.node, ())) for part in unversioned}
    return {part: maker for part, maker in makers.items() if maker is not None and maker != part.run}


def _makers_of_versions(client: Client, read: list[IoRow]) -> dict[IoRow, RunKey | None]:
    rows = of_nodes(
        client,
        Write,
        sorted({part.node for part in read}),
        lambda of: f"FROM leadline.versions WHERE {of} AND has({{versions:Array(String)}}, version) AND run_id != ''",
        versions=sorted({part.version for part in read}),
    )
    made = {(row.node, row.version): row.run for row in rows}
    return {part: made.get((part.node, part.version)) for part in read}


def _writes(client: Client, read: list[IoRow], until: Micros) -> Iterator[Write]:
    """The newest first."""
    return of_nodes(
        client,
        Write,
        sorted({part.node for part in read}),
        lambda of: (
            f"FROM leadline.run_io WHERE {of} AND direction = 'OUTPUT' AND event_time <= {MOMENT % 'until'} "
            f"ORDER BY event_time DESC, run_id LIMIT {MAX_WRITES:d} BY kind, namespace, name"
        ),
        until=until,
    )


def maker_of(read: IoRow, ended: Micros, writes: Iterable[Write]) -> RunKey | None:
    """Of a version that is not known: the run that wrote last before the reader ended. `writes`: the newest first."""
    return next((write.run for write in writes if write.run != read.run and write.event_time <= ended), None)


def _shape(row: RunRow, io: Iterable[IoRow], makers: dict[IoRow, RunKey]) -> UpstreamRun:
    io = list(io)
    version = version_of(row, io)
    return UpstreamRun(
        job=JobSummary(namespace=row.job_namespace, name=row.job_name, version=version.version if version else None),
        run=RunSummary(
            id=row.run_id,
            start=to_datetime(row.started_at),
            end=None if row.ended_at is None else to_datetime(row.ended_at),
            status=STATES[row.state],
        ),
        inputs=[_input(part, makers.get(part)) for part in io if part.direction == "INPUT"],
    )


def _input(part: IoRow, maker: RunKey | None) -> InputSummary:
    return InputSummary(
        namespace=part.namespace,
        name=part.name,
        version=part.version,
        produced_by_run_id=maker[2] if maker else None,
    )
