"""Events put into the store through the sink's inlets, without Kafka: for tests of what reads."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clickhouse_connect.driver.client import Client

from leadline.core.clock import Micros, isoformat
from leadline.core.settings import Settings
from leadline.events.records import (
    Alert,
    ChangeDetected,
    EdgeObserved,
    EntityReported,
    Event,
    LogLine,
    LogsReported,
    MetricsReported,
    Reading,
    RunEvent,
    RunIo,
)
from leadline.history.connection import connect
from leadline.history.document import document
from leadline.local import Stack
from tests.conftest import free_port_base

NOON: Micros = 1_795_262_400_000_000
MINUTE: Micros = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PRODUCER = "tests/1"
JOBS = "airflow://prod"


@contextmanager
def running_store(data: Path) -> Iterator[Settings]:
    """The local stack's store alone, migrated and empty."""
    with Stack(data, port_base=free_port_base(), only=("store",)) as settings:
        yield settings


def put(settings: Settings, events: Iterable[Event], recorded_at: Micros = NOON) -> None:
    """Inserts the events as the sink would have."""
    client = connect(settings)
    try:
        for event in events:
            _put(client, event, recorded_at)
    finally:
        client.close()


def _put(client: Client, event: Event, recorded_at: Micros) -> None:
    row = {"_partition": 0, "_offset": 0, "recorded_at": isoformat(recorded_at), **document(event)}
    client.raw_insert(
        f"leadline_internal.in_{type(event).__name__}",
        insert_block=json.dumps(row).encode(),
        fmt="JSONEachRow",
        settings={"date_time_input_format": "best_effort"},
    )


def run_event(job: str, run_id: str, kind: str, at: Micros, **fields: object) -> RunEvent:
    return RunEvent(
        event_id=f"{job}/{run_id}/{kind}/{at}",
        event_time=at,
        producer=PRODUCER,
        source="airflow",
        run_id=run_id,
        job_namespace=JOBS,
        job_name=job,
        event_type=kind,
        **fields,  # type: ignore[arg-type]
    )


def io(name: str, kind: str = "DATASET", namespace: str = "s3://lake", version: str = "") -> RunIo:
    return RunIo(kind=kind, namespace=namespace, name=name, version=version)


def edge(source: str, target: str, job: str, valid_from: Micros, valid_to: Micros | None = None) -> EdgeObserved:
    return EdgeObserved(
        event_id=f"{source}>{target}/{job}/{valid_from}",
        event_time=valid_from,
        producer=PRODUCER,
        granularity="JOB",
        source_kind="DATASET",
        source_namespace="s3://lake",
        source_name=source,
        target_kind="DATASET",
        target_namespace="s3://lake",
        target_name=target,
        job_namespace=JOBS,
        job_name=job,
        valid_from=valid_from,
        valid_to=valid_to,
        last_seen=valid_from,
        revision=1,
    )


def metrics(name: str, at: Micros, *readings: Reading, kind: str = "DATASET", **fields: object) -> MetricsReported:
    return MetricsReported(
        event_id=f"{name}/{at}/{readings[0].metric}",
        event_time=at,
        producer=PRODUCER,
        kind=kind,
        namespace="s3://lake",
        name=name,
        readings=list(readings),
        **fields,  # type: ignore[arg-type]
    )


def log_lines(job: str, run_id: str, *lines: tuple[str, str], at: Micros = NOON) -> LogsReported:
    return LogsReported(
        event_id=f"{job}/{run_id}/logs",
        event_time=at,
        producer=PRODUCER,
        run_id=run_id,
        job_namespace=JOBS,
        job_name=job,
        lines=[
            LogLine(time=at + number, level=level, logger="root", message=message)
            for number, (level, message) in enumerate(lines)
        ],
    )


def owner(kind: str, namespace: str, name: str, team: str, on_call: str = "") -> EntityReported:
    return EntityReported(
        event_id=f"{kind}/{namespace}/{name}/owner",
        event_time=NOON,
        producer=PRODUCER,
        kind=kind,
        namespace=namespace,
        name=name,
        aspect="ownership",
        values={"owner": team, "on_call": on_call},
    )


def change(job: str, what: str, before: str, after: str, at: Micros, *, run_id: str = "r") -> ChangeDetected:
    return ChangeDetected(
        event_id=f"{job}/{what}/{at}",
        event_time=at,
        producer=PRODUCER,
        kind="JOB",
        namespace=JOBS,
        name=job,
        what=what,
        before=before,
        after=after,
        job_namespace=JOBS,
        job_name=job,
        run_id=run_id,
        previous_run_id="",
        revision=1,
    )


def alert(alert_id: str, episode_id: str, step: str, at: Micros, ordinal: int = 1, **fields: object) -> Alert:
    given = {"severity": "error", "name": "predictions", "owner": "ml-team", "value": 0.3} | fields
    return Alert(
        event_id=alert_id,
        event_time=at,
        producer=PRODUCER,
        episode_id=episode_id,
        series="s-1",
        bound_id="score/mean",
        bound_version=1,
        bound_origin="CODE",
        transition=step,
        ordinal=ordinal,
        kind="DATASET",
        namespace="s3://lake",
        metric="mean",
        opened_at=NOON,
        condition="error above 0.25",
        **given,  # type: ignore[arg-type]
    )
