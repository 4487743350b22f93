"""The facts of the document, from the public views."""

from collections.abc import Iterable
from itertools import islice

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from leadline.core.errors import LeadlineError, UsageError
from leadline.events.records.event import Micros

from ..bounds import BoundVersion, bound_versions, in_force
from ..edges import Times
from ..lineage import walk, walks
from ..node import NodeRef, job
from ..query import MOMENT, NODE_SET, fetch, node_set
from ..runs import Run
from ..told import told_at
from ..versions import Holding, Version, holding
from ..watermark import complete_until
from .facts import Beyond, Decision, LineageFacts, Measured, Open, Output, Piece, Provenance, RunKey
from .provenance import RUNS, provenance, run_set
from .use import used

_NODE = "kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String}"
_MAX_BOUNDED = 100
"""Nodes whose bounds are asked for, nearest first: each is a question of its own."""


class _Version(msgspec.Struct, frozen=True):
    version: str


class _Parameters(msgspec.Struct, frozen=True):
    parameters: dict[str, str]


def gather(client: Client, node: NodeRef, version: str | None, as_of: Micros) -> LineageFacts:
    """`version` None: the one that was current then. Raises LeadlineError where there is none, UsageError for a job."""
    if node.kind == "JOB":
        raise UsageError(f"{node} is a job; name a model, or what else it made")
    watermark = complete_until(client)
    piece = Piece(node, _current(client, node, as_of) if version is None else version)
    known = _version(client, piece, as_of)
    way = provenance(client, piece, as_of)
    outputs, more = used(client, piece, as_of)
    maker = way.makers.get(piece)
    runs = _runs(client, way.makers.values(), as_of)
    nodes = list(dict.fromkeys([*(one.node for one in way.distances), *(one.node for one in outputs if one.kind)]))
    upstream, downstream = _beyond(client, way, outputs, nodes, as_of)
    jobs = {job(run.job_namespace, run.job_name) for run in runs}
    jobs |= {job(one.job_namespace, one.job_name) for one in outputs}
    told = told_at(client, Times(as_of), [*nodes, *jobs, *(one.node for one in (*upstream, *downstream))])
    return LineageFacts(
        piece=piece,
        as_of=as_of,
        watermark=watermark,
        version=known,
        holding=_holding(client, piece, as_of),
        provenance=way,
        parameters=_parameters(client, maker) if maker else {},
        outputs=outputs,
        more_use=more,
        upstream=upstream,
        downstream=downstream,
        runs=runs,
        told=told,
        measured=_measured(client, nodes, as_of),
        bounds={one: _bounds(client, one, as_of) for one in nodes[:_MAX_BOUNDED]},
        decisions=_decisions(client, nodes, as_of),
        open=_open(client, nodes, as_of),
    )


def _current(client: Client, node: NodeRef, as_of: Micros) -> str:
    found = fetch(
        client,
        _Version,
        f"FROM leadline.version_moves WHERE {_NODE} AND moved_at <= {MOMENT % 'as_of'} "
        "ORDER BY moved_at DESC, run_id DESC, version DESC LIMIT 1",
        **msgspec.structs.asdict(node),
        as_of=as_of,
    )
    if not found:
        raise LeadlineError(
            f"no version of {node} was current then; `leadline show` lists its versions: give one with --version"
        )
    return found[0].version


def _version(client: Client, piece: Piece, as_of: Micros) -> Version | None:
    """Raises LeadlineError where nobody had heard of it by then."""
    found = fetch(
        client,
        Version,
        f"FROM leadline.versions WHERE {_NODE} AND version = {{version:String}} AND event_time <= {MOMENT % 'as_of'}",
        **msgspec.structs.asdict(piece.node),
        version=piece.version,
        as_of=as_of,
    )
    if not found:
        raise LeadlineError(
            f"nothing is known of version {piece.version!r} of {piece.node} at that time; `leadline show` lists them"
        )
    return found[0]


def _holding(client: Client, piece: Piece, as_of: Micros) -> Holding | None:
    try:
        found = holding(client, piece.node, piece.version)
    except LeadlineError:  # nobody described it, which the document says
        return None
    return found if found and found.description.event_time <= as_of else None


