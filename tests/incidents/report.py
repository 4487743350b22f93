"""An incident as its jobs would have reported it: runs with code, parameters, packages and data, readings with bounds."""

from collections import defaultdict
from collections.abc import Iterator

from leadline.core.clock import DAY, HOUR, SECOND, Micros
from leadline.events.ids import derived_id, digest
from leadline.events.records import (
    BoundSpec,
    DecisionRecorded,
    EntityReported,
    Event,
    MetricsReported,
    Reading,
    RunEvent,
    RunIo,
)

from .happenings import Happening
from .incident import DAYS, Incident, maker_day
from .pipelines import LAYERS, Job

START: Micros = 1_780_272_000_000_000
"""2026-06-01."""
MINUTE = 60 * SECOND
PRODUCER = "incidents/1"
LAKE = "s3://lake"
_LAYERS = list(LAYERS)


def namespace(incident: Incident) -> str:
    return f"airflow://seed-{incident.seed}-{'cause' if incident.cause else 'none'}"


def lake(incident: Incident) -> str:
    return f"{LAKE}-{incident.seed}-{'cause' if incident.cause else 'none'}"


def starts(job: Job, day: int) -> Micros:
    return START + day * DAY + 2 * HOUR + _LAYERS.index(job.layer) * 30 * MINUTE + int(job.name.split("-")[1]) * MINUTE


def data_kind(job: Job) -> str:
    return "MODEL" if job.layer == "training" else "DATASET"


def run_id(job: Job, day: int) -> str:
    return derived_id("incident-run", job.name, day)


def events(incident: Incident) -> list[Event]:
    """In the order of their times."""
    reporter = _Reporter(incident)
    return sorted(reporter.all(), key=lambda event: event.event_time)


