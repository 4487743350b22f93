"""Captured decisions."""

from collections.abc import Iterable

from leadline.events.records import DecisionRecorded, Event

from ..nodes import Node
from .metrics import is_node, named


def decided(events: Iterable[Event], action: str, of: Node | None) -> list[DecisionRecorded]:
    """Those with this action on this node; an empty text or None means any."""
    found = [event for event in events if isinstance(event, DecisionRecorded)]
    return [event for event in found if action in ("", event.action) and (of is None or is_node(_node(event), of))]


def show(event: DecisionRecorded) -> str:
    reason = f": {event.reason}" if event.reason else ""
    return f"<decision {event.action!r} on {named(_node(event))} by {event.actor}{reason}>"


def _node(event: DecisionRecorded) -> Node:
    return Node(event.kind, event.namespace, event.name, event.version)
