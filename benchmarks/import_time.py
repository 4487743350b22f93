"""How long `from leadline import track` takes in a new process: `python -m benchmarks.import_time [--rounds 15]`.

Beside it the time of an empty interpreter, and of both the processor's time, which other work on the machine does not stretch.
Budget: 300 ms.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

from .machine import describe


def measure(code: str) -> tuple[float, float]:
    """Milliseconds on the clock and of the processor."""
    before, began = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    after, ended = os.times(), time.perf_counter()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return (ended - began) * 1_000, used * 1_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    print(describe())
    print(f"{'ms':40} {'min':>8} {'median':>8} {'max':>8}")
    for name, code in (("empty interpreter", "pass"), ("from leadline import track", "from leadline import track")):
        found = [measure(code) for _ in range(rounds)]
        for kind, values in zip(("clock", "processor"), zip(*found, strict=True), strict=True):
            print(f"{name + ', ' + kind:40} {min(values):8.1f} {statistics.median(values):8.1f} {max(values):8.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
