"""Airflow runs a DAG whose tasks report with track: state and events are compared."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from tests.conftest import wait_until
from tests.unit.track.conftest import read_segment

from leadline.events.records import Event, MetricsReported, RunEvent
from leadline.track.segment import spooled

DAG = """
from datetime import UTC, datetime

from airflow.sdk import dag, task

from leadline import track


@task
def score() -> int:
    with track.run("churn.score", namespace="airflow://test") as run:
        run.output("s3://lake", "predictions")
        run.metric("auc", 0.9).bound(lower=0.8)
    return 3


@task
def fail(rows: int) -> None:
    with track.run("churn.validate", namespace="airflow://test"):
        raise ValueError(f"{rows} rows are too few")


@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC))
def churn() -> None:
    fail(score())


pipeline = churn()
"""

RUN = """
import json, os, churn

run = churn.pipeline.test(use_executor=True)
states = {task.task_id: task.state for task in run.get_task_instances()}
print(json.dumps({"dag": run.state, "process_id": os.getpid(), **states}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], list[Event]]:
    """What Airflow says of the run, and the events that its processes left in the spool: there is no Kafka.

    Tasks run as in production: the executor's process forks a supervisor, which forks the task, which talks to the server.
    """
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "dags").mkdir()
    (folder / "dags" / "churn.py").write_text(DAG)
    port = free_port()
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-this-test-" * 4,
        "LEADLINE_DATA": str(folder / "leadline"),
        "PYTHONPATH": str(folder / "dags"),
    }
    airflow(environment, "-m", "airflow", "db", "migrate")
    with serving(environment, port):
        said = json.loads(airflow(environment, "-c", RUN).splitlines()[-1])
    events = [event for path in spooled(folder / "leadline" / "spool") for event in read_segment(path)]
    return said, events


@contextmanager
def serving(environment: dict[str, str], port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "airflow", "api-server", "--port", str(port), "--apps", "execution", "--workers", "1"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: answers(port), seconds=120, what="Airflow's server")
            yield
        finally:
            server.terminate()


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/execution/health", timeout=5):
            return True
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def airflow(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_airflow_and_the_events_agree_on_what_became_of_each_task(told: tuple[dict[str, object], list[Event]]) -> None:
    """A task that raises fails for Airflow as ever; its run is FAIL with the task's own message."""
    said, events = told
    processes = {said.pop("process_id"), *(event.process_id for event in events if isinstance(event, RunEvent))}
    assert len(processes) == 3, "each task is a process of its own"
    assert said == {"dag": "failed", "score": "success", "fail": "failed"}
    ended = {event.job_name: event for event in events if isinstance(event, RunEvent) and event.event_type != "START"}
    assert {name: event.event_type for name, event in ended.items()} == {"churn.score": "COMPLETE", "churn.validate": "FAIL"}
    assert ended["churn.validate"].error_message == "3 rows are too few"


def test_what_a_task_told_is_there_once(told: tuple[dict[str, object], list[Event]]) -> None:
    """One START, one metric with its bound."""
    _, events = told
    started = [event.job_name for event in events if isinstance(event, RunEvent) and event.event_type == "START"]
    assert sorted(started) == ["churn.score", "churn.validate"]
    (metrics,) = [event for event in events if isinstance(event, MetricsReported)]
    assert [(reading.metric, reading.value) for reading in metrics.readings] == [("auc", 0.9)]
