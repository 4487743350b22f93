"""Transitions: one step of an episode, one continuous violation of one bound by one series."""

from typing import Annotated

from msgspec import Meta

from .event import Event, Micros

TRANSITIONS = ("opened", "escalated", "deescalated", "resolved", "closed", "respecified", "retracted")
SEVERITIES = ("warn", "error")


class Transition(Event, frozen=True, kw_only=True):
    """event_id is the alert id: derived from the episode, the transition and its ordinal; event_time is the reading's."""

    episode_id: str
    series: Annotated[str, Meta(description="Hash of bound, node and dimensions: no value, no version")]
    bound_id: str
    bound_version: int
    bound_origin: Annotated[str, Meta(description="CODE, OPERATOR or BUILT_IN")]
    transition: Annotated[str, Meta(description="opened, escalated, deescalated, resolved, closed, respecified or retracted")]
    ordinal: Annotated[int, Meta(description="Counts the transitions of the episode, from 1")]
    severity: Annotated[str, Meta(description="warn or error; after a terminal transition the last one")]
    kind: str
    namespace: str
    name: str
    metric: str
    value: float
    opened_at: Annotated[Micros, Meta(description="event_time of the reading that opened the episode")]
    condition: Annotated[str, Meta(description="The bound in words, for example: error below 0.85")]
    previous_severity: str = ""
    reason: str = ""
    version: str = ""
    dims: dict[str, str] = {}
    unit: str = ""
    threshold: Annotated[float | None, Meta(description="The limit that was crossed; null for NaN and infinities")] = None
    peak: Annotated[float | None, Meta(description="The value farthest outside, so far in this episode")] = None
    readings: Annotated[int, Meta(description="Readings in this episode, so far")] = 0
    last_good_value: float | None = None
    last_good_time: Micros | None = None
    last_good_run_id: str = ""
    opened_slot: Micros | None = None
    slot: Micros | None = None
    mode: str = "LIVE"
    owner: Annotated[str, Meta(description="As the bound says; empty: the node's owner is asked")] = ""
    message: str = ""
    runbook_url: str = ""
    job_namespace: str = ""
    job_name: str = ""
    run_id: str = ""
    reading_event_id: str = ""
