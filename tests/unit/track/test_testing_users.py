"""The testing kit in a user's hands: the example of docs/producer.md with and without pytest, and under type checkers."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

TYPED = '''
"""What a user of every part of the API would write."""

from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import assert_type

from leadline import track
from leadline.events.records import BoundSpec, DecisionRecorded, Event, LogLine, RunEvent
from leadline.track.testing import Captured, CapturedMetric, CapturedRun, capture


@track.job("train", "airflow://prod", owner="ml")
def train(depth: int, *, seed: int = 0) -> float:
    run = track.current_run()
    assert run is not None
    run.parameters({"depth": depth}, seed=seed)
    return run.metric("auc", 0.8, dims={"fold": 1}).bound(warn=(0.9, None), error=(0.8, None)).value


@track.job()
async def serve(name: str) -> str:
    return name


@track.job("rows")
def rows(count: int) -> Iterator[int]:
    yield from range(count)


@track.job("stream")
async def stream(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


class Trainer:
    @track.job("fit")
    def fit(self, depth: int = 3) -> "Trainer":
        return self


async def decorated() -> None:
    assert_type(train(3, seed=7), float)
    assert_type(await serve("churn"), str)
    for row in rows(3):
        assert_type(row, int)
    async for number in stream(count=3):
        assert_type(number, int)
    assert_type(Trainer().fit(depth=4), Trainer)


class Job:
    @classmethod
    @track.job()
    def load(cls, path: str) -> "Job":
        return cls()


@dataclass
class Config:
    depth: int = 5


AUC = track.metric_definition("auc", unit="1", better="higher", aliases=["AUC"], formula_version="2")


async def more() -> None:
    async with track.run("j", parameters=Config()) as run:
        assert_type(run, track.Run)
        run.parameters(Namespace(depth=5))
        run.parameters({"optimizer": {"lr": 0.1}})
        run.seed(7, numpy=8)
        assert_type(run.metric(AUC, 0.8), track.Metric)
        run.log_pointer("s3://logs/1.txt")
        with run.trial({"depth": 3}) as trial:
            assert_type(trial, track.Trial)
        assert_type(run.choose(trial), track.Node)
    assert_type(Job.load("x"), Job)


def job() -> None:
    track.configure(kafka="broker:9092", kafka_ssl_ca_location=Path("ca.pem"), close_seconds=2.0, ranks="all")
    model = track.model("mlflow://prod", "churn", version="7")
    slot = datetime(2026, 11, 21, tzinfo=UTC)
    with track.run("j", slot=slot, tags={"a": 1}, deadline=timedelta(hours=1), mode="LIVE") as run:
        assert_type(run, track.Run)
        assert_type(run.input("s3://lake", "x", version="1"), track.Node)
        run.output(model)
        assert_type(run.metric("auc", 0.8, of=model).bound(lower=0.7, severity="warn"), track.Metric)
        run.decision(model, "PROMOTE", reason="best")
        run.log("done", level="WARNING")
    track.owner(model, "ml", consumers=["crm"])
    assert_type(track.flush(), bool)
    assert_type(track.stats(), track.Stats)
    assert_type(track.environ(), dict[str, str])


def test_job(captured: Captured) -> None:
    assert_type(captured.run("j"), CapturedRun)
    assert_type(captured.run("j").metric("auc", slot=date(2026, 11, 21)), CapturedMetric)
    assert_type(captured.metric("auc").bound, BoundSpec)
    assert_type(captured.run().input(), track.Node)
    assert_type(captured.run().log("done"), LogLine)
    assert_type(captured.decision("PROMOTE"), DecisionRecorded)
    assert_type(captured.of(RunEvent), list[RunEvent])
    assert_type(captured.events(), list[Event])
    assert_type(captured.run().parent, CapturedRun | None)


def wrong(run: track.Run) -> None:
    run.metric("auc")  # type: ignore[call-arg]
    run.metric("auc", 1, of="churn")  # type: ignore[arg-type]
    run.metric("auc", 1).bound(lower="0.8")  # type: ignore[arg-type]
    run.metric("auc", 1).bound(lower=1, severity="fatal")  # type: ignore[arg-type]
    run.input(3)  # type: ignore[arg-type]
    train("3")  # type: ignore[arg-type]
    train(3, 7)  # type: ignore[call-arg]
    rows("3")  # type: ignore[arg-type]
    stream()  # type: ignore[call-arg]
    Trainer().fit("4")  # type: ignore[arg-type]
    track.job("train", ownr="ml")  # type: ignore[call-arg]
    track.configure(kafka_sasl_mechanisms="PLAIN")  # type: ignore[call-arg]
    track.configure(kafka="broker:9092", close_seconds="5")  # type: ignore[arg-type]
    track.model("mlflow://prod", "churn", version=7)  # type: ignore[arg-type]
    track.run("j", slot="2026-11-21")  # type: ignore[arg-type]
    run.parameters([1])  # type: ignore[arg-type]
    run.choose(run)  # type: ignore[arg-type]
    track.metric_definition("auc", better="up")  # type: ignore[arg-type]
    track.run()  # type: ignore[call-arg]
    track.Run.metrics  # type: ignore[attr-defined]
    with capture() as captured:
        captured.of(str)  # type: ignore[type-var]
        captured.run("j").metric("auc").values  # type: ignore[attr-defined]
'''


def example() -> list[str]:
    """The Python blocks of the section: conftest.py, the job, its test, and the use without pytest."""
    section = (ROOT / "docs" / "producer.md").read_text().split("\n## Test your job\n")[1].split("\n## ")[0]
    return [part.split("\n```")[0] for part in section.split("```python\n")[1:]]


def run(*arguments: str | Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    variables = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=240)


def test_the_example_of_the_documentation_passes(tmp_path: Path) -> None:
    """As it is written there, with every warning an error, beside an import of the kit in conftest.py."""
    conftest, job, test, _ = example()
    (tmp_path / "conftest.py").write_text(f"from leadline.track.testing import Captured\n{conftest}\n")
    (tmp_path / "test_churn.py").write_text(f"{job}\n\n{test}\n")
    done = run("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", folder=tmp_path)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_a_failing_test_reads_well(tmp_path: Path) -> None:
    """pytest shows the value, the metric and the run; a lookup in vain ends in the user's own line."""
    _, job, _, _ = example()
    test = """
from leadline.track.testing import captured

def test_value(captured):
    score(rows=10)
    assert captured.run("churn.score").metric("auc").value > 0.95

def test_name(captured):
    score(rows=10)
    assert captured.run("churn.score").metric("accuracy").value > 0.95
"""
    (tmp_path / "test_churn.py").write_text(job + test)
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path)
    assert "assert 0.91 > 0.95" in done.stdout
    assert "where 0.91 = <metric 'auc' 0.91 of model:mlflow://prod/churn@7>.value" in done.stdout
    assert "AssertionError: metric 'accuracy' of <run 'churn.score'" in done.stdout
    assert "<metric 'customers' {country=NL} 10 of job:airflow://prod/churn.score>" in done.stdout
    assert "lookup.py" not in done.stdout
    assert "2 failed" in done.stdout


