"""Airflow by its own provider: `airflow dags test` of a DAG with a task that works and one that fails."""

from datetime import datetime
from pathlib import Path

import pytest

from .conftest import Leadline, environment, started, variables

pytestmark = [pytest.mark.stack, pytest.mark.integration]

DAG = """
from datetime import UTC, datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Asset

orders, totals = Asset("file://lake.example.org/orders.csv"), Asset("file://lake.example.org/totals.csv")


def fail():
    raise ValueError("3 rows are too few")


with DAG("shop", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), default_args={"owner": "ml-team"}):
    load = BashOperator(task_id="load", bash_command="true", inlets=[orders], outlets=[totals])
    load >> PythonOperator(task_id="check", python_callable=fail, inlets=[totals])
"""


def test_a_dag_over_http(leadline: Leadline, tmp_path: Path) -> None:
    """Tasks below the DAG's run, with their slot and owner; the error is the task's own; assets are its inputs and outputs."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "shop.py").write_text(DAG)
    told = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        **variables(leadline.documented("Airflow")),
    }
    airflow = environment("airflow") / "airflow"
    made = started([airflow, "db", "migrate"], tmp_path, told)
    assert made.returncode == 0, made.stdout + made.stderr
    ran = started([airflow, "dags", "test", "shop", "2026-11-21"], tmp_path, told)
    assert ran.returncode == 1, f"one of the tasks fails, for Airflow as ever\n{ran.stdout}{ran.stderr}"

    slot = datetime(2026, 11, 21)  # noqa: DTZ001 - as the client gives UTC
    runs = """SELECT job_name, state, parent_job_name, nominal_at, owner, engine FROM leadline.runs
        WHERE job_namespace = 'airflow-prod' ORDER BY 1"""
    leadline.await_rows(
        runs,
        [
            ("shop", "FAIL", "", slot, "ml-team", "Airflow/3.3.2"),
            ("shop.check", "FAIL", "shop", slot, "ml-team", "Airflow/3.3.2"),
            ("shop.load", "COMPLETE", "shop", slot, "ml-team", "Airflow/3.3.2"),
        ],
    )
    errors = "SELECT error_message, error_type, attempt FROM leadline.runs WHERE job_name = 'shop.check'"
    leadline.await_rows(errors, [("3 rows are too few", "ValueError", 1)])
    edges = """SELECT granularity, source_name, target_name FROM leadline.lineage_edges
        WHERE job_name = 'shop.load' ORDER BY ALL"""
    both = ("/orders.csv", "/totals.csv")
    leadline.await_rows(edges, [("JOB", *both), ("RUN", *both)])
    read = "SELECT direction, namespace, name FROM leadline.run_io WHERE job_name = 'shop.check'"
    leadline.await_rows(read, [("INPUT", "file://lake.example.org", "/totals.csv")])
    leadline.check_nothing_was_refused()
