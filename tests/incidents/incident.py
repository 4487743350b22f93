"""One incident, drawn from a seed: a pipeline, what happens to it in ten weeks, and a metric that leaves its bounds.

Harmless happenings are the same as harmful ones, with no effect. An effect is measured at the metric of the alert, in units of
what it usually varies; where chance hides it so well that no alert opens, chance is drawn anew.
"""

import itertools
import random
import statistics
from collections.abc import Iterable
from typing import NamedTuple

from .happenings import HARMLESS_KINDS, KINDS, Happening, disturbance, draw, ramp_from, step_from, suits
from .levels import Disturbance, Level, Levels, levels, make_noise
from .pipelines import WATCHED, Job, Metric, Pipeline, make_pipeline, upstream

DAYS = 70
USUAL_DAYS = 35
"""Bounds are set after so many days."""
BOUND = 3.0
"""From the middle, in units of what the metric usually varies."""
NO_CAUSE = ("outlier", "drift", "world")
HARMLESS = (12, 18)
BEFORE, AFTER = 20, 12
"""Days around the incident in which the harmless happens."""


Values = dict[str, list[list[float]]]
"""Of each job's metrics, by day."""


class Incident(NamedTuple):
    """`onset`: the day from which on the target is touched."""

    seed: int
    kind: str
    pipeline: Pipeline
    cause: Happening | None
    harmless: list[Happening]
    target: str
    bounds: dict[str, tuple[float, float]]
    values: Values
    onset: int
    alert_day: int
    size: float
    """Of the effect at the target, in what it usually varies."""

    @property
    def happenings(self) -> list[Happening]:
        return [*self.harmless, *([self.cause] if self.cause else [])]


class World(NamedTuple):
    """What chance does to a pipeline, and all that happens to it but for the effect of the cause."""

    pipeline: Pipeline
    noise: Levels
    luck: Values
    plain: Disturbance

    def measured(self, added: dict[str, list[Level]]) -> Values:
        made = levels(self.pipeline, self.noise, DAYS, self.plain._replace(added=added))
        return {
            job.name: [
                [_value(metric, level, luck) for metric, luck in zip(job.metrics, lucks, strict=True)]
                for level, lucks in zip(made[job.name], self.luck[job.name], strict=True)
            ]
            for job in self.pipeline.values()
        }


def make_incident(seed: int, *, with_cause: bool) -> Incident:
    """The same seed gives the same incident."""
    chances = (random.Random(f"incident/{seed}/{with_cause}/{attempt}") for attempt in itertools.count())
    return next(found for chance in chances if (found := _draw(seed, chance, with_cause=with_cause)))


def _draw(seed: int, chance: random.Random, *, with_cause: bool) -> Incident | None:
    pipeline = make_pipeline(chance)
    target = chance.choice([job.name for job in pipeline.values() if job.layer in WATCHED])
    above = upstream(pipeline, target)
    day = chance.randint(42, 55)
    kind = chance.choice(KINDS if with_cause else NO_CAUSE)
    place = pipeline[chance.choice(_places(pipeline, kind, above, target))]
    cause = draw(kind, place, day, DAYS, chance) if with_cause else None
    harmless = [_harmless(pipeline, [*above, target], day, chance) for _ in range(chance.randint(*HARMLESS))]
    if cause and any((one.job, one.kind) == (cause.job, cause.kind) for one in harmless):
        return None
    noise, luck = make_noise(pipeline, DAYS, chance), _luck(pipeline, chance)
    world = World(pipeline, noise, luck, disturbance(pipeline, [*harmless, *([cause] if cause else [])], {}))
    before = world.measured({})
    bounds = {name: _bound(before[name]) for name, job in pipeline.items() if job.layer in WATCHED}
    size = chance.choice((-1, 1)) * (chance.uniform(4, 6) if kind == "outlier" else chance.uniform(1.5, 4.0))
    unit = _effect(kind, cause, day, Level(1.0, chance.uniform(-0.5, 0.5)), chance)
    factor = _factor(before[target], world.measured({place.name: unit})[target], size)
    if factor is None:
        return None
    after = world.measured({place.name: [Level(one.content * factor, one.volume * factor) for one in unit]})
    found = _opening(before[target], after[target], bounds[target], world.plain.fails.get(target, frozenset()), size)
    return Incident(seed, kind, pipeline, cause, harmless, target, bounds, after, *found, size) if found else None


def _opening(
    before: list[list[float]], after: list[list[float]], bound: tuple[float, float], silent: frozenset[int], size: float
) -> tuple[int, int] | None:
    """Since when the target is touched, and when it leaves its bound to that side, after a week within it."""
    low, high = bound
    onset = next(at for at in range(DAYS) if abs(after[at][0] - before[at][0]) > 1e-9)
    outside = (at for at in range(onset, DAYS) if at not in silent and not low <= after[at][0] <= high)
    opened = next(outside, None)
    calm = all(low <= row[0] <= high for row in after[onset - 7 : onset])
    if opened is None or not calm or (after[opened][0] > high) != (size > 0):
        return None
    return onset, opened


def _places(pipeline: Pipeline, kind: str, above: Iterable[str], target: str) -> list[str]:
    """Where it can begin; a target that fails measures nothing, and the world comes in where data comes in."""
    if kind == "outlier":
        return [target]
    if kind in NO_CAUSE:
        return [name for name in above if not pipeline[name].reads]
    return [name for name in [*above, *([] if kind == "failed" else [target])] if suits(kind, pipeline[name])]


def _harmless(pipeline: Pipeline, above: list[str], day: int, chance: random.Random) -> Happening:
    """Two of three upstream of the target."""
    kind = chance.choice(HARMLESS_KINDS)
    names = above if chance.random() < 0.67 else list(pipeline)
    job = pipeline[chance.choice([name for name in names if suits(kind, pipeline[name])])]
    return draw(kind, job, chance.randint(day - BEFORE, day + AFTER), DAYS, chance)


def _effect(kind: str, cause: Happening | None, day: int, size: Level, chance: random.Random) -> list[Level]:
    if kind == "outlier":
        return step_from(day, 1, DAYS, size)
    if kind == "drift":
        return ramp_from(day - 20, chance.randint(25, 35), DAYS, size)
    return step_from(cause.day if cause else day, cause.days if cause else DAYS, DAYS, size)


def _factor(before: list[list[float]], after: list[list[float]], size: float) -> float | None:
    """What makes the effect so many of the metric's usual spreads; None where it hardly gets there."""
    most = max((new[0] - old[0] for new, old in zip(after, before, strict=True)), key=abs)
    spread = statistics.pstdev(row[0] for row in before[:USUAL_DAYS])
    return size * spread / most if abs(most) >= 0.05 * spread else None


def _value(metric: Metric, level: Level, luck: float) -> float:
    return metric.center + metric.scale * (metric.content * level.content + metric.volume * level.volume + metric.noise * luck)


def _luck(pipeline: Pipeline, chance: random.Random) -> Values:
    return {job.name: [[chance.gauss(0, 1) for _ in job.metrics] for _ in range(DAYS)] for job in pipeline.values()}


def _bound(rows: list[list[float]]) -> tuple[float, float]:
    usual = [row[0] for row in rows[:USUAL_DAYS]]
    middle, spread = statistics.fmean(usual), statistics.pstdev(usual)
    return middle - BOUND * spread, middle + BOUND * spread


def maker_day(job: Job, day: int, failed: frozenset[int]) -> int | None:
    """The day of the job's last good run on or before that day; None: there was none."""
    return next((at for at in range(day, -1, -1) if at % job.period == 0 and at not in failed), None)
