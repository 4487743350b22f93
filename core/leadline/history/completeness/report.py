"""The report as a whole, and as readings of the jobs, so that it can have trends and bounds."""

from collections.abc import Iterator, Sequence

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.clock import DAY
from leadline.events.ids import derived_id
from leadline.events.records import MetricsReported, Reading
from leadline.events.records.event import Micros

from ..watermark import complete_until
from .facts import job_facts
from .judge import JobCompleteness, OwnerCompleteness, by_owner, judge
from .policy import Policy

SHARE = "completeness.share"
MISSING = "completeness.missing"
_PRODUCER = "leadline.completeness/1"


class CompletenessReport(msgspec.Struct, frozen=True):
    """`watermark`: the store had everything up to then; None: nothing is known about that."""

    judged_at: Micros
    watermark: Micros | None
    jobs: list[JobCompleteness]
    owners: list[OwnerCompleteness]

    @property
    def complete(self) -> bool:
        return not any(one.missing for one in self.jobs)


def completeness(client: Client, policy: Policy, now: Micros) -> CompletenessReport:
    watermark = complete_until(client)
    jobs = judge(job_facts(client, now - round(policy.seen_within_days * DAY)), policy, now)
    return CompletenessReport(now, watermark, jobs, by_owner(jobs))


def readings(jobs: Sequence[JobCompleteness], at: Micros) -> Iterator[MetricsReported]:
    """One event for each job: the share that is there, 0 to 1, and for each requirement 1 where it is missing, else 0. Pure."""
    for one in jobs:
        absent = {missing.requirement for missing in one.missing}
        yield MetricsReported(
            event_id=derived_id(_PRODUCER, *msgspec.structs.astuple(one.job), at),
            event_time=at,
            producer=_PRODUCER,
            source="leadline",
            kind=one.job.kind,
            namespace=one.job.namespace,
            name=one.job.name,
            mode="LIVE",
            readings=[
                Reading(metric=SHARE, value=one.share, unit="1"),
                *(
                    Reading(metric=MISSING, value=float(name in absent), unit="1", dims={"requirement": name})
                    for name in one.asked
                ),
            ],
        )
