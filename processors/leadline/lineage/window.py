"""Keeps the state of a job bounded: the runs before the window are summed up in Job.past, which changes no answer."""

import functools

from msgspec.structs import replace

from .changes import said
from .edges import summed_up, words
from .same import Same
from .state import Columns, Design, Job, Known, Run

_RUNS = 64
_KEPT = 48
"""What is left of a window that grew over its bound: summing up is dear, since everything after it is computed anew."""
_IO = 4096
"""Inputs, outputs and columns of all runs in the window; a job with very many keeps fewer runs, at least four."""
_FEWEST_RUNS = 4
_DESIGNS = 16


def fold(job: Job) -> Job:
    """The job with its oldest runs summed up. Open ones stay, since their end is still to come, but are compared no more."""
    window = [run for run in job.runs if job.in_window(run)]
    if _too_large(job, window, _RUNS):
        while _too_large(job, window, _KEPT):
            job = _sum_up(job, window.pop(0))
    runs = _without_surplus(job)
    designs = job.designs if len(job.designs) <= _DESIGNS else job.designs[-_FEWEST_RUNS:]
    if runs is job.runs and designs is job.designs:
        return job
    return _forget(replace(_fold_words(job, runs, designs), runs=runs, designs=designs))


def _fold_words(job: Job, runs: tuple[Run, ...], designs: tuple[Design, ...]) -> Job:
    """Up to the newest word of those that are left out."""
    gone = replace(job, runs=tuple(run for run in job.runs if run not in runs), designs=job.designs[: -len(designs) or None])
    if designs == job.designs:
        gone = replace(gone, designs=())
    newest = max((word.order for word in words(gone)), default=None)
    if newest is None:
        return job
    old = [word for word in words(job) if word.order <= newest]
    past = replace(job.past, intervals=summed_up(job.past.intervals, old), words_until=newest)
    return replace(job, past=past)


def _forget(job: Job) -> Job:
    """What no run and no definition refers to any more."""
    described = {key for run in job.runs for key in run.descriptions}
    columns = {key for run in job.runs for said in run.said.values() for key in said.columns}
    columns |= {design.columns for design in job.designs}
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
    columns = Same(job.columns)
    return len(window) > _FEWEST_RUNS and sum(_size(Same(run), columns) for run in window) > _IO


@functools.lru_cache(maxsize=4096)
def _size(run: Same[Run], columns: Same[dict[str, Columns]]) -> int:
    said = run.thing.said.values()
    return sum(len(one.inputs) + len(one.outputs) + sum(len(columns.thing[key]) for key in one.columns) for one in said)


def _sum_up(job: Job, run: Run) -> Job:
    """For the comparison of the runs after it."""
    known = job.past.known | {category: Known(run.run_id, values) for category, values in said(job, run).items()}
    return replace(job, past=replace(job.past, until=run.order, known=known))


def _without_surplus(job: Job) -> tuple[Run, ...]:
    """Of the runs outside the window: all open ones and those that just ended, up to as many as the window has."""
    outside = [run for run in job.runs if not job.in_window(run)]
    ended = [run for run in outside if run.ending is not None]
    surplus = {run.run_id for run in ended[:-_FEWEST_RUNS]}
    still = [run for run in outside if run.run_id not in surplus]
    surplus |= {run.run_id for run in still[:-_RUNS]}
    return tuple(run for run in job.runs if run.run_id not in surplus) if surplus else job.runs
