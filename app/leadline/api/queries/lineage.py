"""GET lineage: what a node was made from, or what was made from it."""

from typing import Annotated

from clickhouse_connect.driver.client import Client
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from leadline.history.lineage import DEPTH, Direction, walk

from .answer import as_json
from .node import OfNode, find
from .parameters import moment, parameters


class OfLineage(OfNode, frozen=True, kw_only=True):
    """`as_of`: as it was then."""

    direction: Direction = "up"
    depth: Annotated[int, Meta(ge=1, le=100)] = DEPTH
    as_of: str = ""


def lineage(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfLineage)
    as_of = moment(asked.as_of, "as_of")
    return as_json(walk(client, find(client, asked), asked.direction, depth=asked.depth, as_of=as_of))
