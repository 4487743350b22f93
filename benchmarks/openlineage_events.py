"""OpenLineage's events of a given size, as an integration sends them: schemas and columns make most of it."""

import json
import uuid
from collections.abc import Callable
from typing import Any

_PRODUCER = "https://github.com/OpenLineage/OpenLineage/tree/1.54.0/integration/spark"
_SCHEMA = "https://openlineage.io/spec/facets/"
_RUN, _JOB = "RUN-ID-OF-THE-EVENT", "JOB-OF-THE-EVENT"
JOBS = 200


def maker(size: int) -> Callable[[int], bytes]:
    """Of `size` bytes, nearly. Each number is a run of its own; runs share 200 jobs."""
    columns = 1
    while len(_template(columns + 1)) <= size:
        columns += 1
    template = _template(columns)

    def make(number: int) -> bytes:
        job = f"bench.step_{number % JOBS}"
        return template.replace(_RUN, str(uuid.UUID(int=number))).replace(_JOB, job).encode()

    return make


def _template(columns: int) -> str:
    orders = {"namespace": "postgres://db.example.com:5432", "name": f"shop.public.orders_{_JOB}"}
    schema = _facet("1-2-0/SchemaDatasetFacet.json", fields=[{"name": f"c_{n}", "type": "double"} for n in range(columns)])
    made_of = {f"c_{n}": _made_of(n, orders) for n in range(columns)}
    facets = {"schema": schema, "columnLineage": _facet("1-2-0/ColumnLineageDatasetFacet.json", fields=made_of)}
    return json.dumps(
        {
            "eventType": "COMPLETE",
            "eventTime": "2026-11-27T08:30:00.000Z",
            "producer": _PRODUCER,
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": _RUN, "facets": {"processing_engine": _facet("1-1-1/P.json", name="spark", version="3.5.9")}},
            "job": {"namespace": "bench", "name": _JOB, "facets": {"jobType": _job_type()}},
            "inputs": [{**orders, "facets": {"schema": schema}}, {"namespace": "s3://lake", "name": "customers"}],
            "outputs": [{"namespace": "s3://lake", "name": f"features/{_JOB}", "facets": facets}],
        },
        separators=(",", ":"),
    )


def _made_of(number: int, source: dict[str, str]) -> dict[str, Any]:
    how = [{"type": "DIRECT", "subtype": "IDENTITY", "description": "", "masking": False}]
    return {"inputFields": [{**source, "field": f"c_{number}", "transformations": how}]}


def _job_type() -> dict[str, Any]:
    return _facet("2-0-3/JobTypeJobFacet.json", processingType="BATCH", integration="SPARK", jobType="SQL_JOB")


def _facet(schema: str, **fields: Any) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": _SCHEMA + schema, **fields}
