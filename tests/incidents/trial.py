"""One incident, asked about: through the processors and the store to the explanation, and whether that names the cause."""

from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from leadline.core.clock import DAY, Micros
from leadline.events.records import Event, Transition
from leadline.history.explain_facts import explain_alert
from leadline.history.explanation.answer import Cause, Explanation

from .happenings import Happening
from .incident import Incident
from .load import load
from .replay import Replay
from .report import START, events, lake, namespace

WHAT = {
    "code": ("code.commit",),
    "parameter": ("parameter.{subject}",),
    "package": ("package.{subject}",),
    "schema": ("schema",),
    "failed": ("run.failed",),
    "late": ("input_late",),
    "source": ("input", "input_late"),
    "decision": ("decision.{subject}",),
}
"""How explanations call what happened."""


DAYS_LATER = (0, 4)
"""It is asked on the evening of the alert's day, and some days later, when more is known."""


class Outcome(NamedTuple):
    """`rank` of the cause, from 1; None: not listed, or there is none."""

    incident: Incident
    days_later: int
    found: Explanation
    rank: int | None

    @property
    def claimed(self) -> Cause | None:
        """The first cause, where it is named with confidence."""
        first = next(iter(self.found.causes), None)
        return first if first and first.confidence != "low" else None


def ask(client: Client, incident: Incident) -> list[Outcome]:
    """At each of DAYS_LATER, with only what is known by then."""
    reported, outcomes, told = events(incident), list[Outcome](), Replay()
    opened, since = None, 0
    for days_later in DAYS_LATER:
        until = asked_at(incident, days_later)
        known = list(told.all(one for one in reported if since <= one.event_time < until))
        load(client, known)
        opened = opened or alert(incident, known)
        found = explain_alert(client, opened.event_id)
        outcomes.append(Outcome(incident, days_later, found, rank(incident, found)))
        since = until
    return outcomes


def asked_at(incident: Incident, days_later: int) -> Micros:
    return START + (incident.alert_day + 1 + days_later) * DAY


def alert(incident: Incident, told: list[Event]) -> Transition:
    """That of the target, on the day on which it left its bounds."""
    slot = START + incident.alert_day * DAY
    return next(
        one
        for one in told
        if isinstance(one, Transition)
        and (one.namespace, one.name, one.slot, one.transition) == (lake(incident), incident.target, slot, "opened")
    )


def rank(incident: Incident, found: Explanation) -> int | None:
    if incident.cause is None:
        return None
    return next((place for place, one in enumerate(found.causes, 1) if is_cause(incident, incident.cause, one)), None)


def is_cause(incident: Incident, cause: Happening, named: Cause) -> bool:
    """The same thing of the same job on the same day."""
    change = named.change
    what = [text.format(subject=cause.subject) for text in WHAT[cause.kind]]
    day = (change.event_time - START) // DAY
    return (change.job_namespace, change.job_name, day) == (namespace(incident), cause.job, cause.day) and change.what in what
