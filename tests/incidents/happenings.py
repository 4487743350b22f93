"""What happens to jobs: of the same kinds whether it does harm or not, so that nothing but its effect tells a cause."""

import random
from typing import NamedTuple

from .levels import Disturbance, Level
from .pipelines import Job, Pipeline

KINDS = ("code", "parameter", "package", "schema", "failed", "late", "source", "decision")
"""Those that can be a cause."""
HARMLESS_KINDS = (*KINDS, "code", "code", "package", "parameter", "engine", "owner")
"""Commits are the most frequent of all; a new engine or owner changes nothing in this world."""


class Happening(NamedTuple):
    """At a job from `day` on, for so many days; `subject`: the parameter, package, input or verb that it is about."""

    kind: str
    job: str
    day: int
    days: int
    subject: str
    size: int = 1
    """Days by which an input is late."""


def draw(kind: str, job: Job, day: int, last: int, chance: random.Random) -> Happening:
    day = -(-day // job.period) * job.period
    days, subject, size = last - day, "", 1
    if kind == "failed":
        days = job.period * chance.randint(4, 9)
    elif kind == "late":
        subject, size = chance.choice(sorted(job.reads)), chance.randint(1, 3)
    elif kind == "source":
        subject = chance.choice(sorted(job.reads) or ["landing"])
    elif kind == "parameter":
        subject = chance.choice(("threshold", "window", "min_count", "scale"))
    elif kind == "package":
        subject = chance.choice(("numpy", "pandas", "scikit-learn", "pyarrow"))
    elif kind == "decision":
        subject = chance.choice(("FIX", "APPROVE", "QUARANTINE", "ROLL_BACK"))
    return Happening(kind, job.name, day, days, subject, size)


def suits(kind: str, job: Job) -> bool:
    """Only what reads can read late, and what runs weekly is not late by days."""
    return kind != "late" or (bool(job.reads) and job.period == 1)


def disturbance(pipeline: Pipeline, happenings: list[Happening], added: dict[str, list[Level]]) -> Disturbance:
    fails: dict[str, frozenset[int]] = {}
    late: dict[tuple[str, str], dict[int, int]] = {}
    for one in happenings:
        if one.kind == "failed":
            fails[one.job] = fails.get(one.job, frozenset()) | frozenset(range(one.day, one.day + one.days))
        elif one.kind == "late":
            late[one.job, one.subject] = dict.fromkeys(range(one.day, one.day + one.days), one.size)
    return Disturbance(added, fails, late)


def step_from(day: int, days: int, last: int, effect: Level) -> list[Level]:
    """The effect on so many days from that day on."""
    return [effect if day <= at < day + days else Level(0.0, 0.0) for at in range(last)]


def ramp_from(day: int, days: int, last: int, effect: Level) -> list[Level]:
    """The effect, reached little by little, and staying."""
    shares = (max(0.0, min(1.0, (at - day) / days)) for at in range(last))
    return [Level(effect.content * share, effect.volume * share) for share in shares]
