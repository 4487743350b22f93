"""Alerts: a transition with what a person needs to act."""

from typing import Annotated

from msgspec import Meta

from .event import Micros, Part
from .transition import Transition

TERMINAL_TRANSITIONS = ("resolved", "closed", "retracted")


class AlertState(Transition, frozen=True, kw_only=True):
    """The newest transition of a series, in a compacted topic: the open episodes are those whose `open` is true."""

    open: bool


class LastGood(Part, frozen=True, kw_only=True):
    value: float
    event_time: Micros
    slot: Micros | None = None
    run_id: str = ""


class AlertChange(Part, frozen=True, kw_only=True):
    """Something that changed upstream between the last good run and the first bad one."""

    kind: str
    namespace: str
    name: str
    what: str
    before: str
    after: str
    event_time: Micros
    job_namespace: str
    job_name: str
    run_id: str
    distance: Annotated[int, Meta(description="Hops upstream of the alert's node; 0: its own job")]
    actor: str = ""
    confidence: Annotated[str, Meta(description="high, medium or low")] = "low"
    evidence: str = ""


class OpenEpisode(Part, frozen=True, kw_only=True):
    """An episode upstream that was open already."""

    episode_id: str
    kind: str
    namespace: str
    name: str
    metric: str
    severity: str
    opened_at: Micros
    distance: int


class DownstreamNode(Part, frozen=True, kw_only=True):
    kind: str
    namespace: str
    name: str
    distance: int
    owner: str = ""


class Alert(Transition, frozen=True, kw_only=True):
    """Same ids as the transition. What could not be found out is said in `missing`."""

    owner_source: Annotated[str, Meta(description="bound, node, job or unowned")] = "unowned"
    on_call: str = ""
    summary: Annotated[str, Meta(description="One paragraph, ready to paste")] = ""
    last_good: LastGood | None = None
    changes: Annotated[list[AlertChange], Meta(description="Most likely cause first")] = []
    upstream_open: list[OpenEpisode] = []
    downstream: Annotated[list[DownstreamNode], Meta(description="The nearest; all are counted in downstream_count")] = []
    downstream_count: int = 0
    run_state: str = ""
    error_message: str = ""
    host: str = ""
    code_commit: str = ""
    log_excerpt: Annotated[list[str], Meta(description="The run's last error lines, else its last lines")] = []
    missing: Annotated[list[str], Meta(description="What could not be found out, and why")] = []
    watermark: Annotated[Micros | None, Meta(description="History was complete up to then")] = None
