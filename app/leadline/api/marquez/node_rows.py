"""Jobs and datasets of a page, and one of them."""

from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request

from leadline.core.errors import LeadlineError
from leadline.history.nodes import Node
from leadline.history.query import fetch, where

from .counted import count
from .page import LIMITED, Page

JOBS = "kind = 'JOB'"
DATA = "kind != 'JOB'"


class Nodes(msgspec.Struct, frozen=True):
    rows: list[Node]
    total: int


def page_of(client: Client, kind: str, page: Page, namespace: str | None = None, only: str = "", **bound: Any) -> Nodes:
    """`kind`: JOBS or DATA; of one namespace or of all, by name; `only`: a condition with the parameters `bound`."""
    source = "FROM leadline.nodes " + where(kind, "" if namespace is None else "namespace = {namespace:String}", only)
    bound["namespace"] = namespace
    rows = fetch(
        client,
        Node,
        # One name may have several kinds: to Marquez it is one dataset.
        f"{source} ORDER BY namespace, name, kind != 'DATASET', kind LIMIT 1 BY namespace, name {LIMITED}",
        **bound,
        **page.bound,
    )
    return Nodes(rows, count(client, source, "(namespace, name)", **bound))


def known(client: Client, request: Request, kind: str, parameter: str) -> Node:
    """The one that the path names. Raises LeadlineError."""
    namespace, name = request.path_params["namespace"], request.path_params[parameter]
    found = fetch(
        client,
        Node,
        f"FROM leadline.nodes WHERE {kind} AND namespace = {{namespace:String}} AND name = {{name:String}} "
        "ORDER BY kind != 'DATASET', kind LIMIT 1",
        namespace=namespace,
        name=name,
    )
    if not found:
        raise LeadlineError(f"no {parameter} {name!r} is known in namespace {namespace!r}")
    return found[0]


def tag_names(tags: dict[str, str]) -> list[str]:
    """Marquez's tags are single words: NAME, or NAME=VALUE where there is a value."""
    return [name if value in ("", "true") else f"{name}={value}" for name, value in sorted(tags.items())]
