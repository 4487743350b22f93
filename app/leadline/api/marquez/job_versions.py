"""Versions of a job, by content."""

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.clock import to_datetime
from leadline.core.errors import LeadlineError
from leadline.events.records.event import Micros
from leadline.history.node import NodeRef
from leadline.history.query import fetch

from ..queries.parameters import parameters
from .answer import as_json
from .job_version import Io, job_version
from .jobs import known_job
from .page import LIMITED, Page
from .run_rows import get_runs, shaped
from .shapes import Id, JobVersion, Run, VersionId

MAX_VERSIONS = 10_000

# Of runs that ended, since of others it is not known yet what they will use.
_RUNS = """SELECT run_id, started_at, code_repository,
    if(code_hash != '', [code_hash], [code_repository, code_path, code_commit]) AS code
FROM leadline.runs
WHERE job_namespace = {namespace:String} AND job_name = {name:String} AND ended_at IS NOT NULL"""
_IO = """SELECT run_id, arraySort(groupUniqArray((direction, kind, namespace, name))) AS io
FROM leadline.run_io
WHERE job_namespace = {namespace:String} AND job_name = {name:String}
GROUP BY run_id"""
_VERSIONS = f"FROM ({_RUNS}) AS r LEFT JOIN ({_IO}) AS i USING run_id GROUP BY code, io ORDER BY min(started_at) DESC, code, io"


class _Row(msgspec.Struct, frozen=True):
    code: list[str]
    repository: str
    io: list[Io]
    created_at: Micros
    run_id: str


def job_versions(client: Client, request: Request) -> Response:
    page = parameters(request.query_params, Page)
    of = known_job(client, request).ref
    return as_json({"versions": _shaped(client, of, _rows(client, of, page.limit, page.offset))})


def one_job_version(client: Client, request: Request) -> Response:
    of, wanted = known_job(client, request).ref, request.path_params["version"]
    rows = _rows(client, of, MAX_VERSIONS, 0)
    found = next((row for row in rows if _id(of, row) == wanted), None)
    if found is None:
        raise LeadlineError(f"job {of.name!r} has no version {wanted!r}")
    return as_json(_shaped(client, of, [found])[0])


def _rows(client: Client, of: NodeRef, limit: int, offset: int) -> list[_Row]:
    """The newest first."""
    select = {"repository": "max(code_repository)", "created_at": "min(started_at)", "run_id": "argMax(run_id, started_at)"}
    return fetch(
        client, _Row, f"{_VERSIONS} {LIMITED}", select, namespace=of.namespace, name=of.name, limit=limit, offset=offset
    )


def _id(of: NodeRef, row: _Row) -> str:
    return job_version(of.namespace, of.name, row.code, row.io)


def _shaped(client: Client, of: NodeRef, rows: list[_Row]) -> list[JobVersion]:
    keys = [(of.namespace, of.name, row.run_id) for row in rows]
    runs = shaped(client, get_runs(client, keys).values())
    return [_shape(of, row, runs.get(key)) for row, key in zip(rows, keys, strict=True)]


def _shape(of: NodeRef, row: _Row, latest: Run | None) -> JobVersion:
    version = _id(of, row)
    return JobVersion(
        id=VersionId(namespace=of.namespace, name=of.name, version=version),
        name=of.name,
        created_at=to_datetime(row.created_at),
        version=version,
        namespace=of.namespace,
        location=row.repository or None,
        inputs=_ids(row.io, "INPUT"),
        outputs=_ids(row.io, "OUTPUT"),
        latest_run=latest,
    )


def _ids(io: list[Io], direction: str) -> list[Id]:
    return sorted({Id(namespace=namespace, name=name) for found, _, namespace, name in io if found == direction})
