"""Tags that any job or dataset has."""

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.history.query import fetch

from ..queries.parameters import parameters
from .answer import as_json
from .node_rows import tag_names
from .page import LIMITED, Page
from .shapes import Tag

_PAIRS = "(SELECT DISTINCT arrayJoin(CAST(tags, 'Array(Tuple(String, String))')) AS tag FROM leadline.nodes)"


class _Row(msgspec.Struct, frozen=True):
    name: str
    value: str


def tags(client: Client, request: Request) -> Response:
    page = parameters(request.query_params, Page)
    rows = fetch(client, _Row, f"FROM {_PAIRS} ORDER BY tag {LIMITED}", {"name": "tag.1", "value": "tag.2"}, **page.bound)
    names = dict.fromkeys(name for row in rows for name in tag_names({row.name: row.value}))
    return as_json({"tags": [Tag(name=name) for name in names]})
