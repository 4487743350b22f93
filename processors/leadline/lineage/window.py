"""Keeps the state of a job bounded: the runs before the window are summed up in Job.past, which changes no answer."""

from msgspec.structs import replace

from .changes import said
from .edges import advance, speaks_of_edges
from .state import Job, Known, Past, Run

_RUNS = 64
_IO = 4096
"""Inputs and outputs of all runs in the window; a job with very many keeps fewer runs, at least four."""
_FEWEST_RUNS = 4


def fold(job: Job) -> Job:
    """The job with its oldest runs summed up. Open ones stay, since their end is still to come; they take no part any more."""
    window = [run for run in job.runs if job.in_window(run)]
    while _too_large(window):
        job = _sum_up(job, window.pop(0))
    runs = _without_surplus(job)
    if runs is job.runs:
        return job
    used = {key for run in runs for key in run.descriptions}
    return replace(job, runs=runs, descriptions={key: job.descriptions[key] for key in job.descriptions if key in used})


def _too_large(window: list[Run]) -> bool:
    if len(window) > _RUNS:
        return True
    return len(window) > _FEWEST_RUNS and sum(len(run.inputs) + len(run.outputs) for run in window) > _IO


def _sum_up(job: Job, run: Run) -> Job:
    known = job.past.known | {category: Known(run.run_id, values) for category, values in said(job, run).items()}
    intervals = job.past.intervals
    if speaks_of_edges(job, run):
        held, _ = advance({interval.edge: interval for interval in intervals}, run)
        intervals = tuple(held.values())
    return replace(job, past=Past(until=run.order, known=known, intervals=intervals))


def _without_surplus(job: Job) -> tuple[Run, ...]:
    """Of the runs outside the window: all open ones and those that just ended, up to as many as the window has."""
    outside = [run for run in job.runs if not job.in_window(run)]
    ended = [run for run in outside if run.ending is not None]
    surplus = {run.run_id for run in ended[:-_FEWEST_RUNS]}
    still = [run for run in outside if run.run_id not in surplus]
    surplus |= {run.run_id for run in still[:-_RUNS]}
    return tuple(run for run in job.runs if run.run_id not in surplus) if surplus else job.runs
