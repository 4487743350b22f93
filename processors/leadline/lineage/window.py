"""Keeps the state of a job bounded: the runs before the window are summed up in Job.past, which changes no answer."""

from msgspec.structs import replace

from leadline.core.clock import Micros

from .changes import said
from .edges import summed_up, words
from .state import Job, Known, Past, Run

_RUNS = 64
_KEPT = 48
"""What is left of a window that grew over its bound: summing up is dear, since everything after it is computed anew."""
_IO = 4096
"""Inputs, outputs and columns of all runs in the window; a job with very many keeps fewer runs, at least four."""
_FEWEST_RUNS = 4
_DESIGNS = 16


def fold(job: Job) -> Job:
    """The job with its oldest runs summed up. Open ones stay, since their end is still to come; they take no part any more."""
    window = [run for run in job.runs if job.in_window(run)]
    if _too_large(job, window, _RUNS):
        while _too_large(job, window, _KEPT):
            job = _sum_up(job, window.pop(0).order)
    if len(job.designs) > _DESIGNS:
        job = _sum_up(job, job.designs[-_FEWEST_RUNS - 1].order)
    runs, designs = _without_surplus(job), tuple(filter(job.is_later, job.designs))
    if runs is job.runs and len(designs) == len(job.designs):
        return job
    return _forget(replace(job, runs=runs, designs=designs))


def _forget(job: Job) -> Job:
    """What no run and no definition refers to any more."""
    described = {key for run in job.runs for key in run.descriptions}
    columns = {key for run in job.runs for key in run.columns} | {design.columns for design in job.designs}
    return replace(
        job,
        descriptions={key: value for key, value in job.descriptions.items() if key in described},
        columns=job.columns
        if columns >= job.columns.keys()
        else {key: job.columns[key] for key in job.columns if key in columns},
    )


def _too_large(job: Job, window: list[Run], most: int) -> bool:
    if len(window) > most:
        return True
    return len(window) > _FEWEST_RUNS and sum(_size(job, run) for run in window) > _IO


def _size(job: Job, run: Run) -> int:
    return len(run.inputs) + len(run.outputs) + sum(len(job.columns[key]) for key in run.columns)


def _sum_up(job: Job, until: tuple[Micros, str]) -> Job:
    """All runs and definitions up to the one with that place in the order."""
    old = [run for run in job.runs if job.in_window(run) and run.order <= until]
    known = {category: Known(run.run_id, values) for run in old for category, values in said(job, run).items()}
    these = replace(job, runs=tuple(old), designs=tuple(design for design in job.designs if design.order <= until))
    intervals = summed_up(job.past.intervals, words(these))
    return replace(job, past=Past(until=until, known=job.past.known | known, intervals=intervals))


def _without_surplus(job: Job) -> tuple[Run, ...]:
    """Of the runs outside the window: all open ones and those that just ended, up to as many as the window has."""
    outside = [run for run in job.runs if not job.in_window(run)]
    ended = [run for run in outside if run.ending is not None]
    surplus = {run.run_id for run in ended[:-_FEWEST_RUNS]}
    still = [run for run in outside if run.run_id not in surplus]
    surplus |= {run.run_id for run in still[:-_RUNS]}
    return tuple(run for run in job.runs if run.run_id not in surplus) if surplus else job.runs
