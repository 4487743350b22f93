"""How long one event of OpenLineage takes from bytes to Leadline's events, beside reading its JSON alone.

`python -m benchmarks.openlineage_mapping [--rounds 7] [--events 500]`. Events differ in what differs between
runs: ids, times and numbers. Budget: 100 µs for an event of 4 KB.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from leadline.adapters.openlineage import check, decode, to_events

from .machine import describe

_PRODUCER = "https://github.com/OpenLineage/OpenLineage/tree/1.54.0/integration/spark"


def facet(name: str, /, **fields: Any) -> dict[str, Any]:
    return {
        "_producer": _PRODUCER,
        "_schemaURL": f"https://openlineage.io/spec/facets/1-0-0/{name}.json#/$defs/{name}",
        **fields,
    }


def table(name: str, columns: int, **fields: Any) -> dict[str, Any]:
    schema = facet("SchemaDatasetFacet", fields=[{"name": f"column_{number}", "type": "long"} for number in range(columns)])
    return {"namespace": "s3://lake", "name": name, "facets": {"schema": schema}, **fields}


def event(number: int, columns: int) -> bytes:
    """A Spark job that reads one table and writes another."""
    source = {"namespace": "s3://lake", "name": "orders", "transformations": [{"type": "DIRECT", "subtype": "IDENTITY"}]}
    lineage = {f"column_{at}": {"inputFields": [{**source, "field": f"column_{at}"}]} for at in range(columns)}
    output = table("totals", columns)
    output["facets"]["columnLineage"] = facet("ColumnLineageDatasetFacet", fields=lineage)
    output["outputFacets"] = {"outputStatistics": facet("OutputStatisticsOutputDatasetFacet", rowCount=number, size=9 * number)}
    parent = {"run": {"runId": f"01a1fbc6-c379-7072-9602-{number // 10:012x}"}, "job": {"namespace": "spark", "name": "shop"}}
    return json.dumps(
        {
            "eventTime": f"2026-11-21T08:{number // 60 % 60:02}:{number % 60:02}.{number % 1_000_000:06}Z",
            "eventType": "COMPLETE",
            "producer": _PRODUCER,
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {
                "runId": f"01a1fbc6-c379-7626-b419-{number:012x}",
                "facets": {
                    "parent": facet("ParentRunFacet", **parent),
                    "processing_engine": facet("ProcessingEngineRunFacet", name="spark", version="3.5.9"),
                    "spark_properties": facet("RunFacet", properties={"spark.master": "local[1]", "spark.app.name": "shop"}),
                },
            },
            "job": {
                "namespace": "spark",
                "name": "shop.totals",
                "facets": {
                    "jobType": facet("JobTypeJobFacet", processingType="BATCH", integration="SPARK", jobType="SQL_JOB"),
                    "ownership": facet("OwnershipJobFacet", owners=[{"name": "team:shop"}]),
                },
            },
            "inputs": [table("orders", columns)],
            "outputs": [output],
        }
    ).encode()


def map_all(bodies: list[bytes]) -> int:
    made = 0
    for body in bodies:
        document = decode(body)
        warnings = check(document)
        assert isinstance(document, dict)
        made += len(to_events(document, warnings))
    return made


def read_all(bodies: list[bytes]) -> None:
    for body in bodies:
        json.loads(body)


def microseconds(work: Callable[[list[bytes]], object], bodies: list[bytes]) -> float:
    """Of the processor, for one event: the machine may have other work."""
    began = time.process_time()
    work(bodies)
    return (time.process_time() - began) / len(bodies) * 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--events", type=int, default=500)
    arguments = parser.parse_args()
    sys.stdout.write(
        f"{describe()}\n{'':>8} {'KB':>6} {'made':>5} {'µs best':>8} {'median':>8} {'events/s':>9} {'x json':>7}\n"
    )
    for name, columns in (("4 KB", 6), ("64 KB", 270)):
        rounds, alone = list[float](), list[float]()
        for turn in range(arguments.rounds):
            bodies = [event(turn * arguments.events + number, columns) for number in range(arguments.events)]
            alone.append(microseconds(read_all, bodies))
            rounds.append(microseconds(map_all, bodies))
        size, made = len(bodies[0]) / 1024, map_all(bodies[:1])
        best, ratio = min(rounds), statistics.median(ours / theirs for ours, theirs in zip(rounds, alone, strict=True))
        sys.stdout.write(
            f"{name:>8} {size:6.1f} {made:5} {best:8.0f} {statistics.median(rounds):8.0f} {1e6 / best:9,.0f} {ratio:7.1f}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
