"""Pure: a transition and what history knew of it give the alert."""

from dataclasses import dataclass, field
from importlib.metadata import version

import msgspec

from leadline.core.clock import Micros
from leadline.events.records import Alert, AlertChange, DownstreamNode, LastGood, OpenEpisode, Transition

from .summary import summarise

PRODUCER = f"leadline-enrichment/{version('leadline')}"
DOWNSTREAM_SHOWN = 10
CHANGES_SHOWN = 20
EPISODES_SHOWN = 10
UNOWNED = "unowned"


@dataclass(frozen=True)
class Contact:
    """Who answers for something; empty where nobody is known."""

    owner: str = ""
    on_call: str = ""


@dataclass(frozen=True)
class RunFacts:
    """What is known of the run that the reading came from."""

    state: str = ""
    host: str = ""
    code_commit: str = ""
    error_message: str = ""


@dataclass(frozen=True)
class Known:
    """What history answered. Lists are in the order in which they are to be shown."""

    node: Contact = Contact()
    job: Contact = Contact()
    run: RunFacts = RunFacts()
    last_good: LastGood | None = None
    changes: list[AlertChange] = field(default_factory=list)
    upstream_open: list[OpenEpisode] = field(default_factory=list)
    downstream: list[DownstreamNode] = field(default_factory=list)
    log_excerpt: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    watermark: Micros | None = None


def enrich(transition: Transition, known: Known) -> Alert:
    """The alert under the transition's own ids."""
    owner, source = _owner(transition, known)
    alert = Alert(
        **{
            **msgspec.structs.asdict(transition),
            "producer": PRODUCER,
            "owner": owner,
            "owner_source": source,
            "on_call": known.node.on_call or known.job.on_call,
            "last_good": known.last_good or last_good_of(transition),
            "changes": known.changes[:CHANGES_SHOWN],
            "upstream_open": known.upstream_open[:EPISODES_SHOWN],
            "downstream": known.downstream[:DOWNSTREAM_SHOWN],
            "downstream_count": len(known.downstream),
            "run_state": known.run.state,
            "error_message": known.run.error_message,
            "host": known.run.host,
            "code_commit": known.run.code_commit,
            "log_excerpt": known.log_excerpt,
            "missing": known.missing,
            "watermark": known.watermark,
        }
    )
    return msgspec.structs.replace(alert, summary=summarise(alert))


def last_good_of(transition: Transition) -> LastGood | None:
    """What the transition itself says about the last good reading."""
    if transition.last_good_value is None or transition.last_good_time is None:
        return None
    return LastGood(value=transition.last_good_value, event_time=transition.last_good_time, run_id=transition.last_good_run_id)


def _owner(transition: Transition, known: Known) -> tuple[str, str]:
    for owner, source in ((transition.owner, "bound"), (known.node.owner, "node"), (known.job.owner, "job")):
        if owner:
            return owner, source
    return UNOWNED, UNOWNED
