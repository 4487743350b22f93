"""What the library costs a job as a whole: the same job with it and with LEADLINE_DISABLED=1, in turn.

`python -m benchmarks.harm [--pairs 20] [--seconds 2] [--every 10]`: a job that computes for some seconds in one thread and
reports a reading and a line of its log every so many units of work (each 0.5 to 1 ms), with Kafka up, gone and hanging (it
accepts and never answers). Budget: 2 % or 50 ms, without what the end of the process may take to hand over (5 s at most, while
Kafka hangs), which is shown apart. Processor time is that of all threads; that of the library's own thread is what it computes
behind the job's back, and the steadiest of the figures on a machine that is not quiet.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.kafka import Kafka

from .machine import describe

JOB = """
import logging, sys, threading, time
from leadline import track
logging.getLogger("leadline.track").disabled = True
logging.getLogger().setLevel("INFO")
logging.getLogger().addHandler(logging.NullHandler())
units, every = int(sys.argv[1]), int(sys.argv[2])
wall, processor = time.perf_counter(), time.process_time()
with track.run("harm", "bench://", parameters={"units": units}) as run:
    for unit in range(units):
        sum(i * i for i in range(12_000))
        if unit % every == 0:
            run.metric("loss", unit)
            logging.info("unit %d", unit)
took = time.perf_counter() - wall, time.process_time() - processor
ours = [t.ident for t in threading.enumerate() if t.name == "leadline-track"]
print(*took, sum(time.clock_gettime(time.pthread_getcpuclockid(ident)) for ident in ours))
"""
UNITS_PER_SECOND = 1_500


class Cost(NamedTuple):
    """Seconds: of the job itself, the processor's within it, of that the library's thread's, and of the whole process."""

    job: float
    processor: float
    thread: float
    whole: float


def once(environ: dict[str, str], units: int, every: int) -> Cost:
    before = os.times().elapsed
    command = [sys.executable, "-c", JOB, str(units), str(every)]
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=True)
    job, processor, thread = map(float, done.stdout.split())
    return Cost(job, processor, thread, os.times().elapsed - before)


def measure(name: str, environ: dict[str, str], pairs: int, units: int, every: int) -> bool:
    """Whether the median of the paired differences is within the budget. Each goes first in turn."""
    ons, offs = list[Cost](), list[Cost]()
    for pair in range(pairs):
        for on in (pair % 2 == 0, pair % 2 == 1):
            cost = once(environ if on else {**environ, "LEADLINE_DISABLED": "1"}, units, every)
            (ons if on else offs).append(cost)
    pairwise = list(zip(ons, offs, strict=True))
    job = statistics.median(off.job for off in offs)
    more = statistics.median(on.job - off.job for on, off in pairwise)
    processor = statistics.median(on.processor - off.processor for on, off in pairwise)
    thread = statistics.median(on.thread for on in ons)
    around = statistics.median((on.whole - on.job) - (off.whole - off.job) for on, off in pairwise)
    print(
        f"{name:10} job {job:5.2f} s; with the library {more * 1_000:+6.1f} ms ({more / job:+5.1%}), processor "
        f"{processor * 1_000:+6.1f} ms (its thread {thread * 1_000:.1f} ms), start and end {around * 1_000:+6.0f} ms; "
        f"the job alone varies by {statistics.stdev(off.job for off in offs) * 1_000:.0f} ms",
        flush=True,
    )
    return more <= max(0.05, 0.02 * job)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--every", type=int, default=10, help="units of work between two reports (default: 10)")
    arguments = parser.parse_args()
    work = (arguments.pairs, int(arguments.seconds * UNITS_PER_SECOND), arguments.every)
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as hole:
        spool = {"LEADLINE_SPOOL": str(Path(folder) / "spool")}
        gone = {"KAFKA": "127.0.0.1:9", "SCHEMA_REGISTRY": "http://127.0.0.1:9"}
        address = f"127.0.0.1:{hole.getsockname()[1]}"
        kafka = Kafka(Path(folder))
        kafka.start()
        try:
            good = [measure("Kafka up", {**kafka.environ, **spool}, *work)]
        finally:
            kafka.stop()
        good.append(measure("gone", {**gone, **spool}, *work))
        hangs = {"KAFKA": address, "SCHEMA_REGISTRY": f"http://{address}"}
        good.append(measure("hanging", {**hangs, **spool}, *work))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
