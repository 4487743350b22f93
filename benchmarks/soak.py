"""A job that reports for long: resident memory stays flat, and the ledger is whole, also over a restart of the broker.

`python -m benchmarks.soak [--minutes 10] [--rate 2000] [--bound 2.0]`: `rate` calls a second (readings, log lines, parameters,
inputs, bounds, a run a second) against a Kafka and a registry of its own; halfway the broker is killed and started again.
Prints resident memory every 30 s. Exits with 1 where, after the first two minutes, it grows by more than `bound` MB a minute (a
straight line through all that was measured), or where what was reported is not what was acknowledged, spooled or dropped.
"""

import argparse
import logging
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.kafka import Kafka

from leadline import track
from leadline.track.segment import spooled

from .machine import describe

WARM_UP_SECONDS = 120.0
SAMPLE_SECONDS = 1.0
PRINT_SECONDS = 30.0
MIB = 1024 * 1024


def resident() -> int:
    """Bytes of this process that are in memory, as Linux tells."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def work(run: track.Run, number: int) -> None:
    """One call of those that a job makes, most of them readings."""
    match number % 20:
        case 0:
            run.log(f"line {number}")
        case 1:
            run.parameter(f"step-{number % 100}", number)
        case 2:
            run.input("s3://lake", f"part-{number % 1_000}")
        case 3:
            run.metric("bounded", number).bound(upper=1e12)
        case 4:
            run.metric("by country", number, dims={"country": str(number % 50)})
        case _:
            run.metric(f"metric-{number % 10}", number)


def restart(kafka: Kafka, at: float) -> None:
    """Halfway, in a thread of its own."""
    threading.Event().wait(max(0.0, at - time.monotonic()))
    kafka.broker.kill()
    print("the broker is killed", flush=True)
    threading.Event().wait(20)
    kafka.broker.start()
    print("the broker is back", flush=True)
    threading.Event().wait()  # on Linux a child ends with the thread that started it


def soak(client: track.Client, seconds: float, rate: int) -> list[tuple[float, float]]:
    """Seconds since the beginning and MB of resident memory, once a second."""
    samples: list[tuple[float, float]] = []
    began = time.monotonic()
    number, printed = 0, 0.0
    while (now := time.monotonic() - began) < seconds:
        with track.Run(client, "soak", "bench://", parameters={"rate": rate}) as run:
            for _ in range(rate):  # a run a second
                work(run, number)
                number += 1
                ahead = number / rate - (time.monotonic() - began)
                if ahead > 0.01:
                    time.sleep(ahead)
        now = time.monotonic() - began
        samples.append((now, resident() / MIB))
        if now - printed >= PRINT_SECONDS:
            printed = now
            cpu = time.process_time() / now
            stats = client.stats()
            print(
                f"{now:6.0f} s {samples[-1][1]:8.1f} MB {number / now:6.0f} calls/s {cpu:4.0%} of a core; sent {stats.sent:,}, "
                f"spooled {stats.spooled:,}, waiting {stats.waiting:,}, dropped {stats.dropped or 'none'}",
                flush=True,
            )
    return samples


def slope(samples: list[tuple[float, float]]) -> float:
    """MB a minute after the warm-up, or after the first half where it is all shorter."""
    begin = min(WARM_UP_SECONDS, samples[-1][0] / 2)
    late = [sample for sample in samples if sample[0] >= begin]
    return statistics.linear_regression([at for at, _ in late], [size for _, size in late]).slope * 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=2_000, help="calls a second")
    parser.add_argument("--bound", type=float, default=2.0, help="MB a minute that memory may grow by")
    arguments = parser.parse_args()
    logging.getLogger("leadline.track").disabled = True
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        kafka = Kafka(Path(folder))
        kafka.start()
        try:
            client = track.Client(kafka.settings, spool=Path(folder) / "spool", capture_logs=None)
            seconds = arguments.minutes * 60
            threading.Thread(target=restart, args=(kafka, time.monotonic() + seconds / 2), daemon=True).start()
            samples = soak(client, seconds, arguments.rate)
            delivered = client.flush(60)
            stats = client.stats()
            client.close()
            left = len(spooled(Path(folder) / "spool"))
        finally:
            kafka.stop()
    growth = slope(samples)
    print(f"after the first two minutes memory grows by {growth:+.2f} MB a minute ({arguments.bound:g} are allowed)")
    print(f"all in Kafka: {delivered}; {stats}; files left in the spool: {left}; last warning: {client.last_warning or 'none'}")
    return 0 if growth <= arguments.bound and delivered and not stats.dropped and not left else 1


if __name__ == "__main__":
    sys.exit(main())
