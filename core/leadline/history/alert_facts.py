"""What alerts say beyond their transitions, asked for many of them at once: one query a question, whatever their number.

Answers are bounded per run, node or window, never over all of them: who asks in company learns what it would learn alone.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .changes import Change
from .lineage import chunks
from .logs import LEVELS, LogRow, line_of
from .node import NodeRef
from .query import NODE_SET, fetch, node_set

EXCERPT_LINES = 10
_PARAMETER_BYTES = 100_000


class RunKey(NamedTuple):
    """Tools reuse a run id for several jobs."""

    job_namespace: str
    job_name: str
    run_id: str


class RunFacts(msgspec.Struct, frozen=True):
    """How a run went, and where."""

    job_namespace: str
    job_name: str
    run_id: str
    state: str = ""
    host: str = ""
    code_commit: str = ""
    error_message: str = ""


class Contact(msgspec.Struct, frozen=True):
    """Who answers for a node; empty where nobody is known."""

    kind: str
    namespace: str
    name: str
    owner: str
    on_call: str


class Moment(NamedTuple):
    """One series at one event time."""

    node: NodeRef
    metric: str
    dims: tuple[tuple[str, str], ...]
    event_time: Micros


class Measured(msgspec.Struct, frozen=True):
    """A reading."""

    kind: str
    namespace: str
    name: str
    metric: str
    dims: dict[str, str]
    event_time: Micros
    value: float
    slot: Micros | None
    run_id: str


class Window(NamedTuple):
    """Changes in (after, until] of these jobs, each with its distance."""

    after: Micros
    until: Micros
    jobs: tuple[tuple[NodeRef, int], ...]


class FoundChange(Change, frozen=True):
    """`window` is its place in what was asked."""

    window: int
    distance: int


class OpenAt(msgspec.Struct, frozen=True):
    """An open episode of a node."""

    episode_id: str
    kind: str
    namespace: str
    name: str
    metric: str
    severity: str
    opened_at: Micros


class _LineOfRun(LogRow, frozen=True):
    job_namespace: str
    job_name: str
    run_id: str
    loud: bool


def runs_by_key(client: Client, keys: Iterable[RunKey]) -> dict[RunKey, RunFacts]:
    """Those that the store has."""
    return {
        RunKey(run.job_namespace, run.job_name, run.run_id): run
        for part in _parts(keys)
        for run in fetch(
            client,
            RunFacts,
            f"FROM leadline.runs WHERE (job_namespace, job_name, run_id) IN {NODE_SET % 'runs'}",
            runs=part,
        )
    }


def contacts_of(client: Client, nodes: Iterable[NodeRef]) -> dict[NodeRef, Contact]:
    """Of the nodes that the store knows."""
    return {
        NodeRef(found.kind, found.namespace, found.name): found
        for part in chunks(nodes)
        for found in fetch(
            client,
            Contact,
            f"FROM leadline.nodes WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'}",
            nodes=node_set(part),
        )
    }


_MOMENTS = "JSONExtract({moments:String}, 'Array(Tuple(String, String, String, String, Map(String, String), Int64))')"
_SERIES = f"(SELECT arrayJoin(arrayMap(m -> (m.1, m.2, m.3, m.4), {_MOMENTS})))"
_TIMES = f"(SELECT arrayJoin(arrayMap(m -> fromUnixTimestamp64Micro(m.6, 'UTC'), {_MOMENTS})))"
_DIMS = f"arrayMap(m -> m.5, {_MOMENTS})"


def readings_at(client: Client, moments: Iterable[Moment]) -> dict[Moment, list[Measured]]:
    """The readings of exactly these times: several where runs measured at the same time."""
    asked = set(moments)
    found: dict[Moment, list[Measured]] = {}
    for part in _texts(_encoded(moment) for moment in sorted(asked)):
        for one in fetch(
            client,
            Measured,
            f"FROM leadline.readings WHERE (kind, namespace, name, metric) IN {_SERIES} AND event_time IN {_TIMES} "
            f"AND has({_DIMS}, dims) ORDER BY run_id",
            moments=part,
        ):
            node = NodeRef(one.kind, one.namespace, one.name)
            moment = Moment(node, one.metric, tuple(one.dims.items()), one.event_time)
            if moment in asked:
                found.setdefault(moment, []).append(one)
    return found


def moment(node: NodeRef, metric: str, dims: dict[str, str], event_time: Micros) -> Moment:
    """With the dimensions in the store's order: by bytes."""
    return Moment(node, metric, tuple(sorted(dims.items(), key=lambda pair: pair[0].encode())), event_time)


def _encoded(moment: Moment) -> bytes:
    node = moment.node
    return msgspec.json.encode((node.kind, node.namespace, node.name, moment.metric, dict(moment.dims), moment.event_time))


