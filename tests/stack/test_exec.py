"""leadline exec on a running stack: what a script said is in the history."""

import subprocess
import sys
import uuid
from functools import partial
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from leadline.core.settings import Settings
from leadline.history.connection import reading

from ..conftest import wait_until
from .test_docs import environment

pytestmark = pytest.mark.stack

SCRIPT = """
echo "::leadline metric auc=0.81 of=model:mlflow://exec/$1 lower=0.85"
echo "::leadline output s3://exec/$1"
"$2" -c 'from leadline import track
with track.run("inner"): pass'
echo "no such column" >&2
exit 3
"""


def test_a_script_is_in_the_history(stack: Settings, tmp_path: Path) -> None:
    """Its run with error and log, its data, the metric and its violation, and the Python run within it."""
    name = f"exec-{uuid.uuid4().hex}"
    command = [sys.executable, "-m", "leadline.cli", "exec", "--job", name, "--input", "s3://exec/features"]
    done = subprocess.run(
        [*command, "--", "sh", "-c", SCRIPT, "sh", name, sys.executable],
        cwd=tmp_path,
        env=environment(stack),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, b"no such column\n")
    expected: dict[str, list[tuple[str, ...]]] = {
        f"SELECT state, error_message FROM leadline.runs WHERE job_name = '{name}'": [("FAIL", "exit code 3: no such column")],
        f"SELECT level FROM leadline.logs WHERE job_name = '{name}' AND message = 'no such column'": [("WARNING",)],
        f"SELECT name FROM leadline.run_io WHERE job_name = '{name}' ORDER BY direction": [("features",), (name,)],
        f"SELECT transition, metric FROM leadline.alert_events WHERE name = '{name}' AND kind = 'MODEL'": [("opened", "auc")],
        f"SELECT r.job_name FROM leadline.runs AS r JOIN leadline.runs AS p ON r.parent_run_id = p.run_id"
        f" WHERE p.job_name = '{name}'": [("inner",)],
    }
    with reading(stack) as client:
        for question, answer in expected.items():
            wait_until(partial(_answers, client, question, answer), seconds=90, what=question)


def _answers(client: Client, question: str, answer: list[tuple[str, ...]]) -> bool:
    return bool(client.query(question).result_rows == answer)
