"""How well explanations do: `python -m tests.incidents --seeds 1..30`. Starts a store of its own.

Of every three seeds two have a cause and one has none.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from leadline.history.connection import connect
from tests.stack.facts import running_store

from .incident import make_incident
from .trial import Outcome, ask


def has_cause(seed: int) -> bool:
    return seed % 3 != 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.incidents", description=__doc__)
    parser.add_argument("--seeds", default="1..30", help="first..last")
    parser.add_argument("--days-later", type=int, default=0, help="When it is asked: so many days after the alert opened.")
    arguments = parser.parse_args()
    first, last = map(int, arguments.seeds.split(".."))
    outcomes = []
    with tempfile.TemporaryDirectory() as data, running_store(Path(data)) as settings:
        client = connect(settings)
        for seed in range(first, last + 1):
            outcomes.append(ask(client, make_incident(seed, with_cause=has_cause(seed)), arguments.days_later))
            sys.stdout.write(row(outcomes[-1]) + "\n")
            sys.stdout.flush()
        client.close()
    sys.stdout.write("\n".join(summary(outcomes)) + "\n")
    return 0


def row(outcome: Outcome) -> str:
    incident, first = outcome.incident, next(iter(outcome.found.causes), None)
    where = f"{incident.cause.job} > {incident.target}" if incident.cause else incident.target
    named = f"{first.confidence:6} {first.probability:4.0%} {first.change.what} of {first.change.job_name}" if first else "-"
    changes = len(outcome.found.causes)
    size = f"{incident.size:+.1f}"
    wait = incident.alert_day - incident.onset
    return (
        f"{incident.seed:4} {incident.kind:10}{where:28}{size:>5}{wait:4} d {changes:3} rank {outcome.rank or '-':>2}  {named}"
    )


def summary(outcomes: list[Outcome]) -> list[str]:
    caused = [one for one in outcomes if one.incident.cause]
    calm = [one for one in outcomes if not one.incident.cause]
    sure = [one for one in caused if one.claimed]
    return [
        f"cause ranked first: {sum(one.rank == 1 for one in caused)} of {len(caused)}",
        f"named with confidence: {len(sure)}, rightly {sum(one.rank == 1 for one in sure)}",
        f"without a cause, none claimed: {sum(one.claimed is None for one in calm)} of {len(calm)}",
    ]


if __name__ == "__main__":
    raise SystemExit(main())
