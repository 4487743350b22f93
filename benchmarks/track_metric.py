"""What one run.metric() costs the job's thread, with Kafka up and with Kafka gone.

`python -m benchmarks.track_metric [--rounds 5] [--calls 20000] [--pause 0]`, with KAFKA and SCHEMA_REGISTRY or a running
`leadline up` for the first case. `--pause`: microseconds of other work between two calls; 0 is a burst that the background
thread competes with. Budget: p50 <= 10 µs, p99 <= 100 µs.
"""

import argparse
import logging
import statistics
import sys
import tempfile
import time

from leadline import track
from leadline.core.settings import Settings, load_settings

from .machine import describe


def measure(settings: Settings, calls: int, pause_us: float) -> tuple[list[float], float, track.Stats]:
    """Microseconds of each call, readings per second until all was delivered or spooled, and what became of them."""
    with tempfile.TemporaryDirectory() as spool:
        client = track.Client(settings, spool=spool)
        node = track.model("bench://", "m", version="1")
        names = [f"metric-{number}" for number in range(20)]
        costs = []
        began = time.perf_counter()
        with track.Run(client, "bench", "bench://") as run:
            for number in range(calls):
                before = time.perf_counter_ns()
                run.metric(names[number % 20], number, of=node)
                after = time.perf_counter_ns()
                costs.append((after - before) / 1_000)
                while time.perf_counter_ns() - after < pause_us * 1_000:
                    pass
        client.flush(60)
        rate = calls / (time.perf_counter() - began)
        stats = client.stats()
        client.close()
    return sorted(costs), rate, stats


def spread(values: list[float]) -> str:
    return f"{min(values):10.1f} {statistics.median(values):10.1f} {max(values):10.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--pause", type=float, default=0.0, help="microseconds between two calls")
    arguments = parser.parse_args()
    logging.getLogger("leadline.track").disabled = True
    cases = {"Kafka gone": Settings(kafka="127.0.0.1:9", schema_registry="http://127.0.0.1:9")}
    up = load_settings()
    if up.kafka and up.schema_registry:
        cases = {"Kafka up": up, **cases}
    else:
        sys.stderr.write("no address of Kafka: only the case without it is measured\n")
    print(describe())
    print(f"{'':12} {'':18} {'min':>10} {'median':>10} {'max':>10}")
    for case, settings in cases.items():
        rounds = [measure(settings, arguments.calls, arguments.pause) for _ in range(arguments.rounds)]
        for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)):
            print(f"{case:12} {name + ' µs':18} {spread([costs[int(share * (len(costs) - 1))] for costs, _, _ in rounds])}")
        print(f"{case:12} {'readings/s':18} {spread([rate for _, rate, _ in rounds])}")
        last = rounds[-1][2]
        print(f"{case:12} events sent {last.sent}, spooled {last.spooled}, dropped {last.dropped or 'none'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
