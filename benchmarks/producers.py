"""What one reported value costs the job, against what one would write otherwise, with the receiver up, slow, gone and frozen.

`python -m benchmarks.producers [--only track ...] [--states up ...] [--limit 30]`. Starts a Kafka with a registry and an MLflow
server of its own; the other libraries come into an environment of their own (tests/environments/venv.py).

- track: `run.metric(...)`, then `flush`
- mlflow: `mlflow.log_metric(...)` to `mlflow server` with SQLite
- openlineage: the Kafka transport of the OpenLineage client as it is set by default, one run event a call
- confluent-kafka: `produce` of a JSON text and `poll(0)`, then `flush`

up: as it is. slow: every request is 100 ms under way. gone: stopped when the job is about to begin; nothing listens. frozen:
SIGSTOP at that moment; connections stay open, nothing answers.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.environments.venv import cached

from .machine import describe
from .receivers import Kafka, MlflowServer, Receiver

CALLS = {"track": 10_000, "mlflow": 300, "openlineage": 300, "confluent-kafka": 10_000}

STATES = ("up", "slow", "gone", "frozen")

FOREIGN = ("mlflow==3.17.2", "openlineage-python[kafka]==1.54.0", "confluent-kafka==2.16.0")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=CALLS, default=list(CALLS))
    parser.add_argument("--states", nargs="+", choices=STATES, default=STATES)
    parser.add_argument("--limit", type=float, default=30.0, help="seconds after which a contender is given up")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers end too
    foreign = cached("producers", *FOREIGN)
    print(f"{describe()}, {', '.join(FOREIGN[:2])}")
    print(f"load {os.getloadavg()[0]:.0f}")
    print(f"{'':16} {'':7} {'p50 µs':>10} {'p99 µs':>12} {'max µs':>12} {'calls':>7} {'raised':>6} {'until':>8}")
    for state in arguments.states:
        for name in arguments.only:
            row = measure(name, state, foreign, arguments.limit)
            costs = f"{row['p50']:10,.1f} {row['p99']:12,.1f} {row['max']:12,.0f}"
            counts = f"{row['calls']:7} {row['raised']:6} {row['seconds']:6.1f} s"
            print(f"{name:16} {state:7} {costs} {counts}  {row['became']}", flush=True)
    print(f"load {os.getloadavg()[0]:.0f}")
    return 0


def measure(name: str, state: str, foreign: Path, limit: float) -> dict[str, Any]:
    """One contender before a receiver of its own."""
    python = foreign if name in ("mlflow", "openlineage") else Path(sys.executable)
    delay = 0.1 if state == "slow" else 0.0
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        receiver: Receiver = MlflowServer(foreign, data, delay) if name == "mlflow" else Kafka(data, delay)
        try:
            return run(python, name, receiver, state, limit)
        finally:
            receiver.stop()


def run(python: Path, name: str, receiver: Receiver, state: str, limit: float) -> dict[str, Any]:
    program = Path(__file__).with_name("contenders.py")
    command: list[str | Path] = [python, program, name, json.dumps(receiver.addresses), str(CALLS[name]), str(limit)]
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, text=True) as contender:
        assert contender.stdin is not None
        assert contender.stdout is not None
        while (line := contender.stdout.readline()) != "ready\n":
            if not line:
                raise RuntimeError(f"{name} ended with {contender.wait()} before it began; run {command}")
        if state == "gone":
            receiver.stop()
        if state == "frozen":
            receiver.signal(signal.SIGSTOP)
        contender.stdin.write("go\n")
        contender.stdin.flush()
        *_, last = contender.stdout
        return dict(json.loads(last))


if __name__ == "__main__":
    raise SystemExit(main())
