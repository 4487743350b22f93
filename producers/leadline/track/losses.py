"""What a run says of its own gaps: readings of its job, so that a trend or a bound finds them. Pure."""

from collections import Counter

from leadline.events.ids import derived_id
from leadline.events.records import MetricsReported, Reading, RunEvent

DROPPED = "leadline.dropped"


def told(end: RunEvent, lost: Counter[tuple[str, str]]) -> MetricsReported:
    """One reading for each record type and reason. The id is derived from the end's: a retry keeps it."""
    return MetricsReported(
        event_id=derived_id(end.event_id, DROPPED),
        event_time=end.event_time,
        producer=end.producer,
        source=end.source,
        kind="JOB",
        namespace=end.job_namespace,
        name=end.job_name,
        job_namespace=end.job_namespace,
        job_name=end.job_name,
        run_id=end.run_id,
        slot=end.nominal_at,
        mode=end.mode,
        attempt=end.attempt,
        readings=[
            Reading(metric=DROPPED, value=number, dims={"record": record, "reason": reason})
            for (record, reason), number in sorted(lost.items())
        ],
    )
