"""Steps of episodes as records. Same steps, same ids."""

from importlib.metadata import version
from typing import Any

from msgspec.structs import asdict

from leadline.events.ids import derived_id, digest
from leadline.events.records import AlertState, Transition

from .declared import InForce
from .episode import Episode
from .judge import SEVERITIES, crossed, in_words
from .node import Dims, Node
from .series import Series
from .settle import CORRECTED, Step

PRODUCER = f"leadline-bounds/{version('leadline')}"
_ENDS = ("resolved", "closed", "retracted")


def series_id(bound_id: str, node: Node, dims: Dims) -> str:
    """No value, no level, no version: what is violated stays the same while it changes."""
    return digest(bound_id, node.kind, node.namespace, node.name, *(part for pair in dims for part in pair))


def episode_id(series: str, episode: Episode) -> str:
    return derived_id("episode", series, *episode.opening.identity)


def published(node: Node, bound: InForce, dims: Dims, series: Series, step: Step) -> list[Transition]:
    """The transition, and the series' new alert state; corrections of what is over leave the alert state as it is."""
    transition = _transition(node, bound, dims, series, step)
    if step.reason == CORRECTED:
        return [transition]
    return [transition, AlertState(**asdict(transition), open=step.transition not in _ENDS)]


def _transition(node: Node, bound: InForce, dims: Dims, series: Series, step: Step) -> Transition:
    spec, episode, sample = bound.spec, step.episode, step.sample
    identity = series_id(spec.bound_id, node, dims)
    episode_name = episode_id(identity, episode)
    report = sample.report
    return Transition(
        event_id=derived_id("transition", episode_name, step.transition, step.ordinal),
        event_time=report.event_time if step.time is None else step.time,
        producer=PRODUCER,
        source="leadline",
        episode_id=episode_name,
        series=identity,
        bound_id=spec.bound_id,
        bound_version=bound.version,
        bound_origin=bound.origin,
        transition=step.transition,
        ordinal=step.ordinal,
        severity=SEVERITIES[episode.severity],
        previous_severity=SEVERITIES[step.previous_severity],
        kind=node.kind,
        namespace=node.namespace,
        name=node.name,
        metric=series.metric,
        dims=dict(dims),
        unit=series.unit,
        value=sample.value,
        version=report.version,
        slot=report.slot,
        condition=in_words(spec),
        threshold=crossed(spec, episode.latest.value, episode.severity),
        peak=episode.worst.value,
        readings=episode.readings,
        opened_at=episode.opening.time,
        opened_slot=episode.opening.report.slot,
        reason=step.reason,
        owner=spec.owner,
        message=spec.message,
        runbook_url=spec.runbook_url,
        job_namespace=report.job_namespace,
        job_name=report.job_name,
        run_id=report.run_id,
        reading_event_id=report.event_id,
        **_last_good(episode),
    )


def _last_good(episode: Episode) -> dict[str, Any]:
    good = episode.good
    if good is None:
        return {}
    return {
        "last_good_value": good.value,
        "last_good_time": good.report.event_time,
        "last_good_run_id": good.report.run_id,
    }
