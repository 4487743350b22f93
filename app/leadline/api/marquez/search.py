"""Search in the names of jobs and datasets."""

from typing import Annotated

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.clock import to_datetime
from leadline.core.errors import UsageError
from leadline.history.nodes import Node
from leadline.history.query import MOMENT, fetch, where

from ..queries.parameters import moment, parameters
from .answer import as_json
from .node_id import node_id
from .node_rows import DATA, JOBS
from .shapes import SearchResult

_ORDERS = {"NAME": "name, namespace, kind", "UPDATE_AT": "last_seen DESC, name", "UPDATED_AT": "last_seen DESC, name"}
_KINDS = {"": "", "JOB": JOBS, "DATASET": DATA}


class OfSearch(msgspec.Struct, frozen=True):
    """`q`: a part of a name, in any case; `%` is any text and `_` any sign."""

    q: str
    filter: str = ""
    sort: str = "name"
    limit: Annotated[int, Meta(ge=0, le=2_000)] = 10
    namespace: str | None = None
    before: str = ""
    after: str = ""


def search(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfSearch)
    kind, order = _chosen("filter", asked.filter, _KINDS), _chosen("sort", asked.sort, _ORDERS)
    before, after = moment(asked.before, "before"), moment(asked.after, "after")
    rows = fetch(
        client,
        Node,
        "FROM leadline.nodes "
        + where(
            kind,
            "name ILIKE {pattern:String}",
            "" if asked.namespace is None else "namespace = {namespace:String}",
            "" if before is None else f"last_seen < {MOMENT % 'before'}",
            "" if after is None else f"last_seen > {MOMENT % 'after'}",
        )
        + f" ORDER BY {order} LIMIT {{limit:UInt32}}",
        pattern="%" + asked.q.replace("\\", "\\\\") + "%",
        namespace=asked.namespace,
        before=before,
        after=after,
        limit=asked.limit,
    )
    return as_json({"totalCount": len(rows), "results": [_shape(node) for node in rows]})


def _chosen(name: str, text: str, choices: dict[str, str]) -> str:
    if text.upper() not in choices:
        listed = [choice.lower() for choice in choices if choice]
        raise UsageError(f"{name} is {text!r}; it must be {' or '.join(listed)}")
    return choices[text.upper()]


def _shape(node: Node) -> SearchResult:
    return SearchResult(
        type="JOB" if node.kind == "JOB" else "DATASET",
        name=node.name,
        updated_at=to_datetime(node.last_seen),
        namespace=node.namespace,
        node_id=node_id(node.ref),
    )
