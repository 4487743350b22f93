"""Which data exists only between two steps of a tool, by the names that tools give to nothing else (docs/decisions/0010)."""

import re

from .node import NodeRef

_NAMES = re.compile(
    r"""
    (^|/)_temporary(/|$)                 # Hadoop's and Spark's output committers
    | (^|/)\.(hive|spark)-staging        # Hive's and Spark's staging directories
    | __dbt_(tmp|backup)\w*$             # dbt, while it replaces a table
    | (^|\.)\#                           # SQL Server's #table and ##table
    | (^|\.)pg_(toast_)?temp_\d+\.       # PostgreSQL's schemas of temporary tables
    | (^|\.)_[0-9a-f]{40}\.anon          # BigQuery's tables of query results
    | (^|\.)"?snowpark_temp_             # Snowpark's tables, stages and views
    """,
    re.VERBOSE,
)
_MARKS = ("temp", "-staging", "__dbt_", "#", ".anon")
"""One of these is in each of them: a walk asks about thousands of names."""


def is_temporary(node: NodeRef) -> bool:
    """Only what is certain: /tmp and tmp_orders may be anybody's."""
    name = node.name.lower()
    for mark in _MARKS:
        if mark in name:
            return node.kind == "DATASET" and _NAMES.search(name) is not None
    return False
