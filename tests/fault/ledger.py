"""What must be in SQL and on the topics, given what was acknowledged to the producer; and what differs from it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leadline.core.settings import Settings
from leadline.events.records import Event, LogsReported, MetricsReported, RunEvent
from leadline.events.topics import ALERTS, CHANGES, LINEAGE, METRICS, RUNS, TRANSITIONS
from leadline.history.connection import connect

from .expected import expected_lineage, expected_transitions
from .flow import NAMESPACE, PRODUCER
from .topics import Recorded, events


@dataclass(frozen=True)
class Difference:
    """Of one thing: the ids that should be there and are not, and those that should not (or not as often)."""

    what: str
    missing: list[str]
    surplus: list[str]

    def __str__(self) -> str:
        return f"{self.what}: {len(self.missing)} missing, {len(self.surplus)} too many"


def differences(settings: Settings, ledger: Sequence[Event]) -> list[Difference]:
    """Empty when SQL has exactly the ledger, what follows from it exists once by its id, and rollups equal the raw rows."""
    metrics, runs = list(events(settings, METRICS)), list(events(settings, RUNS))
    transitions = expected_transitions(metrics)
    derived = _on(settings, LINEAGE) | _on(settings, CHANGES) | _not_sent(metrics) | _not_sent(runs)
    pairs = {
        "run events in SQL": (_sql(settings, _RUN_EVENTS), _ids(ledger, RunEvent)),
        "readings in SQL": (_sql(settings, _READINGS), _readings(ledger)),
        "log lines in SQL": (_sql(settings, _LINES), _ids(ledger, LogsReported)),
        "states of runs in SQL": (_sql(settings, _STATES), _states(ledger)),
        "what follows from leadline.runs": (derived, expected_lineage(runs)),
        "leadline.transitions": (_on(settings, TRANSITIONS), transitions),
        "leadline.alerts": (_on(settings, ALERTS), transitions),
        "alerts in SQL": (_sql(settings, _ALERTS), transitions),
        "hours of rollups": (_sql(settings, _ROLLED), _sql(settings, _RAW)),
    }
    return [found for what, (is_there, wanted) in pairs.items() if (found := _compare(what, is_there, wanted))]


def behind(settings: Settings, ledger: Sequence[Event]) -> int:
    """How many readings of the ledger SQL does not show yet: cheap to ask."""
    wanted = sum(len(event.readings) for event in ledger if isinstance(event, MetricsReported))
    return wanted - int(_sql(settings, _COUNT)[0])


def _compare(what: str, found: Iterable[str], wanted: Iterable[str]) -> Difference | None:
    """By how often each is there."""
    have, should = Counter(found), Counter(wanted)
    missing, surplus = sorted((should - have).elements()), sorted((have - should).elements())
    return Difference(what, missing, surplus) if missing or surplus else None


def _ids(ledger: Iterable[Event], record: type[Event]) -> list[str]:
    return [event.event_id for event in ledger if isinstance(event, record)]


def _readings(ledger: Iterable[Event]) -> list[str]:
    """As _READINGS: with the value, since equal ids do not say that the content is."""
    return [
        f"{event.event_id}/{position} {reading.metric}={reading.value:g}"
        for event in ledger
        if isinstance(event, MetricsReported)
        for position, reading in enumerate(event.readings, 1)
    ]


def _states(ledger: Iterable[Event]) -> list[str]:
    """Of each run the end, whichever order the acknowledgements came in."""
    states: dict[str, str] = {}
    for event in ledger:
        if isinstance(event, RunEvent) and (event.event_type != "START" or event.run_id not in states):
            states[event.run_id] = "RUNNING" if event.event_type == "START" else event.event_type
    return [f"{run} {state}" for run, state in states.items()]


def _on(settings: Settings, topic: str) -> set[str]:
    """On its topic at least once: what reads it knows repeats by their ids."""
    return {event.event_id for _, _, _, event in events(settings, topic)}


def _not_sent(log: Iterable[Recorded]) -> set[str]:
    """By the test: what the lineage role added."""
    return {event.event_id for *_, event in log if isinstance(event, MetricsReported | RunEvent) and event.producer != PRODUCER}


def _sql(settings: Settings, question: str) -> list[str]:
    client = connect(settings)
    try:
        return [str(row[0]) for row in client.query(question, parameters={"namespace": NAMESPACE}).result_rows]
    finally:
        client.close()


_OURS = "WHERE namespace = {namespace:String} AND kind = 'MODEL'"
_OURS_BY_JOB = "WHERE job_namespace = {namespace:String}"
_COUNT = f"SELECT count() FROM leadline.readings {_OURS}"
_RUN_EVENTS = f"SELECT event_id FROM leadline.run_events {_OURS_BY_JOB}"
_READINGS = f"SELECT concat(event_id, '/', position, ' ', metric, '=', toString(value)) FROM leadline.readings {_OURS}"
_LINES = f"SELECT event_id FROM leadline.logs {_OURS_BY_JOB}"
_STATES = f"SELECT concat(run_id, ' ', state) FROM leadline.runs {_OURS_BY_JOB}"
_ALERTS = "SELECT alert_id FROM leadline.alert_events"
_ROW = "concat(name, ' ', metric, ' ', toString(toUnixTimestamp(hour)), ': ', toString((readings, total, minimum, maximum)))"
_RAW = f"""
SELECT {_ROW} FROM (
    SELECT kind, name, metric, toStartOfHour(time) AS hour, count() AS readings, round(sum(value), 6) AS total,
        min(value) AS minimum, max(value) AS maximum
    FROM leadline.readings WHERE namespace = {{namespace:String}} GROUP BY ALL)"""
_ROLLED = f"""
SELECT {_ROW} FROM (
    SELECT name, metric, time AS hour, readings, round(total, 6) AS total, minimum, maximum
    FROM leadline.trends_hourly WHERE namespace = {{namespace:String}})"""
