"""GET explain: why an alert was raised, a run failed or a version is as it is, as JSON or as text ready to paste."""

from typing import Literal

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from leadline.history.document import printable
from leadline.history.explain import explain_named
from leadline.history.explanation.text import render

from .answer import as_json
from .parameters import parameters


class OfExplain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`id`: of an alert, an episode or a run, or its start, or a node; `job`: which job's run, where several share the id;
    `version`: of the node."""

    id: str
    job: str = ""
    version: str | None = None
    format: Literal["", "json", "text"] = ""


def explain(client: Client, request: Request) -> Response:
    """Text by `format`, else where Accept begins with it."""
    asked = parameters(request.query_params, OfExplain)
    found = explain_named(client, asked.id, asked.job, asked.version)
    wanted = asked.format or ("text" if request.headers.get("accept", "").startswith("text/plain") else "json")
    return PlainTextResponse(printable(render(found))) if wanted == "text" else as_json(found)
