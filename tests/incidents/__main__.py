"""How well explanations do: `python -m tests.incidents --seeds 1..30`. Starts a store of its own; some 20 seconds a seed.

Of every three seeds two have a cause and one has none. Each is asked about on the evening of the alert's day, and days later.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from clickhouse_connect.driver.client import Client

from leadline.history.connection import connect
from tests.stack.facts import running_store

from .incident import make_incident
from .trial import DAYS_LATER, Outcome, ask


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.incidents", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="1..30", help="first..last")
    first, last = map(int, parser.parse_args().seeds.split(".."))
    outcomes = []
    with tempfile.TemporaryDirectory() as data, running_store(Path(data)) as settings:
        client = connect(settings)
        for outcome in ask_all(client, range(first, last + 1)):
            outcomes.append(outcome)
            sys.stdout.write(row(outcome) + "\n")
            sys.stdout.flush()
        client.close()
    for days_later in DAYS_LATER:
        sys.stdout.write(summary(days_later, outcomes) + "\n")
    return 0


def ask_all(client: Client, seeds: Iterable[int]) -> Iterator[Outcome]:
    for seed in seeds:
        yield from ask(client, make_incident(seed, with_cause=seed % 3 != 0))


def row(outcome: Outcome) -> str:
    """Seed, what happened where, its size, days from touch to alert, when it was asked, rank, and what was ranked first."""
    incident, first = outcome.incident, next(iter(outcome.found.causes), None)
    where = f"{incident.cause.job} > {incident.target}" if incident.cause else incident.target
    named = f"{first.confidence:6} {first.probability:4.0%} {first.change.what} of {first.change.job_name}" if first else "-"
    when = f"{incident.size:+5.1f} after {incident.alert_day - incident.onset:2} d, asked +{outcome.days_later} d"
    return f"{incident.seed:4} {incident.kind:10}{where:25}{when}  rank {outcome.rank or '-':>2}  {named}"


def summary(days_later: int, outcomes: Iterable[Outcome]) -> str:
    asked = [one for one in outcomes if one.days_later == days_later]
    caused = [one for one in asked if one.incident.cause]
    claimed = [one for one in caused if one.claimed]
    calm = [one for one in asked if not one.incident.cause]
    return (
        f"+{days_later} d: cause ranked first in {sum(one.rank == 1 for one in caused)} of {len(caused)}, "
        f"named with confidence in {len(claimed)}, rightly in {sum(one.rank == 1 for one in claimed)}; "
        f"none claimed in {sum(one.claimed is None for one in calm)} of the {len(calm)} without one"
    )


if __name__ == "__main__":
    raise SystemExit(main())
