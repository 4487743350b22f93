"""A pipeline of 50 jobs in layers, drawn from a seed: who reads what, and how much of it is felt in what is made of it."""

import random
from typing import NamedTuple

LAYERS = {"ingest": 9, "clean": 10, "features": 11, "training": 6, "scoring": 8, "reports": 6}
_READS = {
    "ingest": {},
    "clean": {"ingest": (1, 2)},
    "features": {"clean": (1, 3)},
    "training": {"features": (2, 3)},
    "scoring": {"features": (1, 2), "training": (1, 1)},
    "reports": {"scoring": (1, 2), "features": (0, 1)},
}
"""Layer to the layers that its jobs read, each with the fewest and the most."""
WATCHED = ("scoring", "reports")
"""Layers whose outputs have bounds."""
_METRICS = ("mean", "null_share", "rows", "p95", "distinct")


class Metric(NamedTuple):
    """How a metric is made of the levels of the data (content, volume) and of chance; `center` and `scale` in its unit."""

    name: str
    content: float
    volume: float
    noise: float
    center: float
    scale: float


class Job(NamedTuple):
    """`reads`: the jobs whose output it reads, with weights; it runs every `period` days. No metrics: it measures nothing."""

    name: str
    layer: str
    reads: dict[str, float]
    noise: float
    period: int
    metrics: tuple[Metric, ...]


Pipeline = dict[str, Job]
"""By name, makers before readers."""


def make_pipeline(chance: random.Random) -> Pipeline:
    found: Pipeline = {}
    for layer, size in LAYERS.items():
        for number in range(1, size + 1):
            job = _job(f"{layer}-{number}", layer, found, chance)
            found[job.name] = job
    return found


def upstream(pipeline: Pipeline, name: str) -> dict[str, int]:
    """The jobs that the job's input comes from, with the hops to the nearest way."""
    found, frontier, hops = {name: 0}, [name], 0
    while frontier:
        hops += 1
        frontier = sorted({read for one in frontier for read in pipeline[one].reads} - found.keys())
        found |= dict.fromkeys(frontier, hops)
    del found[name]
    return found


def _job(name: str, layer: str, earlier: Pipeline, chance: random.Random) -> Job:
    reads = [
        one
        for below, (fewest, most) in _READS[layer].items()
        for one in chance.sample([job.name for job in earlier.values() if job.layer == below], chance.randint(fewest, most))
    ]
    shares = [chance.uniform(0.5, 1.5) for _ in reads]
    measures = layer in WATCHED or chance.random() < 0.6
    return Job(
        name=name,
        layer=layer,
        reads={one: 0.95 * share / sum(shares) for one, share in zip(reads, shares, strict=True)},
        noise=chance.uniform(0.2, 0.5),
        period=chance.choice((1, 7)) if layer == "training" else 1,
        metrics=_metrics(chance) if measures else (),
    )


def _metrics(chance: random.Random) -> tuple[Metric, ...]:
    """The first follows the content; the others a mixture, some hardly anything."""
    names = (_METRICS[0], *chance.sample(_METRICS[1:], chance.randint(1, 4)))
    return tuple(
        Metric(
            name=name,
            content=1.0 if name == _METRICS[0] else chance.choice((-1, 1)) * chance.uniform(0.0, 0.8),
            volume=0.0 if name == _METRICS[0] else chance.uniform(0.0, 1.0),
            noise=chance.uniform(0.2, 0.6),
            center=chance.uniform(10, 100),
            scale=chance.uniform(0.5, 5),
        )
        for name in names
    )
