"""One series of 10,000 points, and a year of minutes from the rollup: `python -m benchmarks.history`.

Starts a store of its own. 200 series of 10,000 readings (2,000,000 rows); trends_hourly holds what a year of minutes leaves
for 50 series (438,000 rows).
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from clickhouse_connect.driver.client import Client

from leadline.history.connection import connect, connect_reader
from leadline.history.node import NodeRef
from leadline.history.readings import series
from leadline.history.trends import hourly
from leadline.local import Stack

from .machine import describe

NOON = 1_795_262_400_000_000
SERIES, POINTS, BLOCK, TRENDS = 200, 10_000, 10, 50

_READINGS = """
INSERT INTO leadline_internal.readings (kind, namespace, name, metric, dims_key, time, event_id, position, version, value,
    unit, dims, event_time, slot, mode, attempt, job_namespace, job_name, run_id, source, recorded_at)
SELECT 'MODEL', 'mlflow://prod', concat('model-', toString(s)), 'auc', '{}', moment, concat(toString(s), '-', toString(number)),
    1, '7', rand(s) / 4294967295, '', map(), moment, NULL, 'LIVE', 1, 'airflow://prod', 'validate', toString(number), 'airflow',
    moment
FROM (SELECT number, s, fromUnixTimestamp64Micro({now:Int64} - number * 60000000, 'UTC') AS moment
    FROM numbers({points:UInt64}) ARRAY JOIN range({first:UInt64}, {last:UInt64}) AS s)
"""
_TRENDS = """
INSERT INTO leadline_internal.trends_hourly
SELECT 'MODEL', 'mlflow://prod', concat('model-', toString(s)), 'auc', '{}',
    fromUnixTimestamp64Micro({now:Int64} - number * 3600000000, 'UTC') AS hour, map(), '', 60, 60, 48., .7, .9,
    (hour, .8), (hour, .8)
FROM numbers(8760) ARRAY JOIN range({trends:UInt64}) AS s
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--port-base", type=int, default=20_660)
    arguments = parser.parse_args()
    sys.stdout.write(describe() + "\n")
    with tempfile.TemporaryDirectory() as data, Stack(Path(data), port_base=arguments.port_base, only=("store",)) as settings:
        _load(connect(settings))
        client = connect_reader(settings)
        nodes = [NodeRef("MODEL", "mlflow://prod", f"model-{number % TRENDS}") for number in range(arguments.rounds)]
        _row(f"series of {len(series(client, nodes[0], 'auc')):,} points, ms", nodes, lambda node: series(client, node, "auc"))
        _row(
            f"year of minutes, {len(hourly(client, nodes[0], 'auc')):,} hours, ms",
            nodes,
            lambda node: hourly(client, node, "auc"),
        )
    return 0


def _load(store: Client) -> None:
    for first in range(0, SERIES, BLOCK):
        store.command(_READINGS, parameters={"first": first, "last": first + BLOCK, "points": POINTS, "now": NOON})
        while store.query("SELECT count() FROM system.merges").result_rows[0][0]:
            time.sleep(0.1)  # the local store's memory does not hold a load and all its merges at once
    store.command(_TRENDS, parameters={"trends": TRENDS, "now": NOON})


def _row(name: str, nodes: list[NodeRef], ask: Callable[[NodeRef], object]) -> None:
    taken = []
    for node in nodes:
        start = time.perf_counter()
        ask(node)
        taken.append((time.perf_counter() - start) * 1000)
    p99 = statistics.quantiles(taken, n=100)[98]
    sys.stdout.write(
        f"{name:40} min {min(taken):.1f}  p50 {statistics.median(taken):.1f}  p99 {p99:.1f}  max {max(taken):.1f}\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
