"""Pure: what the store knew about a batch of transitions, and by which keys each of them finds its part of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from leadline.core.clock import DAY
from leadline.events.records import Transition
from leadline.history.alert_facts import Contact, FoundChange, Measured, Moment, OpenAt, RunFacts, RunKey, Window, moment
from leadline.history.lineage import Lineage
from leadline.history.node import NodeRef, job

from .enrich import last_good_of

_LOOK_BACK = 30 * DAY
"""Changes are looked for this far back where no good reading is known."""


@dataclass
class Facts:
    """`missing`: what could not be asked, for all of the batch alike."""

    runs: dict[RunKey, RunFacts] = field(default_factory=dict)
    upstream: dict[NodeRef, Lineage] = field(default_factory=dict)
    downstream: dict[NodeRef, Lineage] = field(default_factory=dict)
    contacts: dict[NodeRef, Contact] = field(default_factory=dict)
    readings: dict[Moment, list[Measured]] = field(default_factory=dict)
    changes: dict[Window, list[FoundChange]] = field(default_factory=dict)
    episodes: dict[NodeRef, list[OpenAt]] = field(default_factory=dict)
    excerpts: dict[RunKey, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """False where less was found out than each transition alone might have been told."""
        ways = [*self.upstream.values(), *self.downstream.values()]
        return not self.missing and all(way.truncated != "time" for way in ways)


def node_of(transition: Transition) -> NodeRef:
    return NodeRef(transition.kind, transition.namespace, transition.name)


def job_of(transition: Transition) -> NodeRef | None:
    return job(transition.job_namespace, transition.job_name) if transition.job_name else None


def run_of(transition: Transition) -> RunKey | None:
    if not transition.job_name or not transition.run_id:
        return None
    return RunKey(transition.job_namespace, transition.job_name, transition.run_id)


def moment_of(transition: Transition) -> Moment:
    """When the reading was measured that made the transition."""
    return moment(node_of(transition), transition.metric, transition.dims, transition.event_time)


def last_good_moment(transition: Transition) -> Moment | None:
    said = last_good_of(transition)
    return moment(node_of(transition), transition.metric, transition.dims, said.event_time) if said else None


def window_of(transition: Transition, upstream: Lineage | None) -> Window:
    """Where its cause is looked for: in the jobs upstream; the job that measured the value, or is the node itself, is at 0."""
    reached = upstream.nodes if upstream else []
    distances = {node.node: node.distance for node in reached if node.kind == "JOB"}
    distances |= {node: 0 for node in (job_of(transition), node_of(transition)) if node and node.kind == "JOB"}
    said = last_good_of(transition)
    after = said.event_time if said else transition.opened_at - _LOOK_BACK
    return Window(after, transition.event_time, tuple(sorted(distances.items())))


def hit(transition: Transition, downstream: Lineage | None) -> Iterable[tuple[NodeRef, int]]:
    """Who is hit, nearest first. The job that measured the value reads the node too, but is not hit by it."""
    reached = [at for at in downstream.nodes if not at.temporary] if downstream else []
    return [(at.node, at.distance) for at in reached if at.node not in (job_of(transition), node_of(transition))]
