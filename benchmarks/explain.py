"""`explain` at 1,000,000 edges: `python -m benchmarks.explain`. Starts a store of its own, loaded as for `lineage_query`.

The run of each job has failed, and every hundredth job has an alert about a value of what it makes, with 30 readings before.
`--parents 2` gives a graph that is narrower.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from clickhouse_connect.driver.client import Client

from leadline.history.connection import connect, connect_reader
from leadline.history.explain_facts import explain_alert, explain_run
from leadline.history.node import job
from leadline.history.runs import Run, get_run
from leadline.local import Stack

from .lineage_query import BLOCK, EDGES, NOON, PARENTS, load, report, wait_for_merges
from .machine import describe

ALERT_EVERY, READINGS = 100, 30

_RUNS = """
INSERT INTO leadline_internal.run_state (job_namespace, job_name, run_id, state, started, first_event_at, last_event_at,
    recorded_at, last_recorded_at, texts)
SELECT 'airflow://prod', concat('job-', toString(number)), concat('run-', toString(number)),
    tuple(2, {now:Int64}, 1, 'FAIL'), tuple(0, moment), moment, moment, moment, moment,
    map('error_message', tuple({now:Int64}, 'No such file'))
FROM (SELECT number, fromUnixTimestamp64Micro({now:Int64}, 'UTC') AS moment FROM numbers({first:UInt64}, {size:UInt64}))
"""
_ALERTS = """
INSERT INTO leadline_internal.alert_events (event_id, event_time, enriched, episode_id, bound_id, bound_version, transition,
    ordinal, severity, kind, namespace, name, metric, value, condition, opened_at, job_namespace, job_name, run_id, recorded_at)
SELECT concat('alert-', toString(number)), moment, true, concat('episode-', toString(number)), 'b', 1, 'opened', 1, 'error',
    'DATASET', 's3://lake', concat('data/', toString(number)), 'rows', 0., 'error below 1', moment, 'airflow://prod',
    concat('job-', toString(number)), concat('run-', toString(number)), moment
FROM (SELECT number * {every:UInt64} AS number, fromUnixTimestamp64Micro({now:Int64}, 'UTC') AS moment
    FROM numbers({alerts:UInt64}))
"""
_READINGS = """
INSERT INTO leadline_internal.readings (kind, namespace, name, metric, time, event_id, position, value, event_time,
    job_namespace, job_name, run_id, recorded_at)
SELECT 'DATASET', 's3://lake', concat('data/', toString(number)), 'rows', moment,
    concat(toString(number), '-', toString(day)), 1, day, moment, 'airflow://prod', concat('job-', toString(number)),
    if(day = 0, concat('run-', toString(number)), ''), moment
FROM (SELECT number * {every:UInt64} AS number, day,
        fromUnixTimestamp64Micro({now:Int64} - day * 86400000000, 'UTC') AS moment
    FROM numbers({alerts:UInt64}) ARRAY JOIN range({readings:UInt64}) AS day)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--explanations", type=int, default=100)
    parser.add_argument("--parents", type=int, default=PARENTS)
    parser.add_argument("--port-base", type=int, default=20_680)
    arguments = parser.parse_args()
    sys.stdout.write(describe() + "\n")
    with tempfile.TemporaryDirectory() as data, Stack(Path(data), port_base=arguments.port_base, only=("store",)) as settings:
        store, jobs = connect(settings), EDGES // arguments.parents
        load(store, arguments.parents)
        load_troubles(store, jobs)
        measure(connect_reader(settings), jobs, arguments.explanations)
    return 0


def load_troubles(store: Client, jobs: int) -> None:
    """The failed runs, the alerts and the readings."""
    for first in range(0, jobs, BLOCK):
        store.command(_RUNS, parameters={"first": first, "size": BLOCK, "now": NOON})
    size = {"alerts": jobs // ALERT_EVERY, "every": ALERT_EVERY, "now": NOON}
    store.command(_ALERTS, parameters=size)
    store.command(_READINGS, parameters={**size, "readings": READINGS})
    wait_for_merges(store)


def measure(client: Client, jobs: int, explanations: int) -> None:
    numbers = random.Random(7).sample(range(jobs // 2, jobs, ALERT_EVERY), explanations)
    runs = [_run(client, number) for number in numbers]
    report("explain a failed run, ms", runs, lambda run: explain_run(client, run))
    alerts = [f"alert-{number}" for number in numbers]
    report("explain an alert, ms", alerts, lambda alert: explain_alert(client, alert))


def _run(client: Client, number: int) -> Run:
    found = get_run(client, job("airflow://prod", f"job-{number}"), f"run-{number}")
    if found is None:
        raise LookupError(f"run-{number} is not in the store")
    return found


if __name__ == "__main__":
    raise SystemExit(main())