def test_without_pytest_there_is_the_context_manager(tmp_path: Path) -> None:
    """Where pytest is not installed the kit can be imported and used all the same."""
    _, job, _, use = example()
    (tmp_path / "job.py").write_text(f"import sys\nsys.modules['pytest'] = None\n{job}\n\n{use}\n")
    done = run("job.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_kit_is_loaded_only_where_it_is_asked_for(tmp_path: Path) -> None:
    """No plugin of pytest's own finding, and nothing of it in a job."""
    (tmp_path / "test_other.py").write_text(
        "import sys\ndef test_other():\n    assert not any(name.startswith('leadline') for name in sys.modules)\n"
    )
    assert "1 passed" in run("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path).stdout
    job = "import sys; from leadline import track; print({'pytest', 'leadline.track.testing'} & {*sys.modules})"
    assert run("-c", job, folder=tmp_path).stdout == "set()\n"


def test_typed_user_code_passes_mypy_strict(tmp_path: Path) -> None:
    """The example of the documentation, and a use of every part; and what is wrong is found, which the ignores show."""
    typed_code(tmp_path)
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\n")
    done = run("-m", "mypy", "--cache-dir", tmp_path / "cache", "test_churn.py", "test_typed.py", folder=tmp_path)
    assert done.returncode == 0, done.stdout


def test_typed_user_code_passes_pyright_strict(tmp_path: Path) -> None:
    """The same by the other checker, which editors run."""
    typed_code(tmp_path)
    # A checker's own complaint about attributes and calls for nothing is not about types.
    rules = {"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": "error", "reportUnusedExpression": "none"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(rules))
    done = run("-m", "pyright", "--pythonpath", sys.executable, folder=tmp_path, PYRIGHT_PYTHON_GLOBAL_NODE="0")
    assert done.returncode == 0, done.stdout + done.stderr


def typed_code(folder: Path) -> None:
    _, job, test, use = example()
    (folder / "test_churn.py").write_text("\n\n".join([job, test, use]))
    (folder / "test_typed.py").write_text(TYPED)
