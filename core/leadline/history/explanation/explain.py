"""The explanation of an alert or a run, from facts alone."""

from collections.abc import Iterable, Sequence

from leadline.core.clock import Micros

from ..node import NodeRef
from .answer import Cause, Explanation, Failure
from .causes import judge
from .facts import Alert, Contact, Facts, LogLine, Reading, Run, RunKey
from .failure import explain_failure
from .reach import Reach
from .series import alert_series, name_of, position

RUN_METRICS = ("run.succeeded",)
"""Metrics of a run itself: their alerts are explained by what the run says."""
LOG_LINES = 12
_LOUD = ("WARNING", "ERROR", "CRITICAL")


def explain(facts: Facts) -> Explanation:
    """Of the alert in the facts, else of their run. The facts alone decide: no clock, no store."""
    reach = Reach(facts.runs, facts.run_io)
    if facts.alert is not None and facts.alert.metric not in RUN_METRICS:
        return _of_metric(facts, facts.alert, reach)
    return _of_run(facts, facts.alert.run if facts.alert else facts.subject, reach)


def _of_metric(facts: Facts, alert: Alert, reach: Reach) -> Explanation:
    measured = sorted((one for one in facts.readings if name_of(one) == alert_series(alert)), key=position)
    verdict = judge(facts, alert, reach)
    shifted = verdict.shifted if verdict else None
    causes = verdict.causes if verdict else []
    culprit = next((cause for cause in causes if cause.confidence != "low"), None)
    since = culprit.first_reached if culprit else shifted
    return Explanation(
        headline=_headline(alert, culprit),
        alert=alert,
        run=reach.runs.get(alert.run),
        contact=_contact(facts.contacts, alert.node),
        last_good=_last(measured, before=alert.opened_slot if alert.opened_slot is not None else alert.opened_at),
        shifted_at=since,
        last_before_shift=_last(measured, before=since),
        causes=causes,
        failure=None,
        upstream_open=facts.episodes,
        affected=[position(one) for one in measured if since is not None and position(one) >= since],
        consumers=_consumers(facts, alert.node),
        logs=_excerpt(facts.logs, culprit.change.run if culprit else alert.run),
        missing=[*facts.missing, *_too_little(verdict is None)],
        watermark=facts.watermark,
    )


def _of_run(facts: Facts, key: RunKey | None, reach: Reach) -> Explanation:
    run = reach.runs.get(key) if key else None
    failure = explain_failure(facts, key, reach) if key else None
    told = failure.root or failure.run if failure else run
    return Explanation(
        headline=_headline_of_run(run, failure),
        alert=facts.alert,
        run=run,
        contact=_contact(facts.contacts, told.job) if told else None,
        last_good=None,
        shifted_at=None,
        last_before_shift=None,
        causes=[],
        failure=failure,
        upstream_open=facts.episodes,
        affected=[],
        consumers=_consumers(facts, run.job) if run else [],
        logs=_excerpt(facts.logs, told.key) if told else [],
        missing=[*facts.missing, *([] if run else ["the run itself: the store does not have it (yet)"])],
        watermark=facts.watermark,
    )


def _headline(alert: Alert, culprit: Cause | None) -> str:
    what = f"{alert.metric} of {alert.name} is {alert.value:.4g}{_limit(alert)}"
    if culprit is None:
        return f"{what}; no change upstream explains it"
    change = culprit.change
    likely = "most likely" if culprit.confidence == "high" else "possibly"
    return f"{what}; {likely} because {change.what} of {change.job_name} changed"


def _limit(alert: Alert) -> str:
    if alert.threshold is None:
        return f" ({alert.condition})" if alert.condition else ""
    return f", {'above' if alert.value > alert.threshold else 'below'} {alert.threshold:.4g}"


def _headline_of_run(run: Run | None, failure: Failure | None) -> str:
    if run is None:
        return "nothing is known of this run"
    if failure is None:
        return f"run {run.run_id} of {run.job_name} did not fail: it is {run.state}"
    said = f"{run.job_name} failed" if run.state == "FAIL" else f"{run.job_name} ended as {run.state}"
    if failure.root is not None:
        return f"{said} because {failure.root.job_name}, upstream of it, failed before: {_error(failure.root)}"
    return f"{said}: {_error(run)}"


def _error(run: Run) -> str:
    return ": ".join(filter(None, (run.error_type, run.error_message))) or "it said nothing about why"


def _contact(contacts: Iterable[Contact], node: NodeRef) -> Contact | None:
    return next((contact for contact in contacts if contact.node == node), None)


def _consumers(facts: Facts, node: NodeRef) -> list[Contact]:
    """The node's own and those of all data downstream of it, nearest first, where somebody is known to use or own it."""
    near = {found.node: found.distance for found in facts.downstream if found.kind != "JOB"} | {node: 0}
    known = [contact for contact in facts.contacts if contact.node in near and (contact.consumers or contact.node != node)]
    return sorted(known, key=lambda contact: (near[contact.node], contact.node))


def _last(measured: Sequence[Reading], before: Micros | None) -> Reading | None:
    earlier = [one for one in measured if before is not None and position(one) < before]
    return earlier[-1] if earlier else None


def _excerpt(logs: Iterable[LogLine], run: RunKey) -> list[LogLine]:
    """The run's last warnings and errors, else its last lines."""
    lines = sorted((line for line in logs if line.run == run), key=lambda line: line.time)
    loud = [line for line in lines if line.level in _LOUD]
    return (loud or lines)[-LOG_LINES:]


def _too_little(nothing: bool) -> list[str]:
    return ["what is usual: there are too few readings of this metric to see a shift"] if nothing else []
