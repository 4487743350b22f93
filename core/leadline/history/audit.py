"""The audit: who or what changed which bound, owner, tag ..., and when."""

from collections.abc import Iterator

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .node import NodeRef
from .query import MOMENT, fetch, where


class AuditEntry(msgspec.Struct, frozen=True):
    """One thing that was said or done. `before` and `after` are JSON; `fields` is what differs between them."""

    event_id: str
    event_time: Micros
    actor: str
    what: str
    action: str
    kind: str
    namespace: str
    name: str
    subject: str
    before: str
    after: str
    fields: list[str]
    changed: bool
    origin: str
    reason: str
    tool: str
    job_namespace: str
    job_name: str
    run_id: str
    recorded_at: Micros

    @property
    def ref(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


def audit(
    client: Client,
    *,
    node: NodeRef | None = None,
    actor: str = "",
    since: Micros | None = None,
    repeated: bool = False,
    limit: int = 200,
) -> list[AuditEntry]:
    """The newest first. `since` is about when it was done; `repeated`: also what was only said again."""
    return fetch(
        client,
        AuditEntry,
        "FROM leadline.audit "
        + where(
            "kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String}" if node else "",
            "actor = {actor:String}" if actor else "",
            f"event_time >= {MOMENT % 'since'}" if since is not None else "",
            "" if repeated else "changed",
        )
        + " ORDER BY event_time DESC, recorded_at DESC, event_id DESC LIMIT {limit:UInt32}",
        kind=node.kind if node else None,
        namespace=node.namespace if node else None,
        name=node.name if node else None,
        actor=actor or None,
        since=since,
        limit=limit,
    )


def differences(entry: AuditEntry) -> Iterator[tuple[str, str, str]]:
    """Field, value before and value after of everything that the entry changed; an empty text: no value. Pure."""
    before, after = _values(entry.before), {} if entry.action == "deleted" and entry.what == "entity" else _values(entry.after)
    for field in entry.fields:
        yield field, _text(before.get(field)), _text(after.get(field))


def _values(said: str) -> dict[str, object]:
    return msgspec.json.decode(said, type=dict[str, object]) if said else {}


def _text(value: object) -> str:
    if value in (None, "", {}):
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
