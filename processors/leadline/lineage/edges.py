"""Edges as they follow from what is known of the runs: of each run, and of the job with the time in which they held.

A job's edges follow from words: what a successful run had said by then, at its success and whenever it said more, and what the
definitions of the job say. They are taken in the order of their times, so that what happens later changes nothing of before.
"""

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import replace

from leadline.core.clock import HOUR, Micros
from leadline.events.records import RunIo

from .same import Same
from .state import Columns, Design, Edge, Interval, Job, Node, Past, Run, Said, Transformations, whole

_MAX_EDGES = 20_000
"""Of one run: the first in the order of their names. What it read and wrote is whole in the store's run_io."""

Held = Mapping[Edge, Interval]


class EdgeKey(NamedTuple):
    """What an edge is known by. `run_id` and versions are empty but at run level."""

    edge: Edge
    source_version: str
    target_version: str
    run_id: str
    valid_from: Micros


class Validity(NamedTuple):
    last_seen: Micros
    valid_to: Micros | None
    transformations: Transformations = ()


class Word(NamedTuple):
    """What one successful run, or one definition of the job (`design`), says of edges at a time."""

    order: tuple[Micros, str]
    inputs: frozenset[RunIo]
    outputs: frozenset[RunIo]
    controls: frozenset[Edge]
    columns: "ColumnSets"
    partial: bool = False
    design: bool = False


class ColumnSets:
    """Edges between columns, compared by their digests: they may be many."""

    def __init__(self, digests: frozenset[str], known: Mapping[str, Columns]) -> None:
        self._digests = digests
        self.sets = [known[digest] for digest in sorted(digests)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ColumnSets) and self._digests == other._digests

    def __hash__(self) -> int:
        return hash(self._digests)


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
        EdgeKey(Edge(source, target), source_version, target_version, run.run_id, run.start): validity
        for (source, source_version), (target, target_version) in islice(pairs, _MAX_EDGES)
    }


def words(job: Job) -> tuple[Word, ...]:
    """Of all runs and definitions, in their order, but for those that are summed up."""
    known = Same(job.columns)
    found = [word for run in job.runs for word in words_of_run(Same(run), known)]
    found += [_design_word(job, design) for design in job.designs]
    if job.past.words_until is not None:
        found = [word for word in found if word.order > job.past.words_until]
    found.sort(key=attrgetter("order"))
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def words_of_run(same: Same[Run], known: Same[dict[str, Columns]]) -> tuple[Word, ...]:
    """At each success, and whenever a run that has succeeded says more; a test says nothing.

    A run that says neither what it read nor what it wrote says nothing of edges; a failed one cannot be trusted to be whole.
    """
    run = same.thing
    first = min((ending.time for ending in run.endings if ending.type == "COMPLETE"), default=None)
    if first is None or run.mode == "TEST" or not run.said:
        return ()
    times = {ending.time for ending in run.endings if ending.type == "COMPLETE"} | {at for at in run.said if at > first}
    found = []
    for at in sorted(times):
        said = [part for time, part in run.said.items() if time <= at]
        if said and _succeeded(run, at):
            found.append(_word(run.run_id, at, said, known.thing))
    return tuple(word for word in found if word.inputs or word.outputs or word.controls)


def _succeeded(run: Run, at: Micros) -> bool:
    """As it was then."""
    return max((ending.standing, ending.type) for ending in run.endings if ending.time <= at)[1] == "COMPLETE"


def validities(past: Past, before: tuple[Word, ...], after: tuple[Word, ...]) -> tuple[dict[EdgeKey, Validity], ...]:
    """What follows from the words `before` and from those `after`, without what closed before they differ."""
    same = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    held = _memory(Same(past)).after(before[:same])
    return tuple(_validities(held, later[same:]) for later in (before, after))


def _validities(held: Held, later: tuple[Word, ...]) -> dict[EdgeKey, Validity]:
    """An edge holds from the first that has it until one has it not."""
    found: dict[EdgeKey, Validity] = {}
    for word in later:
        held, closed = advance(held, word)
        found |= {_key(interval): _validity(interval, word.order[0]) for interval in closed}
    return found | {_key(interval): _validity(interval, None) for interval in held.values()}


class _Memory:
    """What held after the words that were asked for last: of a job that goes on, all but the newest are the same again."""

    def __init__(self, past: Past) -> None:
        self._past: Held = {interval.edge: interval for interval in past.intervals}
        self._said: tuple[Word, ...] = ()
        self._held: Held = self._past

    def after(self, said: tuple[Word, ...]) -> Held:
        known = len(self._said)
        if said[:known] != self._said:
            known, self._held = 0, self._past
        for word in said[known:]:
            self._held, _ = advance(self._held, word)
        self._said = said
        return self._held


