"""What workers reported, read back from the spool: no Kafka is needed to see that it left them."""

import io
from pathlib import Path
from typing import Any

import fastavro

from leadline.events.schemas import newest, without_logical_types
from leadline.track.segment import Segment, spooled


def workers_environ(folder: Path) -> dict[str, str]:
    away = {"KAFKA": "127.0.0.1:9", "SCHEMA_REGISTRY": "http://127.0.0.1:9"}
    return {**away, "LEADLINE_SPOOL": str(folder / "spool"), "LEADLINE_DATA": str(folder / "data")}


def reported(folder: Path, job: str) -> list[float]:
    """The values of the job, sorted. Files that a living process holds are not seen."""
    schema = fastavro.parse_schema(without_logical_types(newest("MetricsReported")))
    values: list[float] = []
    for path in spooled(folder):
        segment = Segment.adopt(path)
        assert segment is not None, f"{path} is in use"
        for entry in segment.entries():
            if entry.record == "MetricsReported":
                event: Any = fastavro.schemaless_reader(io.BytesIO(entry.body), schema, None)
                values += [reading["value"] for reading in event["readings"] if event["job_name"] == job]
        segment.release()
    return sorted(values)
