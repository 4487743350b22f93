"""What `run.output(data=frame)` costs the job's thread, by library and size, beside a call without data.

`python -m benchmarks.profile [--rounds 5] [--rows 1000 100000 10000000]`. Frames have ten columns: six numbers, a date, a
boolean, two texts; the wide ones have 100 rows and 1,000 or 5,000 numbers. Nothing is sent: Kafka is gone, events go to
a spool of the benchmark's own. Copies of the data are not made, so memory is that of one frame.
"""

import argparse
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from leadline import track
from leadline.core.settings import Settings

from .machine import describe


def tall(rows: int) -> pa.Table:
    rng = np.random.default_rng(0)
    words = pa.array([f"customer-{number}" for number in range(50_000)])
    return pa.table(
        {
            **{f"x{number}": rng.normal(size=rows) for number in range(4)},
            "rank": np.arange(rows),
            "count": rng.integers(0, 100, rows),
            "at": pa.array(np.arange(rows) * 1_000_000, pa.timestamp("us")),
            "paid": rng.random(rows) < 0.1,
            "customer": words.take(pa.array(rng.integers(0, 50_000, rows))),
            "plan": words.take(pa.array(rng.integers(0, 5, rows))),
        }
    )


def wide(columns: int) -> pa.Table:
    rng = np.random.default_rng(0)
    return pa.table({f"x{number}": rng.normal(size=100) for number in range(columns)})


def measure(run: track.Run, data: Any, rounds: int) -> list[tuple[float, float]]:
    """Milliseconds of each call, by the clock and of the process's threads; the first, which imports, is left out."""
    costs = []
    for _ in range(rounds + 1):
        began, worked = time.perf_counter(), time.process_time()
        run.output("bench://", "x", version="1", data=data)
        costs.append(((time.perf_counter() - began) * 1_000, (time.process_time() - worked) * 1_000))
    return costs[1:]


def tables(rows: list[int]) -> Iterator[tuple[str, pa.Table]]:
    yield from ((f"{number:,} x 10", tall(number)) for number in rows)
    yield from ((f"100 x {number:,}", wide(number)) for number in (1_000, 5_000))


LIBRARIES: dict[str, Callable[[pa.Table], Any]] = {"pandas": pa.Table.to_pandas, "polars": pl.from_arrow, "arrow": lambda t: t}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000, 100_000, 10_000_000])
    arguments = parser.parse_args()
    logging.getLogger("leadline.track").disabled = True
    print(describe(), f"pandas {pd.__version__}, polars {pl.__version__}, pyarrow {pa.__version__}", sep=", ")
    print(f"{'ms':25} {'min':>10} {'median':>10} {'max':>10} {'processor, median':>20}")
    with tempfile.TemporaryDirectory() as spool:
        client = track.Client(Settings(kafka="127.0.0.1:9", schema_registry="http://127.0.0.1:9"), spool=spool)
        with track.Run(client, "bench", "bench://") as run:
            print(row("no data", "", measure(run, None, arguments.rounds)))
            for size, table in tables(arguments.rows):
                for library, make in LIBRARIES.items():
                    print(row(size, library, measure(run, make(table), arguments.rounds)), flush=True)
        client.close()
    return 0


def row(size: str, library: str, costs: list[tuple[float, float]]) -> str:
    clock = [cost for cost, _ in costs]
    processor = statistics.median(cost for _, cost in costs)
    return f"{size:16} {library:8} {min(clock):10.2f} {statistics.median(clock):10.2f} {max(clock):10.2f} {processor:20.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
