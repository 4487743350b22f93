"""Runs of a job, one run, and the facets of one."""

from typing import Literal

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.errors import LeadlineError, UsageError
from leadline.history.node import job
from leadline.history.query import fetch

from ..queries.parameters import parameters
from .answer import as_json
from .counted import count
from .facets import facets_of, facets_of_runs
from .jobs import known_job
from .page import LIMITED, Page
from .run_rows import RunRow, shaped

_OF_JOB = "job_namespace = {namespace:String} AND job_name = {name:String}"


class OfFacets(msgspec.Struct, frozen=True):
    """Whose facets: the run's or its job's."""

    type: str


def runs(client: Client, request: Request) -> Response:
    page = parameters(request.query_params, Page)
    of = known_job(client, request).ref
    bound = {"namespace": of.namespace, "name": of.name}
    rows = fetch(
        client,
        RunRow,
        f"FROM leadline.runs WHERE {_OF_JOB} ORDER BY started_at DESC, run_id {LIMITED}",
        **bound,
        **page.bound,
    )
    total = count(client, f"FROM leadline.runs WHERE {_OF_JOB}", **bound)
    return as_json({"runs": list(shaped(client, rows).values()), "totalCount": total})


def run(client: Client, request: Request) -> Response:
    row = _find(client, request)
    return as_json(shaped(client, [row])[row.key])


def facets(client: Client, request: Request) -> Response:
    row = _find(client, request)
    level = _level(parameters(request.query_params, OfFacets).type)
    if level == "JOB":
        of = job(row.job_namespace, row.job_name)
        return as_json({"runId": row.run_id, "facets": facets_of(client, "JOB", [of])[of]})
    return as_json({"runId": row.run_id, "facets": facets_of_runs(client, [row.key], []).of_run.get(row.key, {})})


def _level(text: str) -> Literal["RUN", "JOB"]:
    match text.upper():
        case "RUN" | "JOB" as level:
            return level
    raise UsageError(f"type is {text!r}; it must be run or job: those of datasets are in the run's own answer")


def _find(client: Client, request: Request) -> RunRow:
    """Of several jobs' runs with one id the one that started last. Raises LeadlineError."""
    run_id = request.path_params["id"]
    source = "FROM leadline.runs WHERE run_id = {run_id:String} ORDER BY started_at DESC, job_namespace, job_name LIMIT 1"
    found = fetch(client, RunRow, source, run_id=run_id)
    if not found:
        raise LeadlineError(f"no run is known as {run_id!r}")
    return found[0]
