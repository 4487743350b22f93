"""Message keys: JSON arrays in UTF-8, so that any text is safe, two things never share a key, and people can read them."""

import msgspec

from .records import (
    AlertState,
    BoundDeclared,
    ChangeDetected,
    DeadLetter,
    DecisionRecorded,
    EdgeObserved,
    EntityReported,
    Event,
    JobDeclared,
    LogsReported,
    MetricsReported,
    OpenLineageReceived,
    RunEvent,
    Transition,
    VersionDescribed,
)


def make_key(*parts: str) -> bytes:
    return msgspec.json.encode(parts)


def job_key(namespace: str, name: str) -> bytes:
    return make_key("JOB", namespace, name)


def node_key(kind: str, namespace: str, name: str) -> bytes:
    return make_key(kind, namespace, name)


def key_of(event: Event) -> bytes:  # noqa: PLR0911 - one line a record
    """The key that the event's topic is partitioned (and compacted) by. Raises TypeError for control records."""
    match event:
        case RunEvent() | JobDeclared():
            return job_key(event.job_namespace, event.job_name)
        case OpenLineageReceived():
            return make_key(event.kind, event.namespace, event.name)
        case LogsReported():
            return make_key(event.job_namespace, event.job_name, event.run_id)
        case EntityReported():
            return make_key(event.kind, event.namespace, event.name, event.aspect, event.source)
        case BoundDeclared():
            return make_key(event.spec.bound_id, event.origin, event.kind, event.namespace, event.name)
        case EdgeObserved():
            return node_key(event.target_kind, event.target_namespace, event.target_name)
        case MetricsReported() | DecisionRecorded() | ChangeDetected() | VersionDescribed():
            return node_key(event.kind, event.namespace, event.name)
        case Transition() | AlertState():
            return event.series.encode()
        case DeadLetter():
            return event.key
    raise TypeError(f"{type(event).__name__} has no key of its own: control records go to every partition")
