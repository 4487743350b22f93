"""A query's rows as typed structs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.times import time_fields

from .node import NodeRef

Row = TypeVar("Row", bound=msgspec.Struct)

MOMENT = "fromUnixTimestamp64Micro({%s:Int64}, 'UTC')"
"""A bound parameter in microseconds as the time that the views hold: `MOMENT % "since"`."""

NODE_SET = "(SELECT arrayJoin(JSONExtract({%s:String}, 'Array(Tuple(String, String, String))')))"
"""A bound parameter made by `node_set` as what stands after IN: one text, so that any name survives the way."""

_NAME_SET = "(SELECT arrayJoin(JSONExtract({names:String}, 'Array(String)')))"

TEXT_MAP = "JSONExtract({%s:String}, 'Map(String, String)')"
"""A bound parameter made by `text_map`, to be compared with `dims`, which the views have sorted by name."""


def fetch(
    client: Client, kind: type[Row], source: str, select: Mapping[str, str] | None = None, /, **parameters: Any
) -> list[Row]:
    """The rows of `SELECT <fields of kind> <source>`, in its order.

    A field is the column of its name unless `select` has an expression for it; times are turned into microseconds.
    `source` is SQL of ours; what callers give goes into `parameters` and is bound by the server.
    """
    statement = f"SELECT {_select_list(kind, select or {})} {source}"
    bound = {name: value for name, value in parameters.items() if value is not None}
    columns = client.query(statement, parameters=bound).result_columns
    return list(map(kind, *columns)) if columns else []


def node_set(nodes: Iterable[NodeRef]) -> str:
    """The parameter for `NODE_SET`."""
    return msgspec.json.encode([(node.kind, node.namespace, node.name) for node in nodes]).decode()


def among(nodes: Sequence[NodeRef], prefix: str = "") -> tuple[str, dict[str, str]]:
    """The condition that a row is about one of these, and its parameters. `prefix`: of the columns kind, namespace and name.

    Names of one kind and namespace are looked for alone: hashing and comparing all three costs a third more.
    """
    kinds = {(node.kind, node.namespace) for node in nodes}
    kind, namespace, name = (f"{prefix}{part}" for part in ("kind", "namespace", "name"))
    if len(kinds) != 1:
        return f"({kind}, {namespace}, {name}) IN {NODE_SET % 'nodes'}", {"nodes": node_set(nodes)}
    names = msgspec.json.encode([node.name for node in nodes]).decode()
    ((one_kind, one_namespace),) = kinds
    return (
        f"{kind} = {{of_kind:String}} AND {namespace} = {{of_namespace:String}} AND {name} IN {_NAME_SET}",
        {"of_kind": one_kind, "of_namespace": one_namespace, "names": names},
    )


def text_map(texts: Mapping[str, str]) -> str:
    """The parameter for `TEXT_MAP`: sorted by name as the store sorts, by bytes."""
    return msgspec.json.encode(dict(sorted(texts.items(), key=lambda pair: pair[0].encode()))).decode()


def micros(expression: str) -> str:
    """SQL that gives a time as microseconds since 1970; null stays null."""
    return f"toUnixTimestamp64Micro({expression})"


def where(*conditions: str) -> str:
    """The conditions that are not empty, joined by AND; empty where there is none."""
    given = [condition for condition in conditions if condition]
    return f"WHERE {' AND '.join(given)}" if given else ""


def _select_list(kind: type[msgspec.Struct], select: Mapping[str, str]) -> str:
    times = time_fields(kind)
    parts = ((name, select.get(name, name)) for name in kind.__struct_fields__)
    return ", ".join(micros(expression) if name in times else expression for name, expression in parts)
