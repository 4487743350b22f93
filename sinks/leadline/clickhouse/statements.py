"""SQL files as statements, for one server or for a cluster."""

import re

from leadline.core.errors import UsageError

_END = re.compile(r";[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*--.*\n", re.MULTILINE)
_CHANGE = re.compile(
    r"^(?:ALTER TABLE|CREATE(?: OR REPLACE)? (?:DATABASE|TABLE|VIEW|MATERIALIZED VIEW)(?: IF NOT EXISTS)?) (?P<name>[\w.]+)"
)
_ENGINE = re.compile(r"^ENGINE = (?P<engine>\w*MergeTree)", re.MULTILINE)
_ORDER_BY = re.compile(r"^ORDER BY \(([^)]*)\)", re.MULTILINE)
_SHARDED_BY = 3
"""Leading columns of the sorting key that decide the shard: rows that replace each other always meet on one."""


def split(sql: str) -> list[str]:
    """The statements of a file, without whole-line comments. A statement ends with a semicolon at the end of a line."""
    return [statement.strip() for statement in _END.split(_COMMENT.sub("", sql)) if statement.strip()]


def for_cluster(statement: str, cluster: str) -> list[str]:
    """The same on a cluster: ON CLUSTER, and for each table a replicated one on every shard with a distributed one before it.

    Plain substitution, never run on a real cluster so far. An empty cluster changes nothing. Raises UsageError for a name
    that is no identifier.
    """
    if not cluster:
        return [statement]
    if not re.fullmatch(r"[\w.-]+", cluster):
        raise UsageError(f"{cluster!r} is no name of a cluster; the table system.clusters lists them")
    changed = _CHANGE.match(statement)
    if changed is None:
        return [statement]
    on_cluster = f"{changed[0]} ON CLUSTER '{cluster}'"
    if not _ENGINE.search(statement):
        return [on_cluster + statement[changed.end() :]]
    name = changed["name"]
    local = on_cluster.replace(name, f"{name}_local") + _ENGINE.sub(
        r"ENGINE = Replicated\g<engine>", statement[changed.end() :]
    )
    return [local, _distributed(on_cluster, name, cluster, _ORDER_BY.search(statement))]


def _distributed(create: str, name: str, cluster: str, order_by: re.Match[str] | None) -> str:
    assert order_by is not None, f"{name} has no ORDER BY (...) on a line of its own"
    database, table = name.split(".")
    columns = ", ".join(column.strip() for column in order_by[1].split(",")[:_SHARDED_BY])
    return f"{create} AS {name}_local\nENGINE = Distributed('{cluster}', '{database}', '{table}_local', cityHash64({columns}))"
