"""Nodes, and how people write them: a word that names one, or exactly, as the JSON array that is also its key in Kafka."""

import msgspec

from leadline.core.errors import UsageError
from leadline.events.records.event import NODE_KINDS


class NodeRef(msgspec.Struct, frozen=True, order=True):
    """One node. Names hold any text."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """As `parse_exact` reads it."""
        return msgspec.json.encode([self.kind, self.namespace, self.name]).decode()


def job(namespace: str, name: str) -> NodeRef:
    return NodeRef("JOB", namespace, name)


def parse_exact(text: str) -> NodeRef | None:
    """The node that `["KIND", "NAMESPACE", "NAME"]` says; None for any other text. Raises UsageError for an unknown kind."""
    try:
        kind, namespace, name = msgspec.json.decode(text, type=tuple[str, str, str])
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    if kind not in NODE_KINDS:
        raise UsageError(f"{kind!r} is no kind of node; it must be one of {', '.join(NODE_KINDS)}")
    return NodeRef(kind, namespace, name)
