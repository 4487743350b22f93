"""GET nodes and show: what is known, and one node with all that belongs to it."""

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.errors import UsageError
from leadline.events.records.event import NODE_KINDS
from leadline.history.nodes import search
from leadline.history.nodes import show as show_node

from .answer import as_json
from .node import OfNode, find
from .parameters import Limit, parameters


class OfNodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`word`: each must be in the name or the namespace."""

    word: list[str] = []
    kind: str = ""
    limit: Limit = 50


class OfShow(OfNode, frozen=True, kw_only=True):
    """`version`: whose content is told; None: of the one that was described last."""

    version: str | None = None


def nodes(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfNodes)
    kind = asked.kind.upper()
    if kind and kind not in NODE_KINDS:
        raise UsageError(f"kind is {asked.kind!r}; it must be one of {', '.join(NODE_KINDS)}")
    return as_json(search(client, tuple(asked.word), kind, asked.limit))


def show(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfShow)
    return as_json(show_node(client, find(client, asked), asked.version))