def _runs(client: Client, keys: Iterable[RunKey], as_of: Micros) -> dict[RunKey, Run]:
    """As they were then: what ended later was still running."""
    rows = fetch(
        client,
        Run,
        f"FROM leadline.runs WHERE (job_namespace, job_name, run_id) IN {RUNS} ORDER BY started_at, job_name, run_id",
        runs=run_set(sorted(set(keys))),
    )
    return {RunKey(run.job_namespace, run.job_name, run.run_id): _then(run, as_of) for run in rows}


def _then(run: Run, as_of: Micros) -> Run:
    if run.ended_at is None or run.ended_at <= as_of:
        return run
    return replace(run, state="RUNNING", ended_at=None, duration_seconds=None, error_type="", error_message="")


def _parameters(client: Client, run: RunKey) -> dict[str, str]:
    found = fetch(
        client,
        _Parameters,
        "FROM leadline.runs WHERE job_namespace = {namespace:String} AND job_name = {name:String} AND run_id = {run_id:String}",
        namespace=run.job_namespace,
        name=run.job_name,
        run_id=run.run_id,
    )
    return found[0].parameters if found else {}


def _beyond(
    client: Client, way: Provenance, outputs: list[Output], nodes: list[NodeRef], as_of: Micros
) -> tuple[list[Beyond], list[Beyond]]:
    """What lies above and below by the lineage of jobs and is not among the nodes."""
    start = next(iter(way.distances)).node
    up = walk(client, start, "up", as_of=as_of)
    made = list(dict.fromkeys(one.node for one in outputs if one.kind)) or [start]
    down = walks(client, made, "down", times=Times(as_of), watermark=up.watermark)
    below: dict[NodeRef, int] = {}
    for found in down.values():
        for one in found.nodes:
            below[one.node] = min(one.distance, below.get(one.node, one.distance))
    above = {one.node: one.distance for one in up.nodes}
    return _data(above, nodes), _data(below, nodes)


def _data(distances: dict[NodeRef, int], nodes: list[NodeRef]) -> list[Beyond]:
    known = set(nodes)
    found = [Beyond(node, distance) for node, distance in distances.items() if node.kind != "JOB" and node not in known]
    return list(islice(sorted(found, key=lambda one: (one.distance, one.node)), 200))


def _measured(client: Client, nodes: list[NodeRef], as_of: Micros) -> list[Measured]:
    return fetch(
        client,
        Measured,
        f"FROM leadline.readings WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'} "
        f"AND event_time <= {MOMENT % 'as_of'} AND mode != 'TEST' GROUP BY kind, namespace, name, version, metric, dims "
        "ORDER BY kind, namespace, name, metric, toString(dims), version",
        {
            "unit": "argMax(unit, (event_time, event_id))",
            "value": "argMax(value, (event_time, event_id))",
            "measured_at": "max(event_time)",
        },
        nodes=node_set(nodes),
        as_of=as_of,
    )


def _bounds(client: Client, node: NodeRef, as_of: Micros) -> list[BoundVersion]:
    return [one for one in in_force(bound_versions(client, node)) if one.state == "ACTIVE" and one.holds_at(as_of)]


def _decisions(client: Client, nodes: list[NodeRef], as_of: Micros) -> list[Decision]:
    return fetch(
        client,
        Decision,
        f"FROM leadline.decisions WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'} AND event_time <= {MOMENT % 'as_of'} "
        "ORDER BY event_time DESC, decision_id LIMIT 200",
        nodes=node_set(nodes),
        as_of=as_of,
    )


def _open(client: Client, nodes: list[NodeRef], as_of: Micros) -> list[Open]:
    return fetch(
        client,
        Open,
        f"FROM leadline.episodes WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'} AND opened_at <= {MOMENT % 'as_of'} "
        f"AND (closed_at IS NULL OR closed_at > {MOMENT % 'as_of'}) ORDER BY opened_at, episode_id",
        nodes=node_set(nodes),
        as_of=as_of,
    )
