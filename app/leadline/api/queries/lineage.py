"""GET lineage: what a node, a column or a version was made from, or what was made from it."""

from typing import Annotated

from clickhouse_connect.driver.client import Client
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from leadline.history.ask_lineage import ask_lineage
from leadline.history.edges import Times
from leadline.history.lineage import DEPTH, Direction
from leadline.history.nodes import resolve

from .answer import as_json
from .node import OfNode, find
from .parameters import moment, parameters


class OfLineage(OfNode, frozen=True, kw_only=True):
    """`to`: only what lies between the two, the other as NODE of the command line; `as_of`, `known_at`, `since`: see Times."""

    direction: Direction = "up"
    to: str | None = None
    column: str | None = None
    version: str | None = None
    depth: Annotated[int, Meta(ge=1, le=100)] = DEPTH
    as_of: str = ""
    known_at: str = ""
    since: str = ""


def lineage(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfLineage)
    times = Times(moment(asked.as_of, "as_of"), moment(asked.known_at, "known_at"), moment(asked.since, "since"))
    data = asked.column is not None or asked.version is not None
    found = ask_lineage(
        client,
        find(client, asked, data=data),
        asked.direction,
        other=None if asked.to is None else resolve(client, asked.to, data=data),
        column=asked.column,
        version=asked.version,
        depth=asked.depth,
        times=times,
    )
    return as_json(found)