@functools.lru_cache(maxsize=512)
def _memory(past: Same[Past]) -> _Memory:
    return _Memory(past.thing)


def advance(held: Held, word: Word) -> tuple[Held, list[Interval]]:
    """The intervals that hold after the word, and those that it ended."""
    said = _edges(word)
    now = {edge: _confirmed(held.get(edge), edge, word, transformations) for edge, transformations in said.items()}
    denied = _Denial(word, said)
    ended = []
    for edge, interval in held.items():
        if edge in denied:
            ran, designed = interval.ran and word.design, interval.designed and not word.design
            if not (ran or designed):
                ended.append(interval)
                continue
            now[edge] = replace(interval, ran=ran, designed=designed)
        elif edge not in said:
            now[edge] = interval
    return now, ended


def _confirmed(before: Interval | None, edge: Edge, word: Word, transformations: Transformations) -> Interval:
    if before is None:
        return Interval(edge, word.order[0], word.order[0], transformations, ran=not word.design, designed=word.design)
    return Interval(
        edge,
        before.valid_from,
        word.order[0],
        transformations,
        ran=before.ran or not word.design,
        designed=before.designed or word.design,
    )


class _Denial:
    """The edges that are no more, since a word that would have them has them not."""

    def __init__(self, word: Word, said: Mapping[Edge, Transformations]) -> None:
        self._said = said
        self._silent = word.partial
        self._data = bool(word.inputs or word.outputs)
        self._control = bool(word.controls)
        self._described = {edge.target for edge in said if edge.source_field}

    def __contains__(self, edge: Edge) -> bool:
        if self._silent or edge in self._said:
            return False
        match edge.granularity:
            case "CONTROL":
                return self._control
            case "COLUMN":  # a tool that tells columns of a target tells them all
                return edge.target in self._described or (self._data and Edge(edge.source, edge.target) not in self._said)
        return self._data


def _edges(word: Word) -> dict[Edge, Transformations]:
    data = islice(product(nodes(word.inputs), nodes(word.outputs)), _MAX_EDGES)
    found: dict[Edge, Transformations] = {Edge(source, target): () for source, target in data}
    found |= dict.fromkeys(sorted(word.controls), ())
    columns = (column for known in word.columns.sets for column in known)
    for edge, transformations in islice(columns, _MAX_EDGES):
        found.setdefault(Edge(edge.source, edge.target), ())  # tools tell columns of data that they do not list as inputs
        known = found.get(edge, ())
        found[edge] = transformations if known in ((), transformations) else _union(known, transformations)
    return found


def _union(some: Transformations, others: Transformations) -> Transformations:
    return tuple(sorted({*some, *others}, key=lambda one: (one.type, one.subtype, one.masking)))


def _word(run_id: str, at: Micros, said: list[Said], known: Mapping[str, Columns]) -> Word:
    return Word(
        (at, run_id),
        whole([part.inputs for part in said]),
        whole([part.outputs for part in said]),
        whole([part.controls for part in said]),
        ColumnSets(whole([part.columns for part in said]), known),
        partial=any(part.partial for part in said),
    )


def _design_word(job: Job, design: Design) -> Word:
    columns = ColumnSets(frozenset(filter(None, [design.columns])), job.columns)
    return Word(design.order, design.inputs, design.outputs, frozenset(), columns, design=True)


def _versions(ios: frozenset[RunIo]) -> Iterator[tuple[Node, str]]:
    for node, known in nodes(ios).items():
        for version in sorted({io.version for io in known}):
            yield node, version


def _key(interval: Interval) -> EdgeKey:
    return EdgeKey(interval.edge, "", "", "", interval.valid_from)


def _validity(interval: Interval, valid_to: Micros | None) -> Validity:
    """Columns are confirmed to the hour: a wide table that is written every minute would send thousands of edges each time."""
    seen = interval.last_seen
    if interval.edge.source_field:
        seen = max(interval.valid_from, seen - seen % HOUR)
    return Validity(seen, valid_to, interval.transformations)


def summed_up(intervals: Iterable[Interval], said: Iterable[Word]) -> tuple[Interval, ...]:
    """The intervals that hold after the words."""
    held: Held = {interval.edge: interval for interval in intervals}
    for word in said:
        held, _ = advance(held, word)
    return tuple(held.values())
