"""Pure: what the store knows about a batch, split among its transitions. What cannot be said is listed in `missing`."""

from math import isnan

from leadline.core.clock import Micros
from leadline.events.records import AlertChange, DownstreamNode, LastGood, OpenEpisode, Transition
from leadline.history.alert_facts import Contact as FoundContact
from leadline.history.alert_facts import FoundChange, Measured, OpenAt
from leadline.history.lineage import Lineage
from leadline.history.node import NodeRef

from .enrich import Contact, Known, RunFacts, last_good_of
from .facts import Facts, hit, job_of, last_good_moment, node_of, run_of, window_of


def known_of(transition: Transition, facts: Facts, watermark: Micros | None) -> Known:
    """What the facts say about one of the transitions that they were gathered for."""
    node, job, run = node_of(transition), job_of(transition), run_of(transition)
    upstream, downstream = facts.upstream.get(node), facts.downstream.get(node)
    ran = facts.runs.get(run) if run else None
    return Known(
        node=_contact(facts.contacts.get(node)),
        job=_contact(facts.contacts.get(job) if job else None),
        run=RunFacts(ran.state, ran.host, ran.code_commit, ran.error_message) if ran else RunFacts(),
        last_good=_last_good(transition, facts),
        changes=[_alert_change(change) for change in facts.changes.get(window_of(transition, upstream), [])],
        upstream_open=_upstream_open(transition, upstream, facts),
        downstream=[_downstream_node(at, distance, facts) for at, distance in hit(transition, downstream)],
        log_excerpt=facts.excerpts.get(run, []) if run and ran else [],
        missing=[*facts.missing, *_missing(transition, facts)],
        watermark=watermark,
    )


def _missing(transition: Transition, facts: Facts) -> list[str]:
    run, node = run_of(transition), node_of(transition)
    found = []
    if run and run not in facts.runs:
        found.append(f"the run {run.run_id}: the store does not have it (yet)")
    for way in (facts.upstream.get(node), facts.downstream.get(node)):
        if way and way.truncated:
            found.append(f"what is {way.direction}stream: cut off by {way.truncated}")
    if last_good_of(transition) is None:
        found.append("last good: no earlier reading of the series lay within the bound")
    if run and run in facts.runs and not facts.excerpts.get(run):
        found.append(f"the log: the store has no line of run {run.run_id} (yet)")
    return found


def _last_good(transition: Transition, facts: Facts) -> LastGood | None:
    said, at = last_good_of(transition), last_good_moment(transition)
    if said is None or at is None:
        return None
    reading = find_value(facts.readings.get(at, []), said.value)
    if reading is None:
        return said
    return LastGood(value=said.value, event_time=said.event_time, slot=reading.slot, run_id=said.run_id or reading.run_id)


def find_value(readings: list[Measured], value: float) -> Measured | None:
    """The reading of that value. NaN equals NaN."""
    return next((one for one in readings if one.value == value or (isnan(one.value) and isnan(value))), None)


def _upstream_open(transition: Transition, upstream: Lineage | None, facts: Facts) -> list[OpenEpisode]:
    reached = upstream.nodes if upstream else []
    episodes = [
        _open_episode(episode, at.distance)
        for at in reached
        for episode in facts.episodes.get(at.node, [])
        if episode.episode_id != transition.episode_id
    ]
    return sorted(episodes, key=lambda episode: (episode.distance, episode.opened_at, episode.episode_id))


def _open_episode(episode: OpenAt, distance: int) -> OpenEpisode:
    return OpenEpisode(
        episode_id=episode.episode_id,
        kind=episode.kind,
        namespace=episode.namespace,
        name=episode.name,
        metric=episode.metric,
        severity=episode.severity,
        opened_at=episode.opened_at,
        distance=distance,
    )


def _contact(found: FoundContact | None) -> Contact:
    return Contact(found.owner, found.on_call) if found else Contact()


def _downstream_node(node: NodeRef, distance: int, facts: Facts) -> DownstreamNode:
    owner = _contact(facts.contacts.get(node)).owner
    return DownstreamNode(kind=node.kind, namespace=node.namespace, name=node.name, distance=distance, owner=owner)


def _alert_change(change: FoundChange) -> AlertChange:
    return AlertChange(
        kind=change.kind,
        namespace=change.namespace,
        name=change.name,
        what=change.what,
        before=change.before,
        after=change.after,
        event_time=change.event_time,
        job_namespace=change.job_namespace,
        job_name=change.job_name,
        run_id=change.run_id,
        distance=change.distance,
        actor=change.actor,
    )