class _Reporter:
    """What each job says on each day."""

    def __init__(self, incident: Incident) -> None:
        self._incident = incident
        self._at: dict[str, list[Happening]] = defaultdict(list)
        for one in sorted(incident.happenings, key=lambda one: one.day):
            self._at[one.job].append(one)
        self._failed = {
            name: frozenset(day for one in found if one.kind == "failed" for day in range(one.day, one.day + one.days))
            for name, found in self._at.items()
        }
        self._jobs, self._lake = namespace(incident), lake(incident)

    def all(self) -> Iterator[Event]:
        for job in self._incident.pipeline.values():
            yield self._owner(job, 0, "")
            for day in range(0, DAYS, job.period):
                yield from self._run(job, day)
            for day in range(DAYS):
                yield from self._others(job, day)
            if job.metrics:
                for day in range(0, DAYS, job.period):
                    if day not in self._failures(job):
                        yield self._measured(job, day)

    def _failures(self, job: Job) -> frozenset[int]:
        return self._failed.get(job.name, frozenset())

    def _since(self, job: Job, day: int, *kinds: str) -> list[Happening]:
        return [one for one in self._at[job.name] if one.kind in kinds and one.day <= day < one.day + one.days]

    def _run(self, job: Job, day: int) -> Iterator[Event]:
        at, fails = starts(job, day), day in self._failures(job)
        commits = self._since(job, day, "code")
        yield self._event(
            job,
            day,
            "START",
            at,
            code_repository="git@example.org:team/pipeline.git",
            code_commit=digest(job.name, *(one.day for one in commits)) * 2,
            code_path=f"jobs/{job.name}.py",
            engine=f"airflow/2.{9 + len(self._since(job, day, 'engine'))}",
            parameters=self._parameters(job, day),
            packages=self._packages(job, day),
            host=f"worker-{(day * 7 + len(job.name)) % 4}",
        )
        if fails:
            yield self._event(job, day, "FAIL", at + 5 * MINUTE, error_type="RuntimeError", error_message="no answer")
        else:
            reads, made = self._inputs(job, day), [self._output(job, day)]
            yield self._event(job, day, "COMPLETE", at + 20 * MINUTE, inputs=reads, outputs=made)

    def _parameters(self, job: Job, day: int) -> dict[str, str]:
        values = {"threshold": 5, "window": 7, "min_count": 10, "scale": 1, "day": 0}
        for one in self._since(job, day, "parameter"):
            values[one.subject] += 1
        del values["day"]
        return {name: str(value) for name, value in values.items()}

    def _packages(self, job: Job, day: int) -> dict[str, str]:
        minors = {"numpy": 0, "pandas": 1, "scikit-learn": 4, "pyarrow": 7}
        for one in self._since(job, day, "package"):
            minors[one.subject] += 1
        return {name: f"2.{minor}.0" for name, minor in minors.items()}

    def _inputs(self, job: Job, day: int) -> list[RunIo]:
        sources = {one.subject for one in self._since(job, day, "source")}
        late = {one.subject: one.size for one in self._since(job, day, "late")}
        if not job.reads:
            return [RunIo(kind="DATASET", namespace=self._lake, name=f"raw/{job.name}{'/mirror' if sources else ''}")]
        found = []
        for read in job.reads:
            maker = self._incident.pipeline[read]
            if read in sources:
                found.append(RunIo(kind="DATASET", namespace=self._lake, name=f"backup/{read}"))
                continue
            made_on = maker_day(maker, day - late.get(read, 0), self._failures(maker))
            if made_on is not None:
                found.append(self._output(maker, made_on))
        return found

    def _output(self, job: Job, day: int) -> RunIo:
        schemas = self._since(job, day, "schema")
        return RunIo(
            kind=data_kind(job),
            namespace=self._lake,
            name=job.name,
            version=digest(job.name, day),
            schema_version=digest("schema", job.name, *(one.day for one in schemas)),
        )

    def _others(self, job: Job, day: int) -> Iterator[Event]:
        for one in self._at[job.name]:
            if one.day == day and one.kind == "owner":
                yield self._owner(job, starts(job, day) - HOUR, "new-")
            if one.day == day and one.kind == "decision":
                yield DecisionRecorded(
                    event_id=derived_id("incident-decision", self._jobs, job.name, day),
                    event_time=starts(job, day) - HOUR // 2,
                    producer=PRODUCER,
                    kind=data_kind(job),
                    namespace=self._lake,
                    name=job.name,
                    action=one.subject,
                    actor="sam",
                    reason="by hand",
                )

    def _owner(self, job: Job, at: Micros, prefix: str) -> Event:
        return EntityReported(
            event_id=derived_id("incident-owner", self._jobs, job.name, at),
            event_time=at or START,
            producer=PRODUCER,
            kind=data_kind(job),
            namespace=self._lake,
            name=job.name,
            aspect="ownership",
            values={"owner": f"{prefix}{job.layer}-team"},
        )

    def _measured(self, job: Job, day: int) -> Event:
        low, high = self._incident.bounds.get(job.name, (None, None))
        first = job.metrics[0].name
        spec = BoundSpec(bound_id=f"{job.name}/{first}", metric=first, error_lower=low, error_upper=high)
        return MetricsReported(
            event_id=derived_id("incident-metrics", self._jobs, job.name, day),
            event_time=starts(job, day) + 15 * MINUTE,
            producer=PRODUCER,
            kind=data_kind(job),
            namespace=self._lake,
            name=job.name,
            version=digest(job.name, day),
            job_namespace=self._jobs,
            job_name=job.name,
            run_id=run_id(job, day),
            slot=START + day * DAY,
            mode="LIVE",
            readings=[
                Reading(metric=metric.name, value=value)
                for metric, value in zip(job.metrics, self._incident.values[job.name][day], strict=True)
            ],
            bounds=[spec] if low is not None and day >= 35 else [],
        )

    def _event(self, job: Job, day: int, kind: str, at: Micros, **fields: object) -> Event:
        return RunEvent(
            event_id=derived_id("incident-event", self._jobs, job.name, day, kind),
            event_time=at,
            producer=PRODUCER,
            source="airflow",
            run_id=run_id(job, day),
            job_namespace=self._jobs,
            job_name=job.name,
            event_type=kind,
            nominal_at=START + day * DAY,
            mode="LIVE",
            **fields,  # type: ignore[arg-type]
        )
