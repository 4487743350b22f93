"""Edges as they follow from what is known of the runs: of each run, and of the job with the time in which they held."""

import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import NamedTuple

from leadline.core.clock import Micros
from leadline.events.records import RunIo

from .state import Edge, Interval, Job, Node, Run

_MAX_EDGES = 20_000
"""Of one run: the first in the order of their names. What it read and wrote is whole in the store's run_io."""


class EdgeKey(NamedTuple):
    """What an edge is known by. `run_id` and versions are empty at job level."""

    source: Node
    source_version: str
    target: Node
    target_version: str
    run_id: str
    valid_from: Micros


class Validity(NamedTuple):
    last_seen: Micros
    valid_to: Micros | None


@functools.lru_cache(maxsize=1024)  # the runs of the window are asked again at every event of their job
def nodes(ios: frozenset[RunIo]) -> Mapping[Node, list[RunIo]]:
    """By node, in the order of their names; an entry that says no version falls away where another says one."""
    found: dict[Node, list[RunIo]] = defaultdict(list)
    for io in sorted(ios, key=lambda io: (io.kind, io.namespace, io.name, io.version, io.schema_version)):
        found[Node(io.kind, io.namespace, io.name)].append(io)
    return {node: [io for io in known if io.version] or known for node, known in found.items()}


def run_edges(run: Run) -> dict[EdgeKey, Validity]:
    """Every input with every output of the run, with versions."""
    ending = run.ending
    validity = Validity(ending.time if ending else run.start, None)
    pairs = product(_versions(run.inputs), _versions(run.outputs))
    return {
        EdgeKey(source, source_version, target, target_version, run.run_id, run.start): validity
        for (source, source_version), (target, target_version) in islice(pairs, _MAX_EDGES)
    }


def job_edges(job: Job) -> dict[EdgeKey, Validity]:
    """From the successful runs in the order of their start: an edge holds from the first that has it until one has it not."""
    found: dict[EdgeKey, Validity] = {}
    current = {interval.edge: interval for interval in job.past.intervals}
    for run in job.runs:
        if not speaks_of_edges(job, run):
            continue
        current, closed = advance(current, run)
        found |= {_key(interval): Validity(interval.last_seen, run.start) for interval in closed}
    return found | {_key(interval): Validity(interval.last_seen, None) for interval in current.values()}


def speaks_of_edges(job: Job, run: Run) -> bool:
    """A run that reports neither inputs nor outputs says nothing about them; a failed one cannot be trusted to be whole."""
    return run.succeeded and bool(run.inputs or run.outputs) and job.in_window(run)


def advance(current: dict[Edge, Interval], run: Run) -> tuple[dict[Edge, Interval], list[Interval]]:
    """The intervals that hold after the run, and those that it ended."""
    ending = run.ending
    assert ending is not None
    held = {}
    for source, target in islice(product(nodes(run.inputs), nodes(run.outputs)), _MAX_EDGES):
        edge = Edge(source, target)
        before = current.get(edge)
        held[edge] = Interval(edge, run.start, ending.time) if before is None else _seen(before, ending.time)
    return held, [interval for edge, interval in current.items() if edge not in held]


def _seen(interval: Interval, at: Micros) -> Interval:
    return Interval(interval.edge, interval.valid_from, max(interval.last_seen, at))


def _versions(ios: frozenset[RunIo]) -> Iterator[tuple[Node, str]]:
    for node, known in nodes(ios).items():
        for version in sorted({io.version for io in known}):
            yield node, version


def _key(interval: Interval) -> EdgeKey:
    return EdgeKey(interval.edge.source, "", interval.edge.target, "", "", interval.valid_from)
