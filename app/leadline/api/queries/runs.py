"""GET runs, run and logs."""

from typing import Literal

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from leadline.history.logs import logs_of_run
from leadline.history.runs import FAILED, RUNNING, find_code, find_run, list_runs, run_details
from leadline.track.redact import without_credentials

from .answer import as_json, as_json_lines
from .parameters import Limit, moment, parameters

_STATES = {"": (), "running": RUNNING, "failed": FAILED}


class OfRuns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`code`: a hash of source, or its start."""

    state: Literal["", "running", "failed"] = ""
    job: str = ""
    code: str = ""
    since: str = ""
    limit: Limit = 50


class OfRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`id`: a run's id or its start; `job`: which job's run, where several share the id."""

    id: str
    job: str = ""


class OfLogs(OfRun, frozen=True, kw_only=True):
    """`level`: lines of it or above; the last `limit` of them."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "DEBUG"
    limit: Limit = 10_000


def runs(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfRuns)
    return as_json(
        list_runs(
            client,
            states=_STATES[asked.state],
            job_name=asked.job,
            code_hash=find_code(client, asked.code) if asked.code else "",
            since=moment(asked.since, "since"),
            limit=asked.limit,
        )
    )


def run(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfRun)
    return as_json(run_details(client, find_run(client, asked.id, asked.job)))


def logs(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfLogs)
    found = find_run(client, asked.id, asked.job)
    rows = logs_of_run(client, found.job, found.run_id, level=asked.level, limit=asked.limit)
    return as_json_lines(replace(row, pointer=without_credentials(row.pointer)) if row.pointer else row for row in rows)
