"""When a run without end is LOST.

Judged by recorded_at, the broker's clock: the clocks of the machines that run jobs differ.
"""

from leadline.core.clock import SECOND, Micros

from .state import Job, Run

_HEARTBEATS_MISSED = 3
_AT_LEAST: Micros = 600 * SECOND


def lost_at(job: Job, run: Run) -> Micros | None:
    """When the run is LOST unless it is heard of before; None for a run that ended or is LOST already.

    The earlier of its deadline and of three missed heartbeats; without either, twice the job's longest run (at least
    10 minutes) after its last event, unless it is a stream or a service, which ends by neither. Nor one that was first
    heard of late: it may have ended long ago, and only its start was sent again.
    """
    if run.endings or run.declared_lost or run.late:
        return None
    promised = []
    if run.deadline_at is not None:
        promised.append(run.deadline_at)
    if run.heartbeat_seconds is not None:
        promised.append(run.last_recorded_at + round(_HEARTBEATS_MISSED * run.heartbeat_seconds * SECOND))
    if run.endless and not promised:
        return None
    return min(promised, default=run.last_recorded_at + max(2 * job.longest, _AT_LEAST))


def deadline(job: Job) -> Micros | None:
    """When a tick must look at the job again."""
    return min(filter(None, (lost_at(job, run) for run in job.runs)), default=None)
