"""What the library costs a job as a whole: the same job with it and with LEADLINE_DISABLED=1, in turn.

`python -m benchmarks.harm [--pairs 10] [--seconds 2]`: a job that computes for some seconds and reports a reading and a line
of its log every millisecond, with Kafka up, gone and hanging (it accepts and never answers). Budget: 2 % or 50 ms, without what
the end of the process may take to hand over (5 s at most, while Kafka hangs), which is shown apart.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.kafka import Kafka

from .machine import describe

JOB = """
import logging, sys, time
from leadline import track
logging.getLogger("leadline.track").disabled = True
logging.getLogger().setLevel("INFO")
logging.getLogger().addHandler(logging.NullHandler())
steps = int(sys.argv[1])
began = time.perf_counter()
with track.run("harm", "bench://", parameters={"steps": steps}) as run:
    for step in range(steps):
        sum(i * i for i in range(12_000))  # about a millisecond
        run.metric("loss", step)
        logging.info("step %d", step)
print(time.perf_counter() - began)
"""


def once(environ: dict[str, str], steps: int) -> tuple[float, float]:
    """Seconds of the job itself, and of the whole process."""
    before = os.times().elapsed
    done = subprocess.run(
        [sys.executable, "-c", JOB, str(steps)], env={**os.environ, **environ}, capture_output=True, text=True, check=True
    )
    return float(done.stdout), os.times().elapsed - before


def measure(name: str, environ: dict[str, str], pairs: int, steps: int) -> bool:
    """Whether the median of the paired differences is within the budget."""
    inside, around, base = [], [], []
    for _ in range(pairs):
        off, off_whole = once({**environ, "LEADLINE_DISABLED": "1"}, steps)
        on, on_whole = once(environ, steps)
        inside.append(on - off)
        around.append((on_whole - on) - (off_whole - off))
        base.append(off)
    more, job = statistics.median(inside), statistics.median(base)
    print(
        f"{name:10} job {job:6.2f} s; with the library {more * 1_000:+7.1f} ms ({more / job:+6.1%}), "
        f"its start and end {statistics.median(around) * 1_000:+7.0f} ms; the job varies by {statistics.stdev(base):.3f} s",
        flush=True,
    )
    return more <= max(0.05, 0.02 * job)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    steps = int(arguments.seconds * 1_000)
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as hole:
        spool = {"LEADLINE_SPOOL": str(Path(folder) / "spool")}
        gone = {"KAFKA": "127.0.0.1:9", "SCHEMA_REGISTRY": "http://127.0.0.1:9"}
        address = f"127.0.0.1:{hole.getsockname()[1]}"
        kafka = Kafka(Path(folder))
        kafka.start()
        try:
            good = [measure("Kafka up", {**kafka.environ, **spool}, arguments.pairs, steps)]
        finally:
            kafka.stop()
        good.append(measure("gone", {**gone, **spool}, arguments.pairs, steps))
        hangs = {"KAFKA": address, "SCHEMA_REGISTRY": f"http://{address}"}
        good.append(measure("hanging", {**hangs, **spool}, arguments.pairs, steps))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
