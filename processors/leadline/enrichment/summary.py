"""Pure: an alert in one paragraph, ready to paste into a chat or a ticket."""

import math
from collections.abc import Iterator

from leadline.core.clock import Micros, isoformat
from leadline.events.records import Alert, AlertChange
from leadline.events.records.alert import TERMINAL_TRANSITIONS

_LONGEST_QUOTE = 200


def summarise(alert: Alert) -> str:
    """Sentences in the order in which they are asked: what, since when, which run, whose, why, who else."""
    sentences = _terminal(alert) if alert.transition in TERMINAL_TRANSITIONS else _open(alert)
    return " ".join(" ".join(sentences).split())


def _open(alert: Alert) -> Iterator[str]:
    value = _value(alert.value, alert.unit)
    yield f"{alert.severity.upper()} {alert.transition}: {_what(alert)} is {value}, {alert.condition}."
    yield from _since(alert)
    yield from _run(alert)
    yield _contact(alert)
    yield from _cause(alert)
    yield from _others(alert)
    if alert.message:
        yield _quote(alert.message)
    if alert.runbook_url:
        yield f"Runbook: {alert.runbook_url}"


def _terminal(alert: Alert) -> Iterator[str]:
    reason = f" ({alert.reason})" if alert.reason else ""
    lasted = _duration(alert.event_time - alert.opened_at)
    worst = f", at worst {_value(alert.peak, alert.unit)}" if alert.peak is not None else ""
    yield f"{alert.transition.capitalize()}{reason}: {_what(alert)} is {_value(alert.value, alert.unit)} after {lasted}{worst}."
    yield _contact(alert)


def _what(alert: Alert) -> str:
    dims = f"[{', '.join(f'{key}={value}' for key, value in sorted(alert.dims.items()))}]" if alert.dims else ""
    version = f" version {alert.version}" if alert.version else ""
    return f"{alert.metric}{dims} of {alert.kind.lower()} {alert.name}{version} ({alert.namespace})"


def _since(alert: Alert) -> Iterator[str]:
    if alert.transition != "opened":
        yield f"Open since {_time(alert.opened_at)}."
    if alert.last_good:
        about = f" about {_time(alert.last_good.slot)}" if alert.last_good.slot is not None else ""
        yield f"Last good: {_value(alert.last_good.value, alert.unit)} at {_time(alert.last_good.event_time)}{about}."


def _run(alert: Alert) -> Iterator[str]:
    if not alert.run_id:
        return
    where = f" on {alert.host}" if alert.host else ""
    code = f", code {alert.code_commit[:12]}" if alert.code_commit else ""
    state = f" {alert.run_state}" if alert.run_state else ""
    yield f"Run {alert.run_id} of {alert.job_name}{where}{code}:{state or ' state not known'}."
    if alert.error_message:
        yield f"Error: {_quote(alert.error_message)}"


def _contact(alert: Alert) -> str:
    on_call = f", on call: {alert.on_call}" if alert.on_call else ""
    return f"Owner: {alert.owner}{on_call}."


def _cause(alert: Alert) -> Iterator[str]:
    if alert.upstream_open:
        nearest = alert.upstream_open[0]
        more = f" and {len(alert.upstream_open) - 1} more" if len(alert.upstream_open) > 1 else ""
        yield f"Already broken upstream: {nearest.metric} of {nearest.name} since {_time(nearest.opened_at)}{more}."
    if alert.changes:
        more = f" ({len(alert.changes) - 1} more)" if len(alert.changes) > 1 else ""
        yield f"Changed since last good: {_change(alert.changes[0])}{more}."


def _change(change: AlertChange) -> str:
    distance = f", {change.distance} upstream" if change.distance else ""
    return (
        f"{change.what} of {change.job_name} from {_quote(change.before) or 'nothing'} to {_quote(change.after) or 'nothing'} "
        f"at {_time(change.event_time)}{distance}"
    )


def _others(alert: Alert) -> Iterator[str]:
    if alert.downstream_count:
        named = ", ".join(f"{node.name} ({node.owner or 'unowned'})" for node in alert.downstream[:3])
        more = f" and {alert.downstream_count - 3} more" if alert.downstream_count > 3 else ""
        yield f"Downstream: {named}{more}."


def _quote(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 1]}…"


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "unknown"
    number = f"{value:.6g}" if math.isfinite(value) else "NaN" if math.isnan(value) else "infinite"
    return f"{number} {unit}".rstrip()


def _time(moment: Micros) -> str:
    return isoformat(moment // 1_000_000 * 1_000_000)


def _duration(micros: int) -> str:
    minutes = micros / 60_000_000
    for unit, size in (("days", 1440), ("hours", 60)):
        if minutes >= 2 * size:
            return f"{minutes / size:.0f} {unit}"
    return f"{minutes:.0f} minutes"
