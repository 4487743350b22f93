"""A shop's pipeline as OpenLineage tells it: namespaces with colons, versions, columns, facets, a run that failed."""

import json
from collections.abc import Iterator
from typing import Any

from leadline.events.records import EdgeObserved, EntityReported, Event, JobDeclared, OpenLineageReceived, RunEvent, RunIo
from leadline.events.records.column import Transformation

from .facts import HOUR, MINUTE, NOON, PRODUCER

SCHEDULER = "airflow://prod:8080"
DATABASE = "postgres://db:5432"
ORDERS, DAILY, LOAD, REPORT = "shop.public.orders:raw", "shop.public.daily", "etl.load", "report/daily"
LOAD_RUN, FIRST_RUN, REPORT_RUN = (
    "01970000-0000-7000-8000-000000000001",
    "01970000-0000-7000-8000-000000000002",
    "01970000-0000-7000-8000-000000000003",
)
SQL = {"_producer": "https://airflow", "_schemaURL": "https://sql", "query": "SELECT 1"}
SCHEMA = {
    "_producer": "https://airflow",
    "_schemaURL": "https://schema",
    "fields": [{"name": "day", "type": "DATE", "description": "local"}, {"name": "total", "type": "NUMERIC"}],
}
STATISTICS = {"_producer": "https://airflow", "_schemaURL": "https://statistics", "rowCount": 7}


def facts() -> Iterator[Event]:
    yield _run(LOAD, FIRST_RUN, "START", NOON, code_commit="aaa", inputs=[_io(ORDERS, "1")], outputs=[_io(DAILY, "1")])
    yield _run(LOAD, FIRST_RUN, "COMPLETE", NOON + MINUTE)
    yield _run(LOAD, LOAD_RUN, "START", NOON + HOUR, code_commit="bbb", inputs=[_io(ORDERS, "1")], outputs=[_io(DAILY, "2")])
    yield _run(LOAD, LOAD_RUN, "COMPLETE", NOON + HOUR + MINUTE)
    yield _run(REPORT, REPORT_RUN, "START", NOON + 2 * HOUR, inputs=[_io(DAILY, "2")], parent="")
    yield _run(REPORT, REPORT_RUN, "FAIL", NOON + 2 * HOUR + MINUTE, parent="", error_message="No such file")
    yield JobDeclared(
        event_id="declared",
        event_time=NOON,
        producer=PRODUCER,
        job_namespace="designs",
        job_name="stream",
        processing_type="STREAMING",
    )
    yield _edge("JOB")
    yield _edge("COLUMN", "amount", "total", [Transformation(type="DIRECT", subtype="AGGREGATION")])
    yield _edge("COLUMN", "placed", "day", [Transformation(type="DIRECT", subtype="TRANSFORMATION")])
    yield _edge("COLUMN", "state", "", [Transformation(type="INDIRECT", subtype="FILTER")])
    yield EntityReported(
        event_id="tags",
        event_time=NOON,
        producer=PRODUCER,
        kind="DATASET",
        namespace=DATABASE,
        name=DAILY,
        aspect="tags",
        values={"pii": "", "tier": "gold"},
    )
    yield _event(LOAD_RUN, "START", NOON + HOUR)
    yield _event(LOAD_RUN, "COMPLETE", NOON + HOUR + MINUTE, day={"schema": SCHEMA})


def _io(name: str, version: str) -> RunIo:
    return RunIo(kind="DATASET", namespace=DATABASE, name=name, version=version)


def _run(name: str, run_id: str, kind: str, at: int, parent: str = "etl", **fields: Any) -> RunEvent:
    return RunEvent(
        event_id=f"{run_id}/{kind}",
        event_time=at,
        producer=PRODUCER,
        source="airflow",
        run_id=run_id,
        job_namespace=SCHEDULER,
        job_name=name,
        event_type=kind,
        parent_job_name=parent,
        parameters={"retries": "1"},
        **fields,
    )


def _edge(granularity: str, source: str = "", target: str = "", how: list[Transformation] | None = None) -> EdgeObserved:
    return EdgeObserved(
        event_id=f"{granularity}/{source}/{target}",
        event_time=NOON,
        producer=PRODUCER,
        granularity=granularity,
        source_kind="DATASET",
        source_namespace=DATABASE,
        source_name=ORDERS,
        source_field=source,
        target_kind="DATASET",
        target_namespace=DATABASE,
        target_name=DAILY,
        target_field=target,
        job_namespace=SCHEDULER,
        job_name=LOAD,
        valid_from=NOON,
        last_seen=NOON + HOUR,
        revision=1,
        transformations=how or [],
    )


def _event(run_id: str, kind: str, at: int, day: dict[str, Any] | None = None) -> OpenLineageReceived:
    body = {
        "eventType": kind,
        "producer": "https://airflow",
        "run": {"runId": run_id, "facets": {"nominalTime": {"nominalStartTime": "2026-11-21T00:00:00Z"}}},
        "job": {"namespace": SCHEDULER, "name": LOAD, "facets": {"sql": SQL}},
        "outputs": [
            {
                "namespace": DATABASE,
                "name": DAILY,
                "facets": {"dataSource": {"name": "shop", "uri": "postgres://db:5432/shop"}, **(day or {})},
                "outputFacets": {"outputStatistics": STATISTICS},
            }
        ],
    }
    return OpenLineageReceived(
        event_id=f"openlineage/{run_id}/{kind}",
        event_time=at,
        producer="https://airflow",
        source="airflow",
        kind="RUN",
        namespace=SCHEDULER,
        name=LOAD,
        run_id=run_id,
        event_type=kind,
        body=json.dumps(body),
    )
