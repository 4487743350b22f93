"""Names that mean the same node: what a walk that comes to one of them goes on from as well."""

from collections import defaultdict
from collections.abc import Iterator

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .edges import Times
from .node import NodeRef
from .query import MOMENT, fetch, where

MOST = 20_000


class Alias(msgspec.Struct, frozen=True):
    """`other` is another name of `node`, as `source` said: why the two are one."""

    node: NodeRef
    other: NodeRef
    reason: str
    source: str
    event_time: Micros


class Aliases:
    """Of all nodes, up to 20,000; `complete` is False where there are more."""

    def __init__(self, known: list[Alias]) -> None:
        self.complete = len(known) < MOST
        self._by_node: dict[NodeRef, list[Alias]] = defaultdict(list)
        for alias in known:
            self._by_node[alias.node].append(alias)
            self._by_node[alias.other].append(alias)

    def of(self, node: NodeRef) -> Iterator[tuple[NodeRef, Alias]]:
        """The names that the node has beside this one, in one step."""
        for alias in self._by_node.get(node, ()):
            yield (alias.other if alias.node == node else alias.node), alias


class _Row(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str
    of_kind: str
    of_namespace: str
    of_name: str
    reason: str
    source: str
    event_time: Micros


def aliases(client: Client, times: Times) -> Aliases:
    """Those of then, as known then: of each source its latest word by then, whatever it said later."""
    since = f"event_time <= {MOMENT % 'as_of'}" if times.as_of is not None else ""
    known = f"recorded_at <= {MOMENT % 'known_at'}" if times.known_at is not None else ""
    latest = "ORDER BY event_time DESC, event_id DESC LIMIT 1 BY kind, namespace, name, source"
    words = f"SELECT * FROM leadline.alias_words {where(since, known)} {latest}"  # noqa: S608 - conditions of ours
    rows = fetch(
        client,
        _Row,
        f"FROM ({words}) WHERE NOT deleted AND of_name != '' ORDER BY ALL LIMIT {MOST}",
        **times.parameters(),
    )
    return Aliases(
        [
            Alias(
                NodeRef(row.of_kind, row.of_namespace, row.of_name),
                NodeRef(row.kind, row.namespace, row.name),
                row.reason,
                row.source,
                row.event_time,
            )
            for row in rows
        ]
    )
