"""Jobs, each with its newest runs."""

from collections.abc import Iterable

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.clock import to_datetime
from leadline.core.errors import UsageError
from leadline.events.records.event import Micros
from leadline.history.node import NodeRef, job
from leadline.history.nodes import Node

from ..queries.parameters import parameters
from .answer import as_json
from .facets import facets_of
from .node_rows import JOBS, known, page_of, tag_names
from .page import Page
from .rows import of_names
from .run_rows import STATES, RunRow, io_of, newest_runs, shaped, version_of
from .shapes import Facets, Id, Job, Run, VersionId

LATEST = 10
"""Runs of each job in a list, as in Marquez's."""


_LAST_IN = (
    "(namespace, name) IN (SELECT job_namespace, job_name FROM leadline.runs GROUP BY job_namespace, job_name "
    "HAVING has({states:Array(String)}, argMax(state, started_at)))"
)


class OfJobs(Page, frozen=True, rename="camel"):
    """`last_run_states`: only jobs whose newest run is in one of them."""

    last_run_states: list[str] = []


class _Use(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    direction: str
    namespace: str
    name: str
    last_seen: Micros


class _Declared(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    code_repository: str
    processing_type: str


class JobFacts(msgspec.Struct, frozen=True):
    """What is known of a job: `latest` runs, the newest first; `current`: the newest that succeeded, with its `version`."""

    latest: list[tuple[RunRow, Run]]
    current: RunRow | None
    version: VersionId | None
    uses: list[_Use]
    declared: _Declared | None
    facets: Facets


def all_jobs(client: Client, request: Request) -> Response:
    return _listed(client, request, None)


def jobs(client: Client, request: Request) -> Response:
    return _listed(client, request, request.path_params["namespace"])


def _listed(client: Client, request: Request, namespace: str | None) -> Response:
    asked = parameters(request.query_params, OfJobs)
    states = _states(asked.last_run_states)
    found = page_of(client, JOBS, asked, namespace, _LAST_IN if states else "", states=states or None)
    return as_json({"jobs": shaped_jobs(client, found.rows), "totalCount": found.total})


def _states(given: list[str]) -> list[str]:
    """Leadline's of Marquez's. Raises UsageError."""
    unknown = set(given) - {"NEW", *STATES.values()}
    if unknown:
        raise UsageError(f"lastRunStates is {min(unknown)!r}; it must be RUNNING, COMPLETED, FAILED, ABORTED or NEW")
    return [ours for ours, theirs in STATES.items() if theirs in given] or (["none"] if given else [])


def known_job(client: Client, request: Request) -> Node:
    return known(client, request, JOBS, "job")


def one_job(client: Client, request: Request) -> Response:
    return as_json(shaped_jobs(client, [known_job(client, request)])[0])


def shaped_jobs(client: Client, nodes: Iterable[Node], latest: int = LATEST) -> list[Job]:
    """With the `latest` runs of each, of which the newest has its facets; in the order of the nodes."""
    nodes = list(nodes)
    refs = [node.ref for node in nodes]
    newest, succeeded = newest_runs(client, refs, latest), newest_runs(client, refs, 1, "COMPLETE")
    older = {row.key for rows in newest.values() for row in rows[1:]}
    runs = shaped(client, (row for rows in newest.values() for row in rows), brief=older)
    current = {ref: rows[0] for ref, rows in succeeded.items()}
    io = io_of(client, (row.key for row in current.values()))
    versions = {ref: version_of(row, io.get(row.key, ())) for ref, row in current.items()}
    uses, facets, declared = _uses(client, refs), facets_of(client, "JOB", refs), _declared(client, refs)
    return [
        job_shape(
            node,
            JobFacts(
                latest=[(row, runs[row.key]) for row in newest.get(node.ref, ())],
                current=current.get(node.ref),
                version=versions.get(node.ref),
                uses=uses.get(node.ref, []),
                declared=declared.get(node.ref),
                facets=facets[node.ref],
            ),
        )
        for node in nodes
    ]


def job_shape(node: Node, known: JobFacts) -> Job:
    last = known.latest[0][0] if known.latest else None
    parent = last.parent_job_name if last else ""
    return Job(
        id=Id(namespace=node.namespace, name=node.name),
        type=job_type((last and last.processing_type) or (known.declared and known.declared.processing_type) or ""),
        name=node.name,
        simple_name=node.name.removeprefix(f"{parent}.") if parent else node.name,
        parent_job_name=parent or None,
        created_at=to_datetime(node.first_seen),
        updated_at=to_datetime(node.last_seen),
        namespace=node.namespace,
        inputs=_ids(known, "INPUT"),
        outputs=_ids(known, "OUTPUT"),
        location=_location(known, last),
        description=node.description or None,
        latest_run=known.latest[0][1] if known.latest else None,
        latest_runs=[run for _, run in known.latest],
        facets=known.facets,
        current_version=known.version.version if known.version else None,
        tags=tag_names(node.tags),
    )


def job_type(processing_type: str) -> str:
    """BATCH, STREAM or SERVICE; what is not said is a batch."""
    return {"STREAMING": "STREAM", "SERVICE": "SERVICE"}.get(processing_type.upper(), "BATCH")


class _SourceCodeLocation(msgspec.Struct, frozen=True):
    url: str = ""


def _location(known: JobFacts, last: RunRow | None) -> str | None:
    """As the tool says it, else the repository of the last run, else of the design."""
    raw = known.facets.get("sourceCodeLocation")
    try:
        url = msgspec.json.decode(raw, type=_SourceCodeLocation).url if raw else ""
    except msgspec.ValidationError:
        url = ""
    return url or (last and last.code_repository) or (known.declared and known.declared.code_repository) or None


def _ids(known: JobFacts, direction: str) -> list[Id]:
    """What the newest successful run did not use is used no more."""
    since = known.current.started_at if known.current else 0
    used = [use for use in known.uses if use.direction == direction and use.last_seen >= since]
    return sorted({Id(namespace=use.namespace, name=use.name) for use in used})


def _uses(client: Client, jobs: list[NodeRef]) -> dict[NodeRef, list[_Use]]:
    found: dict[NodeRef, list[_Use]] = {}
    for use in of_names(client, _Use, jobs, lambda of: f"FROM leadline.job_io WHERE {of}", prefix="job_"):
        found.setdefault(job(use.job_namespace, use.job_name), []).append(use)
    return found


def _declared(client: Client, jobs: list[NodeRef]) -> dict[NodeRef, _Declared]:
    rows = of_names(
        client,
        _Declared,
        jobs,
        lambda of: f"FROM leadline.job_declarations WHERE {of} ORDER BY event_time DESC LIMIT 1 BY job_namespace, job_name",
        prefix="job_",
    )
    return {job(row.job_namespace, row.job_name): row for row in rows}
