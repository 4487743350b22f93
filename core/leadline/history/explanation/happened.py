"""What happened upstream: what runs have changed, runs that failed, inputs that were late, what people decided."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from leadline.core.clock import DAY, HOUR, Micros

from ..node import NodeRef
from .facts import FAILED, Change, Decision, Facts, Run
from .reach import Reach

RUN_FAILED, INPUT_LATE, DECISION = "run.failed", "input_late", "decision"
REMEMBERED = 10
"""Runs before, of which the latest input tells how late is usual."""
MIN_REMEMBERED = 3


def happened(facts: Facts, reach: Reach) -> list[Change]:
    """All of it as changes of jobs, which is how they are judged."""
    return [
        *_sources_paired(facts.changes),
        *_failures(facts.runs),
        *_late_inputs(facts.runs, reach),
        *_decisions(facts.decisions, reach),
    ]


def _sources_paired(changes: Iterable[Change]) -> Iterator[Change]:
    """An input that is gone and the one that came with the same run are one change."""
    inputs: dict[object, list[Change]] = defaultdict(list)
    for change in changes:
        if change.what == "input":
            inputs[change.run].append(change)
        else:
            yield change
    for found in inputs.values():
        gone, new = [one for one in found if not one.after], [one for one in found if one.after]
        if len(gone) == len(new) == 1:
            yield msgspec.structs.replace(new[0], before=gone[0].before)
        else:
            yield from found


def _by_job(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Of each job in the order of their start."""
    found: dict[NodeRef, list[Run]] = defaultdict(list)
    for run in runs:
        found[run.job].append(run)
    for mine in found.values():
        yield sorted(mine, key=lambda run: (run.started_at or 0, run.run_id))


def _failures(runs: Iterable[Run]) -> Iterator[Change]:
    """The first of several in a row; none where a later try of the same slot succeeded."""
    for mine in _by_job(runs):
        done = {run.nominal_at for run in mine if run.state == "COMPLETE" and run.nominal_at is not None}
        failed_before = False
        for run in mine:
            failed = run.state in FAILED and run.nominal_at not in done
            if failed and not failed_before:
                said = ": ".join(filter(None, (run.state, run.error_type, run.error_message)))
                yield _change(run, RUN_FAILED, "COMPLETE", said)
            if failed or run.state == "COMPLETE":
                failed_before = failed


def _late_inputs(runs: Iterable[Run], reach: Reach) -> Iterator[Change]:
    """Where a run read what was made for an earlier slot than any run shortly before it did."""
    for mine in _by_job(runs):
        lags: dict[NodeRef, list[Micros]] = defaultdict(list)
        late: set[NodeRef] = set()
        for run in mine:
            for node, lag in _lags(run, reach).items():
                usual = lags[node][-REMEMBERED:]
                if len(usual) >= MIN_REMEMBERED and lag > max(usual):
                    if node not in late:
                        before, after = _duration(statistics.median(usual)), _duration(lag)
                        yield msgspec.structs.replace(_change(run, INPUT_LATE, before, after), subject=str(node))
                    late.add(node)
                else:
                    late.discard(node)
                lags[node].append(lag)


def _lags(run: Run, reach: Reach) -> dict[NodeRef, Micros]:
    """How much earlier the slot was that each input was made for; without those that a failed maker explains."""
    found: dict[NodeRef, Micros] = {}
    for node, version in reach.inputs(run.key) if run.nominal_at is not None else ():
        maker = reach.runs.get(reach.maker(node, version) or run.key)
        if maker is None or maker.key == run.key or maker.nominal_at is None or run.nominal_at is None:
            continue
        if not reach.failed_between(maker, run):
            found[node] = max(found.get(node, 0), run.nominal_at - maker.nominal_at)
    return found


def _decisions(decisions: Sequence[Decision], reach: Reach) -> Iterator[Change]:
    """Of the job that carried it out, else of those that write the node."""
    for one in decisions:
        given = NodeRef("JOB", one.job_namespace, one.job_name)
        for job in [given] if one.job_name else reach.writers(one.node):
            yield Change(
                what=f"{DECISION}.{one.action}",
                before="",
                after=" ".join(filter(None, (one.version, f"by {one.actor}" if one.actor else "", one.reason))),
                job_namespace=job.namespace,
                job_name=job.name,
                run_id=one.run_id,
                event_time=one.event_time,
                subject=str(one.node),
                actor=one.actor,
            )


def _change(run: Run, what: str, before: str, after: str) -> Change:
    return Change(
        what=what,
        before=before,
        after=after,
        job_namespace=run.job_namespace,
        job_name=run.job_name,
        run_id=run.run_id,
        event_time=run.started_at or run.ended_at or 0,
        actor=run.actor,
        mode=run.mode,
        slot=run.nominal_at,
    )


def _duration(micros: float) -> str:
    days, hours = divmod(round(micros) // HOUR, DAY // HOUR)
    return " ".join(filter(None, (f"{days} d" if days else "", f"{hours} h" if hours else ""))) or "0 h"
