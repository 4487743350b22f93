"""GET explain: why an alert was raised or a run failed, as JSON or as text ready to paste."""

from typing import Literal

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from leadline.history.document import printable
from leadline.history.explain import explain_id
from leadline.history.explanation.text import render

from .answer import as_json
from .parameters import parameters


class OfExplain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`id`: of an alert, an episode or a run, or its start; `job`: which job's run, where several share the id."""

    id: str
    job: str = ""
    format: Literal["", "json", "text"] = ""


def explain(client: Client, request: Request) -> Response:
    """Text by `format`, else where Accept begins with it."""
    asked = parameters(request.query_params, OfExplain)
    found = explain_id(client, asked.id, asked.job)
    wanted = asked.format or ("text" if request.headers.get("accept", "").startswith("text/plain") else "json")
    return PlainTextResponse(printable(render(found))) if wanted == "text" else as_json(found)
