"""The lineage walk: from a node upstream or downstream, hop by hop, one query per hop, however many nodes are walked from.

Bounded in depth, nodes and time, and what a bound cut off is said in the answer. Cycles end where they began, since a node
is expanded once.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Generic, Literal, TypeVar

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .aliases import Alias, Aliases, aliases
from .edges import Times, edges
from .node import NodeRef, job
from .query import MOMENT, NODE_SET, among, fetch, node_set, where
from .temporary import is_temporary
from .watermark import complete_until

Direction = Literal["up", "down"]
DEPTH = 10
MAX_NODES = 2_000
SECONDS = 5.0
NOW = Times()
_PARAMETER_BYTES = 100_000
"""Of nodes in one query: servers refuse parameters over 128 KB."""


class LineageEdge(msgspec.Struct, frozen=True):
    """`target` was made from `source` by `job`."""

    source: NodeRef
    target: NodeRef
    job: NodeRef
    valid_from: Micros
    valid_to: Micros | None
    last_seen: Micros | None
    """End of the newest run that confirmed it; None where it is asked as of a time, since only the newest is kept."""


class JobUse(msgspec.Struct, frozen=True):
    """A job that reads (INPUT) or writes (OUTPUT) a node."""

    job: NodeRef
    node: NodeRef
    direction: str


class Reached(msgspec.Struct, frozen=True):
    """A node of the answer; distance in hops of data. A job is as far away as the node that it makes (down: reads)."""

    kind: str
    namespace: str
    name: str
    distance: int
    owner: str = ""
    """Asked for apart, where it is wanted."""
    temporary: bool = False
    """It exists only between two steps of a tool; pictures leave it out."""

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Lineage(msgspec.Struct, frozen=True):
    """What was found, and how far it can be trusted."""

    node: NodeRef
    direction: Direction
    depth: int
    nodes: list[Reached]
    """Data and jobs, nearest first; without the node itself."""
    edges: list[LineageEdge]
    uses: list[JobUse]
    as_of: Micros | None
    """None: as it is now."""
    watermark: Micros | None
    """The store had everything up to then; None: nothing is known about that."""
    truncated: str
    """Why there may be more: depth, nodes, time or aliases; empty: this is all."""
    unresolved: int
    """Upstream: data that no known job makes. Downstream: 0."""
    known_at: Micros | None = None
    """None: as it is known now."""
    since: Micros | None = None
    """None: whenever it was confirmed last."""
    aliases: list[Alias] = []
    """Names that were taken for the same node, each with the reason."""


def walk(
    client: Client,
    node: NodeRef,
    direction: Direction,
    *,
    depth: int = DEPTH,
    as_of: Micros | None = None,
    known_at: Micros | None = None,
    since: Micros | None = None,
    max_nodes: int = MAX_NODES,
    seconds: float = SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> Lineage:
    """What `node` was made from (up) or what was made from it (down), over job-level edges.

    `as_of`, `known_at`, `since`: see Times. `seconds` bounds the hops, not the query under way.
    """
    ways = walks(
        client,
        [node],
        direction,
        depth=depth,
        times=Times(as_of, known_at, since),
        max_nodes=max_nodes,
        seconds=seconds,
        watermark=complete_until(client),
        monotonic=monotonic,
    )
    return ways[node]


def walks(
    client: Client,
    starts: Iterable[NodeRef],
    direction: Direction,
    *,
    watermark: Micros | None,
    depth: int = DEPTH,
    times: Times = NOW,
    max_nodes: int = MAX_NODES,
    seconds: float = SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> dict[NodeRef, Lineage]:
    """What `walk` gives from each of these, with the queries of one walk.

    `max_nodes` is for each of them; `seconds` is for all together. `watermark` is what `complete_until` said before.
    """
    deadline = monotonic() + seconds
    up = direction == "up"
    known = aliases(client, times)
    ways = [_Way(start, up, max_nodes, known) for start in dict.fromkeys(starts)]
    for distance in range(1, depth + 1):
        going = [way for way in ways if way.frontier and not way.truncated]
        if not going:
            break
        if monotonic() > deadline:
            for way in going:
                way.truncated = "time"
            break
        _hop(client, going, up, times, distance)
    _add_jobs(client, ways, up, times)
    return {way.start: way.lineage(direction, depth, times, watermark) for way in ways}


def _hop(client: Client, ways: list["_Way"], up: bool, times: Times, distance: int) -> None:
    from_jobs = [way for way in ways if distance == 1 and way.start.kind == "JOB"]
    if from_jobs:
        jobs = [way.start for way in from_jobs]
        used = _Near(uses_of_jobs(client, jobs, "INPUT" if up else "OUTPUT", times), lambda use: use.job)
        held = _Near(_edges_of_jobs(client, jobs, up, times), lambda edge: edge.job)
        for way in from_jobs:
            now = {edge.source if up else edge.target for edge in held.of([way.start])}
            way.begin([use for use in used.of([way.start]) if not now or use.node in now])
    frontier = {node: None for way in ways if way not in from_jobs for node in way.frontier}
    edges = _Near(_edges(client, list(frontier), up, times), lambda edge: edge.target if up else edge.source)
    for way in ways:
        if way not in from_jobs:
            way.hop(edges.of(way.frontier), distance)


def _add_jobs(client: Client, ways: list["_Way"], up: bool, times: Times) -> None:
    """Edges know the jobs that turn data into data; this adds those that only write, or only read."""
    data = {node: None for way in ways for node in way.data()}
    uses = _Near(uses_of_data(client, list(data), "OUTPUT" if up else "INPUT", times), lambda use: use.node)
    for way in ways:
        way.add_jobs(uses.of(way.data()))


Found = TypeVar("Found")


class _Near(Generic[Found]):
    """What was found for the nodes of several walks, to be split among them in the order in which it was found."""

    def __init__(self, found: Iterable[Found], node: Callable[[Found], NodeRef]) -> None:
        self._by_node: dict[NodeRef, list[tuple[int, Found]]] = {}
        for place, one in enumerate(found):
            self._by_node.setdefault(node(one), []).append((place, one))

    def of(self, nodes: Iterable[NodeRef]) -> list[Found]:
        """`nodes` are distinct."""
        placed = [pair for node in nodes for pair in self._by_node.get(node, ())]
        placed.sort(key=itemgetter(0))
        return [one for _, one in placed]


class _Way:
    """One walk so far: what was reached at which distance, and the frontier that the next hop starts from."""

    def __init__(self, start: NodeRef, up: bool, max_nodes: int, aliases: Aliases) -> None:
        self.start = start
        self._up = up
        self._max_nodes = max_nodes
        self._aliases = aliases
        self._same: dict[Alias, None] = {}
        self.frontier: list[NodeRef] = []
        self._distances: dict[NodeRef, int] = {}
        self._edges: dict[tuple[NodeRef, NodeRef, NodeRef], LineageEdge] = {}
        self._uses: list[JobUse] = []
        self.truncated = ""
        self._arrive(start, 0)

    def begin(self, uses: list[JobUse]) -> None:
        """The first hop from a job: to what it reads or writes."""
        self.frontier = []
        self._uses = uses
        for use in uses:
            self._arrive(use.node, 1)

    def hop(self, edges: list[LineageEdge], distance: int) -> None:
        self.frontier = []
        for edge in edges:
            if self._arrive(edge.source if self._up else edge.target, distance):
                self._edges[edge.source, edge.target, edge.job] = edge

    def _arrive(self, node: NodeRef, distance: int) -> bool:
        """With its other names, which are as far away. False where there is no room for the node."""
        waiting: list[tuple[NodeRef, Alias | None]] = [(node, None)]
        while waiting:
            name, alias = waiting.pop()
            if name in self._distances:
                continue
            if len(self._distances) >= self._max_nodes:
                self.truncated = "nodes"
                break
            self._distances[name] = distance
            self.frontier.append(name)
            if alias is not None:
                self._same[alias] = None
            waiting += self._aliases.of(name)
        return node in self._distances

    def add_jobs(self, uses: list[JobUse]) -> None:
        known = {(edge.job, edge.target if self._up else edge.source) for edge in self._edges.values()}
        self._uses = self._uses + [use for use in uses if (use.job, use.node) not in known]

    def data(self) -> list[NodeRef]:
        return [node for node in self._distances if node.kind != "JOB"]

    def lineage(self, direction: Direction, depth: int, times: Times, watermark: Micros | None) -> Lineage:
        return Lineage(
            node=self.start,
            direction=direction,
            depth=depth,
            nodes=self._reached(),
            edges=list(self._edges.values()),
            uses=self._uses,
            as_of=times.as_of,
            watermark=watermark,
            truncated=self.truncated or ("depth" if self.frontier else "" if self._aliases.complete else "aliases"),
            unresolved=self._unresolved(),
            known_at=times.known_at,
            since=times.since,
            aliases=list(self._same),
        )

    def _reached(self) -> list[Reached]:
        distances = dict(self._distances)
        for maker, node in self._jobs():
            distance = self._distances[node] + (0 if self._up else 1)
            distances[maker] = min(distance, distances.get(maker, distance))
        del distances[self.start]
        return [
            Reached(node.kind, node.namespace, node.name, distance, temporary=is_temporary(node))
            for node, distance in sorted(distances.items(), key=lambda found: (found[1], found[0]))
        ]

    def _jobs(self) -> Iterator[tuple[NodeRef, NodeRef]]:
        """Jobs, each with the node that says how far away it is."""
        for edge in self._edges.values():
            yield edge.job, edge.target if self._up else edge.source
        for use in self._uses:
            if use.job != self.start:
                yield use.job, use.node

    def _unresolved(self) -> int:
        if not self._up:
            return 0
        made = {edge.target for edge in self._edges.values()} | {use.node for use in self._uses if use.direction == "OUTPUT"}
        for alias in (*self._same, *reversed(self._same)):  # what is made under one name is made under each
            if alias.node in made or alias.other in made:
                made |= {alias.node, alias.other}
        return len(set(self.data()) - made)


class _EdgeRow(msgspec.Struct, frozen=True):
    source_kind: str
    source_namespace: str
    source_name: str
    target_kind: str
    target_namespace: str
    target_name: str
    job_namespace: str
    job_name: str
    valid_from: Micros
    valid_to: Micros | None
    last_seen: Micros


class _UseRow(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    kind: str
    namespace: str
    name: str
    direction: str


def _edges(client: Client, frontier: list[NodeRef], up: bool, times: Times) -> Iterator[LineageEdge]:
    for part in chunks(frontier):
        near, nodes = among(part, "target_" if up else "source_")
        yield from _edges_near(client, near, up, times, **nodes)


def _edges_of_jobs(client: Client, jobs: list[NodeRef], up: bool, times: Times) -> Iterator[LineageEdge]:
    """What the jobs make of what, so that what they no longer read or write is known: uses have no end."""
    for part in chunks(jobs):
        near = f"('JOB', job_namespace, job_name) IN {NODE_SET % 'jobs'}"
        yield from _edges_near(client, near, up, times, jobs=node_set(part))


def _edges_near(client: Client, near: str, up: bool, times: Times, **parameters: str) -> Iterator[LineageEdge]:
    rows = fetch(client, _EdgeRow, edges(times, "JOB", near, up=up) + " ORDER BY ALL", **times.parameters(), **parameters)
    for row in rows:
        yield LineageEdge(
            NodeRef(row.source_kind, row.source_namespace, row.source_name),
            NodeRef(row.target_kind, row.target_namespace, row.target_name),
            job(row.job_namespace, row.job_name),
            row.valid_from,
            None if times.past else row.valid_to,
            None if times.past else row.last_seen,
        )


def uses_of_jobs(client: Client, of: list[NodeRef], direction: str, times: Times = NOW) -> list[JobUse]:
    """What the jobs read (INPUT) or write (OUTPUT)."""
    return [
        _use(row)
        for part in chunks(of)
        for row in fetch(
            client,
            _UseRow,
            _used(times, f"('JOB', job_namespace, job_name) IN {NODE_SET % 'jobs'}") + " ORDER BY ALL",
            jobs=node_set(part),
            direction=direction,
            **times.parameters(),
        )
    ]


def uses_of_data(client: Client, data: list[NodeRef], direction: str, times: Times = NOW) -> list[JobUse]:
    """The jobs that read (INPUT) or write (OUTPUT) any of these."""
    return [_use(row) for part in chunks(data) for row in _uses_of_data(client, part, direction, times)]


def _uses_of_data(client: Client, data: list[NodeRef], direction: str, times: Times) -> list[_UseRow]:
    of, nodes = among(data)
    return fetch(
        client,
        _UseRow,
        _used(times, of) + " ORDER BY ALL",
        direction=direction,
        **times.parameters(),
        **nodes,
    )


_DESIGNED = """SELECT io.2 AS kind, io.3 AS namespace, io.4 AS name, io.1 AS direction, job_namespace, job_name
FROM leadline.job_declarations
ARRAY JOIN arrayConcat(arrayMap(i -> ('INPUT', i.kind, i.namespace, i.name), inputs),
    arrayMap(o -> ('OUTPUT', o.kind, o.namespace, o.name), outputs)) AS io"""


def _used(times: Times, near: str) -> str:
    """FROM and WHERE for uses that fulfil the condition.

    job_io has one row for all runs of a job and is fast by node; what was used by a time, or known by one, is asked of the
    single runs and declarations, so that what came later plays no part.
    """
    direction = "direction = {direction:String}"
    if times.as_of is None and times.known_at is None:
        seen = "" if times.since is None else f"last_seen >= {MOMENT % 'since'}"
        return "FROM leadline.job_io " + where(near, direction, seen)
    conditions = where(
        near,
        direction,
        "" if times.as_of is None else f"event_time <= {MOMENT % 'as_of'}",
        "" if times.known_at is None else f"recorded_at <= {MOMENT % 'known_at'}",
        "" if times.since is None else f"event_time >= {MOMENT % 'since'}",
    )
    of_runs = f"SELECT kind, namespace, name, direction, job_namespace, job_name FROM leadline.run_io {conditions}"  # noqa: S608 - of ours
    return f"FROM ({of_runs} UNION DISTINCT {_DESIGNED} {conditions})"


def _use(row: _UseRow) -> JobUse:
    return JobUse(job(row.job_namespace, row.job_name), NodeRef(row.kind, row.namespace, row.name), row.direction)


def chunks(nodes: Iterable[NodeRef]) -> Iterator[list[NodeRef]]:
    """Parts small enough for a parameter."""
    part: list[NodeRef] = []
    size = 0
    for node in nodes:
        added = len(str(node).encode()) + 1
        if part and size + added > _PARAMETER_BYTES:
            yield part
            part, size = [], 0
        part.append(node)
        size += added
    if part:
        yield part
