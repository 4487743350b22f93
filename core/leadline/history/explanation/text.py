"""An explanation as text that can be pasted into a ticket."""

from collections.abc import Iterator

from leadline.core.clock import DAY, Micros, isoformat

from .answer import Cause, Explanation, Failure, Made
from .facts import Alert, Contact, Reading, Run

SHOWN_CAUSES = 5
SHOWN_CHANGES = 10
_SHORT = 12


def render(found: Explanation) -> str:
    """Plain lines without colours; what foreign tools wrote is still to be made safe for a terminal."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Explanation) -> Iterator[str]:
    yield found.headline
    yield ""
    if found.alert:
        yield from _alert(found.alert)
    if found.failure:
        yield from _failure(found.failure)
    if found.last_good:
        yield f"last good    {_reading(found.last_good)}"
    if found.shifted_at is not None:
        yield f"shifted      {moment(found.shifted_at)}{_before(found.last_before_shift)}"
    if found.version:
        yield from _version(found.version, found.last_good_version)
    if found.run:
        yield f"{_role(found):12} {_run(found.run)}"
    if found.contact:
        yield f"owner        {_contact(found.contact)}"
    yield from _causes(found)
    yield from _changed(found)
    yield from _affected(found)
    if found.logs:
        yield ""
        yield f"log of {found.logs[0].job_name} {found.logs[0].run_id}"
        yield from (f"  {line.level} {line.logger}: {line.message}" for line in found.logs)
        last = found.logs[-1].exception.strip().splitlines()[-1:]
        yield from (f"  {line}" for line in last)
    if found.missing:
        yield ""
        yield from (f"not known: {line}" for line in found.missing)


def _alert(alert: Alert) -> Iterator[str]:
    yield f"alert        {alert.alert_id} ({alert.severity}, {alert.transition})"
    node = f"{alert.kind} {alert.namespace} {alert.name}"
    yield f"value        {alert.metric}{_dims(alert.dims)} of {node} = {alert.value:.6g}"
    if alert.condition:
        yield f"bound        {alert.condition}"
    since = alert.opened_slot if alert.opened_slot is not None else alert.opened_at
    yield f"open since   {moment(since)}"


def _failure(failure: Failure) -> Iterator[str]:
    root = failure.root
    if root:
        yield f"root         {_run(root)}"
        yield f"error        {_error(root)}"
        yield f"then failed  {', '.join(run.job_name for run in failure.chain[1:])}"
    else:
        yield f"error        {_error(failure.run)}"
    if failure.followers:
        yield f"followed by  {', '.join(run.job_name for run in failure.followers)}, which failed after it"
    if failure.later_try:
        yield f"tried again  {_run(failure.later_try)}"
    if failure.last_success:
        yield f"last success {_run(failure.last_success)}"


def _role(found: Explanation) -> str:
    if found.version and not found.alert:
        return "made by"
    return "measured by" if found.alert and not found.failure else "run"


def _version(made: Made, good: Made | None) -> Iterator[str]:
    yield f"version      {made.version} of {made.kind} {made.namespace} {made.name}, made {moment(made.made_at)}"
    if good:
        yield f"last good    version {good.version}, made {moment(good.made_at)}{f' by {_run(good.run)}' if good.run else ''}"


def _changed(found: Explanation) -> Iterator[str]:
    if not found.version:
        return
    yield ""
    since = f"version {found.last_good_version.version}" if found.last_good_version else "the version before it"
    yield f"what happened upstream since {since}" + ("" if found.changed else ": nothing that is known")
    for change in found.changed[:SHOWN_CHANGES]:
        values = f"{change.before or '(none)'} -> {change.after or '(none)'}"
        yield f"  {change.what} of {change.job_name}: {values}, {moment(change.event_time)}"
    more = len(found.changed) - SHOWN_CHANGES
    if more > 0:
        yield f"  and {more} more"


def _causes(found: Explanation) -> Iterator[str]:
    if not found.alert or found.failure:
        return
    yield ""
    blamed = [cause for cause in found.causes if cause.confidence != "low"]
    if found.unreported:
        one = found.unreported
        what = {"shift": "a shift", "drift": "a drift", "wild": "a single wild value"}[one.shape]
        yield f"{what} that nobody reported, first seen at {one.job} {moment(one.since)} ({one.probability:.0%})"
    if not found.causes:
        yield "what changed upstream: nothing that is known"
        return
    yield "what changed upstream, most likely cause first" if blamed else "what changed upstream; none of it explains this"
    for number, cause in enumerate(found.causes[:SHOWN_CAUSES], 1):
        yield from _cause(number, cause)
    more = len(found.causes) - SHOWN_CAUSES
    if more > 0:
        yield f"  and {more} more"


def _cause(number: int, cause: Cause) -> Iterator[str]:
    change = cause.change
    yield f"  {number}. {change.what} of {change.job_name}: {change.before or '(none)'} -> {change.after or '(none)'}"
    yield f"     {cause.confidence} confidence ({cause.probability:.0%}), first reached {moment(cause.first_reached)}"
    if cause.confidence == "low":
        yield f"     {cause.evidence[0]}"
        return
    yield f"     through {' > '.join(cause.path)}"
    if cause.run:
        yield f"     in {_run(cause.run)}"
    yield from (f"     {line}" for line in cause.evidence)


def _affected(found: Explanation) -> Iterator[str]:
    if found.affected:
        first, last = moment(found.affected[0]), moment(found.affected[-1])
        yield ""
        yield f"affected     {len(found.affected)} readings, {first} to {last}"
    for contact in found.consumers:
        used = f"used by {contact.consumers}" if contact.consumers else ""
        whose = f"owned by {_contact(contact)}" if contact.owner else ""
        yield f"downstream   {contact.kind} {contact.name}: {', '.join(filter(None, (used, whose)))}"


def _run(run: Run) -> str:
    where = f" on {run.host}" if run.host else ""
    whose = f" for {run.owner}" if run.owner else ""
    by = f" as {run.actor}" if run.actor else ""
    code = f", code {run.code_path} at {run.code_commit[:_SHORT]}" if run.code_commit else ""
    about = f" about {moment(run.nominal_at)}" if run.nominal_at is not None else ""
    return f"{run.job_name} {run.run_id}{about}: {run.state}{where}{by}{whose}{code}"


def _error(run: Run) -> str:
    return ": ".join(filter(None, (run.error_type, run.error_message))) or "it said nothing about why"


def _before(reading: Reading | None) -> str:
    return f"; the last before: {_reading(reading)}" if reading else ""


def _reading(reading: Reading) -> str:
    where = reading.event_time if reading.slot is None else reading.slot
    return f"{reading.value:.6g} at {moment(where)}"


def _contact(contact: Contact) -> str:
    return " ".join(filter(None, (contact.owner, contact.on_call)))


def _dims(dims: dict[str, str]) -> str:
    return f"{{{', '.join(f'{key}={value}' for key, value in sorted(dims.items()))}}}" if dims else ""


def moment(micros: Micros) -> str:
    """A day where it is midnight, as the slots of daily jobs are; else to the second."""
    text = isoformat(micros // 1_000_000 * 1_000_000)
    return text[:10] if micros % DAY == 0 else text
