"""Events per second over HTTP against Kafka directly: `python -m benchmarks.http_transport [--rounds 5] [--events 20000]`.

With a running `leadline up`. The same encoded events go through the link that `track` has for each; a round takes both in turn,
so that the ratio is of one time and machine. The clock stops when everything is acknowledged: over HTTP that is after the API
has checked each event and Kafka has acknowledged it.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable

from leadline.core.errors import UsageError
from leadline.core.settings import ADDRESSES_FILE, TOKEN_FILE, Settings, load_settings
from leadline.events.ids import new_id
from leadline.events.records import MetricsReported, Reading
from leadline.track.entry import Entry, to_entry
from leadline.track.http_link import HttpLink
from leadline.track.link import Link
from leadline.track.stats import Counters

from .machine import describe

READINGS = 5
_STUCK_SECONDS = 120.0


def events(number: int) -> list[Entry]:
    """Of 100 nodes, five readings each: what `track` makes of a job's metrics; some 300 bytes."""
    return [
        to_entry(
            MetricsReported(
                event_id=new_id(),
                event_time=1_700_000_000_000_000 + index,
                producer="bench/1",
                kind="MODEL",
                namespace="mlflow://bench",
                name=f"model-{index % 100}",
                job_namespace="bench",
                job_name="bench.score",
                run_id=f"run-{index % 10}",
                readings=[Reading(metric=f"metric-{each}", value=float(index)) for each in range(READINGS)],
            )
        )
        for index in range(number)
    ]


def rate(link: Link | HttpLink, counters: Counters, entries: list[Entry]) -> float:
    """Events per second from the first to the last acknowledgement."""
    began = time.perf_counter()
    for entry in entries:
        link.send(entry)
    while len(link):
        link.poll(0.01)
        if link.failure or time.perf_counter() - began > _STUCK_SECONDS:
            raise SystemExit(f"gave up: {link.failure or 'nothing is acknowledged'}")
    assert counters.sent == len(entries), counters.dropped
    return len(entries) / (time.perf_counter() - began)


def spread(values: list[float], digits: int = 0) -> str:
    return "  ".join(f"{value:12,.{digits}f}" for value in (min(values), statistics.median(values), max(values)))


def ways(settings: Settings) -> dict[str, Callable[[Counters], Link | HttpLink]]:
    """Raises UsageError without a running local stack."""
    try:
        url = json.loads((settings.data / ADDRESSES_FILE).read_text())["api"]
        token = (settings.data / TOKEN_FILE).read_text().strip()
    except (OSError, KeyError) as error:
        raise UsageError(f"no API in {settings.data}: start the stack with `leadline up`") from error
    return {
        "Kafka": lambda counters: Link(settings, counters),
        "HTTP": lambda counters: HttpLink(url, token, counters),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=20_000)
    arguments = parser.parse_args()
    try:
        connect = ways(load_settings())
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    entries = events(arguments.events)
    print(describe())
    print(f"{arguments.events:,} events of {sum(len(entry.body) for entry in entries) / len(entries):.0f} bytes")
    rates: dict[str, list[float]] = {name: [] for name in connect}
    for _ in range(arguments.rounds + 1):
        for name, make in connect.items():
            counters = Counters()
            rates[name].append(rate(make(counters), counters, entries))
    print(f"{'events/s':12}  {'min':>12}  {'median':>12}  {'max':>12}")
    for name, found in rates.items():
        print(f"{name:12}  {spread(found[1:])}")  # the first round makes connections and schema ids
    ratios = [http / kafka for http, kafka in zip(rates["HTTP"], rates["Kafka"], strict=True)][1:]
    print(f"{'HTTP / Kafka':12}  {spread(ratios, 2)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