_WINDOWS = """(
    SELECT w.1 AS window, w.2 AS after, w.3 AS until, at.1 AS namespace, at.2 AS name, at.3 AS distance
    FROM (SELECT arrayJoin(
        JSONExtract({windows:String}, 'Array(Tuple(UInt32, Int64, Int64, Array(Tuple(String, String, UInt32))))')) AS w)
    ARRAY JOIN w.4 AS at
)"""
_JOBS = """(
    SELECT DISTINCT at.1, at.2
    FROM (SELECT arrayJoin(
        JSONExtract({windows:String}, 'Array(Tuple(UInt32, Int64, Int64, Array(Tuple(String, String, UInt32))))')) AS w)
    ARRAY JOIN w.4 AS at
)"""


def changes_in(client: Client, windows: Iterable[Window], limit: int) -> list[FoundChange]:
    """Of each window at most `limit`: the nearest first, then the newest.

    A new version of an input comes with every run, so it follows what somebody changed.
    """
    encoded = (_encoded_window(place, window) for place, window in enumerate(windows))
    return [
        change
        for part in _texts(encoded)
        for change in fetch(
            client,
            FoundChange,
            f"FROM leadline.changes AS c INNER JOIN {_WINDOWS} AS w "
            "ON c.job_namespace = w.namespace AND c.job_name = w.name "
            f"WHERE (c.job_namespace, c.job_name) IN {_JOBS} "
            f"AND c.event_time > {_moment('w.after')} AND c.event_time <= {_moment('w.until')} "
            "ORDER BY w.window, c.what = 'input_version', w.distance, c.event_time DESC, c.job_namespace, c.job_name, c.what, "
            "c.subject, c.run_id LIMIT {limit:UInt32} BY w.window",
            {field: f"c.{field}" for field in Change.__struct_fields__},
            windows=part,
            limit=limit,
        )
    ]


def _moment(column: str) -> str:
    return f"fromUnixTimestamp64Micro({column}, 'UTC')"


def _encoded_window(place: int, window: Window) -> bytes:
    jobs = [(node.namespace, node.name, distance) for node, distance in window.jobs]
    return msgspec.json.encode((place, window.after, window.until, jobs))


def oldest_open(client: Client, nodes: Iterable[NodeRef], limit: int) -> dict[NodeRef, list[OpenAt]]:
    """Of each node at most `limit` open episodes, the oldest first."""
    found: dict[NodeRef, list[OpenAt]] = {}
    for part in chunks(nodes):
        for one in fetch(
            client,
            OpenAt,
            f"FROM leadline.episodes WHERE closed_at IS NULL AND (kind, namespace, name) IN {NODE_SET % 'nodes'} "
            "ORDER BY opened_at, episode_id LIMIT {limit:UInt32} BY kind, namespace, name",
            nodes=node_set(part),
            limit=limit,
        ):
            found.setdefault(NodeRef(one.kind, one.namespace, one.name), []).append(one)
    return found


def excerpts(client: Client, runs: Iterable[RunKey]) -> dict[RunKey, list[str]]:
    """Of each run the last error lines, else the last lines, each with the last line of its stack trace; else its pointers."""
    rows: dict[RunKey, list[_LineOfRun]] = {}
    for part in _parts(runs):
        for row in fetch(
            client,
            _LineOfRun,
            f"FROM leadline.logs WHERE (job_namespace, job_name, run_id) IN {NODE_SET % 'runs'} "
            "ORDER BY time DESC, event_id DESC, position DESC "
            "LIMIT {limit:UInt32} BY job_namespace, job_name, run_id, loud",
            {"loud": "(pointer != '' OR has({levels:Array(String)}, level)) AS loud"},
            runs=part,
            levels=list(LEVELS[LEVELS.index("ERROR") :]),
            limit=EXCERPT_LINES,
        ):
            rows.setdefault(RunKey(row.job_namespace, row.job_name, row.run_id), []).append(row)
    return {key: [line_of(row) for row in _telling(newest)] for key, newest in rows.items()}


def _telling(newest: list[_LineOfRun]) -> list[_LineOfRun]:
    """The last errors (and pointers), else the last of all, in the order in which they were written."""
    loud = [row for row in newest if row.loud]
    chosen = loud if any(row.message for row in loud) else newest
    return chosen[:EXCERPT_LINES][::-1]


def _parts(keys: Iterable[RunKey]) -> Iterator[str]:
    """Run keys as parameters for NODE_SET."""
    return _texts(msgspec.json.encode(key) for key in dict.fromkeys(keys))


def _texts(items: Iterable[bytes]) -> Iterator[str]:
    """JSON arrays of these, each small enough for a parameter."""
    part: list[bytes] = []
    size = 0
    for item in items:
        if part and size + len(item) > _PARAMETER_BYTES:
            yield _array(part)
            part, size = [], 0
        part.append(item)
        size += len(item) + 1
    if part:
        yield _array(part)


def _array(items: list[bytes]) -> str:
    return f"[{b','.join(items).decode()}]"
