"""Alerts and episodes: what is violated now, and every step of how it came to that."""

from collections.abc import Iterable

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError, UsageError
from leadline.events.records.event import Micros

from .node import NodeRef
from .query import MOMENT, NODE_SET, fetch, node_set, where

_SHORTEST_PREFIX = 4


class AlertEvent(msgspec.Struct, frozen=True):
    """One transition, as the view alert_events has it."""

    alert_id: str
    episode_id: str
    bound_id: str
    transition: str
    severity: str
    previous_severity: str
    kind: str
    namespace: str
    name: str
    metric: str
    dims: dict[str, str]
    value: float
    threshold: float | None
    owner: str
    job_namespace: str
    job_name: str
    run_id: str
    enriched: bool
    """False: only the transition is known so far; owner, last good and causes follow."""
    event_time: Micros
    recorded_at: Micros


class Episode(msgspec.Struct, frozen=True):
    """One continuous violation of one bound by one series; closed_at is None while it is open."""

    episode_id: str
    bound_id: str
    severity: str
    kind: str
    namespace: str
    name: str
    metric: str
    dims: dict[str, str]
    value: float
    owner: str
    job_namespace: str
    job_name: str
    run_id: str
    opened_at: Micros
    closed_at: Micros | None


def alert_events(
    client: Client, *, node: NodeRef | None = None, since: Micros | None = None, limit: int = 100
) -> list[AlertEvent]:
    """The newest transitions first."""
    return fetch(
        client,
        AlertEvent,
        "FROM leadline.alert_events "
        + where(_OF_NODE if node else "", f"event_time >= {MOMENT % 'since'}" if since is not None else "")
        + " ORDER BY recorded_at DESC, alert_id LIMIT {limit:UInt32}",
        since=since,
        limit=limit,
        **_node(node),
    )


def alert_events_recorded_after(client: Client, after: Micros, limit: int) -> list[AlertEvent]:
    """Those that became known after a moment, oldest first: for following."""
    return fetch(
        client,
        AlertEvent,
        f"FROM leadline.alert_events WHERE recorded_at > {MOMENT % 'after'} ORDER BY recorded_at, alert_id "
        "LIMIT {limit:UInt32}",
        after=after,
        limit=limit,
    )


def open_episodes(client: Client, nodes: Iterable[NodeRef] | None = None, limit: int = 1000) -> list[Episode]:
    """The open episodes, of these nodes or of all, worst and oldest first."""
    among = "" if nodes is None else f"(kind, namespace, name) IN {NODE_SET % 'nodes'}"
    return fetch(
        client,
        Episode,
        "FROM leadline.episodes "
        + where("closed_at IS NULL", among)
        + " ORDER BY severity = 'error' DESC, opened_at, episode_id LIMIT {limit:UInt32}",
        nodes="[]" if nodes is None else node_set(nodes),
        limit=limit,
    )


def find_alert(client: Client, text: str) -> AlertEvent:
    """The transition whose alert id, or the newest whose episode id, starts with the text.

    Raises UsageError where the text is too short or fits several alerts, LeadlineError where it fits none.
    """
    if len(text) < _SHORTEST_PREFIX:
        raise UsageError(f"{text!r} is too short for the start of an alert id; give at least {_SHORTEST_PREFIX} signs")
    found = fetch(
        client,
        AlertEvent,
        "FROM leadline.alert_events WHERE startsWith(alert_id, {text:String}) OR startsWith(episode_id, {text:String}) "
        "ORDER BY startsWith(alert_id, {text:String}) DESC, recorded_at DESC, alert_id LIMIT 20",
        text=text,
    )
    if not found:
        raise LeadlineError(f"no alert or episode has an id that starts with {text!r}; `leadline alerts --all` lists them")
    by_alert = [alert for alert in found if alert.alert_id.startswith(text)]
    if len({alert.alert_id if by_alert else alert.episode_id for alert in by_alert or found}) > 1:
        raise UsageError(f"several alerts have an id that starts with {text!r}; give more of it")
    return found[0]


_OF_NODE = "kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String}"


def _node(node: NodeRef | None) -> dict[str, str]:
    return msgspec.structs.asdict(node) if node else {}
