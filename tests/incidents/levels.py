"""How the data is, day by day: two levels (content, volume) of what each job makes, in units in which chance is about one."""

import math
import random
from collections.abc import Mapping
from typing import NamedTuple

from .pipelines import Job, Pipeline

WEEK = 7


class Level(NamedTuple):
    content: float
    volume: float

    def plus(self, other: "Level", weight: float = 1.0) -> "Level":
        return Level(self.content + weight * other.content, self.volume + weight * other.volume)


ZERO = Level(0.0, 0.0)
Levels = dict[str, list[Level]]
"""Of each job's output, one a day."""


class Disturbance(NamedTuple):
    """What happens: `added` to a job's output, days on which a job fails, days by which it reads an input late."""

    added: Mapping[str, list[Level]] = {}
    fails: Mapping[str, frozenset[int]] = {}
    late: Mapping[tuple[str, str], Mapping[int, int]] = {}


def make_noise(pipeline: Pipeline, days: int, chance: random.Random) -> Levels:
    """What comes from outside (a world that wanders, seasons of a week) and each job's own chance."""
    world = _wandering(days, chance)
    return {job.name: _outside(world, chance) if not job.reads else _own(job, days, chance) for job in pipeline.values()}


def levels(pipeline: Pipeline, noise: Levels, days: int, happened: Disturbance) -> Levels:
    found: Levels = {}
    for job in pipeline.values():
        made: list[Level] = []
        added = happened.added.get(job.name)
        for day in range(days):
            if made and (day % job.period or day in happened.fails.get(job.name, frozenset())):
                fresh = made[-1] if added is None else made[-1].plus(added[day - 1], -1.0)  # what is there stays as it was
            else:
                fresh = _read(job, day, found, happened).plus(noise[job.name][day])
            made.append(fresh if added is None else fresh.plus(added[day]))
        found[job.name] = made
    return found


def _read(job: Job, day: int, made: Levels, happened: Disturbance) -> Level:
    """A weekly job reads the week."""
    total = ZERO
    for read, weight in job.reads.items():
        at = max(0, day - happened.late.get((job.name, read), {}).get(day, 0))
        window = made[read][max(0, at - job.period + 1) : at + 1]
        for level in window:
            total = total.plus(level, weight / len(window))
    return total


def _wandering(days: int, chance: random.Random) -> list[Level]:
    """Each day like the one before, but for a third."""
    found = [ZERO]
    while len(found) < days:
        found.append(Level(*(0.7 * part + chance.gauss(0, 0.35) for part in found[-1])))
    return found


def _outside(world: list[Level], chance: random.Random) -> list[Level]:
    peaks = [(chance.uniform(0, WEEK), chance.uniform(0.1, 0.8)) for _ in ZERO]
    share = chance.uniform(0.4, 1.0)
    return [
        Level(
            *(
                share * part + size * math.cos(2 * math.pi * (day - peak) / WEEK) + chance.gauss(0, 0.6)
                for part, (peak, size) in zip(level, peaks, strict=True)
            )
        )
        for day, level in enumerate(world)
    ]


def _own(job: Job, days: int, chance: random.Random) -> list[Level]:
    return [Level(chance.gauss(0, job.noise), chance.gauss(0, job.noise)) for _ in range(days)]
