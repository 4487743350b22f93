"""One readable line per event on standard error, for a look at what a job reports."""

import sys

from leadline.core.clock import isoformat
from leadline.events.codec import decode_body
from leadline.events.records import (
    DecisionRecorded,
    EntityReported,
    Event,
    LogsReported,
    MetricsReported,
    RunEvent,
    VersionDescribed,
)

from .entry import Entry
from .stats import Counters
from .transport import OnThisMachine

_LONGEST = 400


class ConsoleLink(OnThisMachine):
    """Takes everything at once. Where there is no standard error any more nothing is shown, and nothing is wrong."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self.address = "standard error"
        self.failure = ""

    def __len__(self) -> int:
        return 0

    def send(self, entry: Entry) -> None:
        line = readable(decode_body(entry.body, entry.record))
        try:
            if sys.stderr is not None:
                sys.stderr.write(f"{line}\n")
        except (OSError, ValueError):  # closed by the job, or by whoever read it
            pass
        self._counters.sent += 1

    def poll(self, seconds: float) -> None:
        """Nothing is ever waited for."""

    def recall(self) -> list[Entry]:
        return []

    def abandon(self) -> None:
        """Nothing is held."""


def readable(event: Event) -> str:
    """For example `leadline 2026-11-21T08:00:00Z COMPLETE churn.score 1 input, 1 output`; at most some 400 characters."""
    text = f"leadline {isoformat(event.event_time)} {_told(event)}"
    text = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _told(event: Event) -> str:
    match event:
        case RunEvent():
            data = [*(f"in {one.name}" for one in event.inputs), *(f"out {one.name}" for one in event.outputs)]
            parameters = [f"{name}={value}" for name, value in event.parameters.items()]
            return " ".join((event.event_type, event.job_name, *parameters, *data, event.error_message)).rstrip()
        case LogsReported():
            return f"{event.job_name} " + " | ".join(f"{line.level} {line.message}" for line in event.lines)
        case MetricsReported():
            what = " ".join(f"{one.metric}={one.value:g}" for one in event.readings)
        case DecisionRecorded():
            what = f"{event.action} by {event.actor} {event.reason}".rstrip()
        case EntityReported():
            what = f"{event.aspect} " + " ".join(f"{name}={value}" for name, value in event.values.items())
        case VersionDescribed():
            sizes = {"rows": event.rows, "columns": len(event.columns) or None, "bytes": event.size_bytes}
            held = ", ".join(f"{number:,} {unit}" for unit, number in sizes.items() if number is not None)
            what = f"version {event.version} {event.class_name or event.format} {held}".rstrip()
        case _:
            what = type(event).__name__
    kind, namespace, name = (getattr(event, part, "") for part in ("kind", "namespace", "name"))
    return f"{kind.lower()}:{namespace}/{name} {what}"
