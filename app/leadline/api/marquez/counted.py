"""How many rows there are, for totalCount."""

from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.history.query import fetch


class _Count(msgspec.Struct, frozen=True):
    total: int


def count(client: Client, source: str, what: str = "", **bound: Any) -> int:
    """`what`: count different values of it; else rows."""
    return fetch(client, _Count, source, {"total": f"uniqExact({what})" if what else "count()"}, **bound)[0].total
