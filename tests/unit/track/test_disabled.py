"""The kill switch: every public call works and does nothing, and wrong use still raises."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadline import track
from leadline.core.errors import UsageError
from leadline.core.settings import Settings

EVERY_CALL = """
import asyncio, logging, sys, threading
from leadline import track

done = []
WATCHED = ("_thread.start_new_thread", "subprocess.Popen", "os.fork", "os.mkdir", "os.remove", "_posixsubprocess.")
def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and arguments[1].strip("rbt")
    heavy = event == "import" and arguments[0].partition(".")[0] in ("confluent_kafka", "fastavro", "narwhals", "fsspec")
    if writes or heavy or event.startswith(WATCHED):
        done.append((event, arguments))
sys.addaudithook(watch)

logging.getLogger().setLevel(logging.INFO)
logging.getLogger("churn").addHandler(track.logs())

@track.job("decorated")
def job(): return track.current_run()

@track.job("decorated")
async def coroutine(): return track.current_run()

@track.job("decorated")
def generator(): yield track.current_run()

with track.run("outer", parameters={"a": 1}, tags={"b": 2}, owner="me", deadline=60) as run:
    features = run.input("s3://lake", "features")
    run.output(track.dataset("s3://lake", "scores")); run.parameter("k", 1); run.parameters(j=2); run.tag("t")
    metric = run.metric("auc", 0.8, of=track.model("mlflow://prod", "churn")).bound(lower=0.9)
    track.metric("rows", 3, dims={"a": 1}).bound(upper=2, severity="warn")
    run.log("a line"); logging.getLogger("churn").error("an error")
    run.decision(track.node("MODEL", "n", "m"), "PROMOTE")
    run.artifact("a/file"); run.input("n", "x", data="s3://lake/x"); track.snapshot(features, {"a": 1}, profile=True)
    with track.run("inner"):
        pass
    run.seed(7, numpy=8); run.parameters({"a": {"b": 1}}); run.log_pointer("s3://logs/1.txt")
    run.metric(track.metric_definition("f1", better="higher", aliases=["F1"]), 0.5); track.metric("F1", 0.5)
    track.structlog_processor(None, "info", {"event": "a line"})
    with run.trial({"depth": 3}) as trial:
        pass
    run.choose(trial)
    environment = track.environ()
assert "LEADLINE_PARENT_RUN" not in environment
assert job().node.name == asyncio.run(coroutine()).node.name == "decorated"
assert next(generator()).node.name == "decorated"
assert track.current_run() is None
try:
    with track.run("failing"):
        raise KeyError("the job's own")
except KeyError:
    pass
open_run = track.run("never ended").__enter__()
track.metric("rows", 3, of=features)
track.owner(features, "me"); track.describe(features, "what it is"); track.decision(features, "APPROVE")
assert track.flush() and not any(track.stats())
client = track.configure(client=track.Client())
assert client.disabled and client.flush() and not client.send_spool() and not any(client.stats())
client.close()
print(done, threading.active_count())
"""


def run(script: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(folder), "LEADLINE_DATA": str(folder / "data"), **environ}
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, cwd=folder, check=False, timeout=120
    )


@pytest.mark.parametrize("told", ["1", "true", "YES"])
def test_every_public_call_does_nothing(tmp_path: Path, told: str) -> None:
    """No thread, no file, no process, no import of the Kafka client, no output; the job goes on as always."""
    done = run(EVERY_CALL, tmp_path, LEADLINE_DISABLED=told)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[] 1\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("told", ["", "0", "false", "No", "off"])
def test_a_switch_that_says_no_leaves_it_on(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    """LEADLINE_DISABLED=false means what it says."""
    monkeypatch.setenv("LEADLINE_DISABLED", told)
    assert track.Client(Settings()).disabled is False


def test_wrong_use_raises_all_the_same() -> None:
    """A job that is tested with the switch on does not fail in production for the first time."""
    client = track.Client(Settings(), disabled=True)
    with pytest.raises(UsageError, match="name"):
        track.Run(client, "")
    with track.Run(client, "job") as current:
        with pytest.raises(TypeError, match="give a number"):
            current.metric("auc", "0.8")
        with pytest.raises(UsageError):
            current.metric("auc", 0.8).bound()
        with pytest.raises(UsageError, match="level"):
            current.log("x", level="LOUD")
        with pytest.raises(UsageError, match="kind"):
            current.input("s3://lake", "x", kind="TABLE")
        with pytest.raises(UsageError, match="parameters"):
            current.parameters(7)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="started before"), current:
        pass
