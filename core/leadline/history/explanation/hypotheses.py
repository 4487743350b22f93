"""How well each answer fits all that was measured on the way: a change, something that nobody reported, nothing at all.

An effect is felt at every job downstream of where it began, from the first run that it could touch, and nowhere else. So what
other jobs upstream measured speaks for a cause at whose place things became other, and against one that lies below it (the
shift was there before) or above it (it would have been seen there).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from .candidates import Candidate, first_row
from .reach import Reach
from .witnesses import Witness

TRUST = 0.7
"""What others measured counts for less: chance goes down the pipeline too, so they are not independent."""
UNKNOWN, WILD, DRIFT = 2.0, 2.0, 2.0
"""Priors of a shift, a wild row and a drift that no known change is behind, each over all places, beside 1.0 of a commit."""
NOTHING = 2.0
"""Prior of no effect at all: the bound was left by chance."""


class Weighed(NamedTuple):
    """Probability of each candidate, and of all others together; `elsewhere` is the likeliest place of what nobody reported."""

    candidates: list[float]
    unknown: float
    elsewhere: "Place | None"


class Place(NamedTuple):
    """Something began at that row of the witness."""

    witness: Witness
    row: int
    shape: str


def weigh(candidates: Sequence[Candidate], main: Witness, others: Sequence[Witness], reach: Reach) -> Weighed:
    logs = [math.log(one.prior) + _of_candidate(one, main, others, reach) for one in candidates]
    places = [*_places(main, others, reach)]
    unknown = [(place, value - math.log(len(places) / 3)) for place, value in places]
    nothing = math.log(NOTHING)
    top = max([nothing, *logs, *(value for _, value in unknown)])
    shares = [math.exp(value - top) for value in logs]
    rest = [math.exp(value - top) for _, value in unknown]
    total = sum(shares) + sum(rest) + math.exp(nothing - top)
    likeliest = max(unknown, key=lambda one: one[1], default=None)
    return Weighed([share / total for share in shares], sum(rest) / total, likeliest[0] if likeliest else None)


def _of_candidate(one: Candidate, main: Witness, others: Iterable[Witness], reach: Reach) -> float:
    total = 0.0
    for witness in (main, *others):
        if witness is not main and reach.path(one.change.job, witness.job) is None:
            continue
        first = one.row if witness is main else first_row(one.change, one.touched, witness, reach)
        if first is not None:
            total += _share(witness, main) * witness.patterns.spell(first, _end(one, witness))
    return total


def _end(one: Candidate, witness: Witness) -> int | None:
    """After the last row that it could touch; None: it goes on."""
    touched = [witness.rows[run] for run in one.touched if run in witness.rows]
    return max(touched) + 1 if one.passed and touched else None


def _places(main: Witness, others: Sequence[Witness], reach: Reach) -> Iterable[tuple[Place, float]]:
    """Every row of every job that measured, with what speaks for each shape there, priors included."""
    shapes: list[tuple[str, float, Callable[[Witness, int], float]]] = [
        ("shift", UNKNOWN, lambda witness, row: witness.patterns.spell(row)),
        ("wild", WILD, lambda witness, row: witness.patterns.spell(row, row + 1)),
        ("drift", DRIFT, lambda witness, row: witness.patterns.drift(row)),
    ]
    for start in (main, *others):
        for row, run in enumerate(start.table.runs):
            if row:
                touched = reach.reached([run])
                felt = [(witness, _first(touched, witness, start, row)) for witness in (main, *others)]
                for name, prior, odds in shapes:
                    sums = (_share(one, main) * odds(one, first) for one, first in felt if first is not None)
                    yield Place(start, row, name), math.log(prior) + sum(sums)


def _first(touched: set[tuple[str, str, str]], witness: Witness, start: Witness, row: int) -> int | None:
    if witness is start:
        return row
    return min((witness.rows[run] for run in touched if run in witness.rows), default=None)


def _share(witness: Witness, main: Witness) -> float:
    return 1.0 if witness is main else TRUST
