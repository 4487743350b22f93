"""Lineage of depth 4 over 1,000,000 edges: `python -m benchmarks.lineage_query`. Starts a store of its own.

Wide: 200,000 datasets, each made from five others by a job of its own; run_io has one run of each job (1,200,000 rows).
Narrow (`--parents 2`): 500,000 datasets, each made from two others. Asked up and down from random datasets: every walk, and
what enrichment asks about one transition.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from clickhouse_connect.driver.client import Client

from leadline.enrichment.gather import gather
from leadline.enrichment.readers import Readers
from leadline.events.records import Transition
from leadline.history.connection import connect, connect_reader
from leadline.history.lineage import walk
from leadline.history.node import NodeRef
from leadline.local import Stack

from .machine import describe

Subject = TypeVar("Subject")

EDGES, PARENTS, BLOCK = 1_000_000, 5, 10_000
NOON = 1_795_262_400_000_000

# From datasets of a lower number, so that there is no cycle; the lowest have no parents of their own.
_EDGES = """
SELECT 'JOB' AS granularity, 'DATASET' AS source_kind, 's3://lake' AS source_namespace,
    concat('data/', toString(cityHash64(number, p) % greatest(number, 1))) AS source_name, 'DATASET' AS target_kind,
    's3://lake' AS target_namespace, concat('data/', toString(number)) AS target_name, 'airflow://prod' AS job_namespace,
    concat('job-', toString(number)) AS job_name, fromUnixTimestamp64Micro({now:Int64}, 'UTC') AS valid_from,
    valid_from AS last_seen, 1 AS revision, valid_from AS recorded_at
FROM numbers({first:UInt64}, {datasets:UInt64}) ARRAY JOIN range({parents:UInt64}) AS p
"""
_COLUMNS = (
    "granularity, source_kind, source_namespace, source_name, target_kind, target_namespace, target_name, job_namespace, "
    "job_name, valid_from, last_seen, revision, recorded_at"
)
_IO = """
SELECT 'airflow://prod' AS job_namespace, concat('job-', toString(number)) AS job_name,
    concat('run-', toString(number)) AS run_id, if(p = 0, 'OUTPUT', 'INPUT') AS direction, 'DATASET' AS kind,
    's3://lake' AS namespace,
    concat('data/', toString(if(p = 0, number, cityHash64(number, p - 1) % greatest(number, 1)))) AS name, 'v1' AS version,
    fromUnixTimestamp64Micro({now:Int64}, 'UTC') AS event_time, event_time AS first_seen, event_time AS last_seen,
    event_time AS recorded_at
FROM numbers({first:UInt64}, {datasets:UInt64}) ARRAY JOIN range({parents:UInt64} + 1) AS p
"""
_IO_COLUMNS = {
    "run_io": "job_namespace, job_name, run_id, direction, kind, namespace, name, version, event_time, recorded_at",
    "job_io": "kind, namespace, name, direction, job_namespace, job_name, first_seen, last_seen, recorded_at",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--walks", type=int, default=200)
    parser.add_argument("--parents", type=int, default=PARENTS)
    parser.add_argument("--port-base", type=int, default=20_640)
    arguments = parser.parse_args()
    sys.stdout.write(describe() + "\n")
    with tempfile.TemporaryDirectory() as data, Stack(Path(data), port_base=arguments.port_base, only=("store",)) as settings:
        load(connect(settings), arguments.parents)
        client = connect_reader(settings)
        datasets = EDGES // arguments.parents
        names = [f"data/{number}" for number in random.Random(7).sample(range(datasets // 2, datasets), arguments.walks)]
        nodes = [NodeRef("DATASET", "s3://lake", name) for name in names]
        sizes = [len(walk(client, node, "up", depth=4).nodes) for node in nodes[:10]]
        sys.stdout.write(f"{'nodes and jobs reached, up, median':40} {statistics.median(sizes):,.0f}\n")
        report("lineage up, depth 4, ms", nodes, lambda node: walk(client, node, "up", depth=4))
        report("lineage down, depth 4, ms", nodes, lambda node: walk(client, node, "down", depth=4))
        with closing(Readers(settings)) as readers:
            report("all that enrichment asks, ms", nodes[:50], lambda node: gather(readers, [_transition(node)]))
    return 0


def load(store: Client, parents: int = PARENTS) -> None:
    """A million edges, and one run of each job."""
    for first in range(0, EDGES // parents, BLOCK):
        size = {"first": first, "datasets": BLOCK, "parents": parents, "now": NOON}
        for table in ("edges_by_source", "edges_by_target"):
            store.command(f"INSERT INTO leadline_internal.{table} ({_COLUMNS}) {_EDGES}", parameters=size)
        for table, columns in _IO_COLUMNS.items():
            store.command(f"INSERT INTO leadline_internal.{table} ({columns}) SELECT {columns} FROM ({_IO})", parameters=size)
        wait_for_merges(store)
    edges = store.query("SELECT count() FROM leadline.lineage_edges").result_rows[0][0]
    sys.stdout.write(f"{'edges':40} {edges:,}\n")


def wait_for_merges(store: Client) -> None:
    """The local store's memory does not hold a load and all its merges at once."""
    while store.query("SELECT count() FROM system.merges").result_rows[0][0]:
        time.sleep(0.1)


def _transition(node: NodeRef) -> Transition:
    return Transition(
        event_id="t",
        event_time=NOON,
        producer="bench/1",
        episode_id="e",
        series="s",
        bound_id="b",
        bound_version=1,
        bound_origin="CODE",
        transition="opened",
        ordinal=1,
        severity="error",
        kind=node.kind,
        namespace=node.namespace,
        name=node.name,
        metric="rows",
        value=0.0,
        opened_at=NOON,
        condition="error below 1",
    )


def report(name: str, subjects: Sequence[Subject], ask: Callable[[Subject], object]) -> None:
    """One line: what asking about each of them took, in milliseconds."""
    taken = []
    for subject in subjects:
        start = time.perf_counter()
        ask(subject)
        taken.append((time.perf_counter() - start) * 1000)
    p99 = statistics.quantiles(taken, n=100)[98]
    low, middle, high = min(taken), statistics.median(taken), max(taken)
    sys.stdout.write(f"{name:40} min {low:.1f}  p50 {middle:.1f}  p99 {p99:.1f}  max {high:.1f}\n")


if __name__ == "__main__":
    raise SystemExit(main())
