"""Upward from a version: the run that made it, the versions which that run read, the runs that made those ..."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from ..node import NodeRef
from ..query import MOMENT, fetch
from .facts import Piece, Provenance, RunKey, Source

_MAX_DEPTH = 20
_MAX_PIECES = 500
_PIECES = "(SELECT arrayJoin(JSONExtract({pieces:String}, 'Array(Tuple(String, String, String, String))')))"
RUNS = "(SELECT arrayJoin(JSONExtract({runs:String}, 'Array(Tuple(String, String, String))')))"
"""A bound parameter made by `run_set` as what stands after IN."""


class _Maker(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str
    version: str
    job_namespace: str
    job_name: str
    run_id: str


class _Input(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    run_id: str
    kind: str
    namespace: str
    name: str
    version: str
    pinned: str


def provenance(client: Client, piece: Piece, as_of: Micros) -> Provenance:
    """Cycles end where they began; bounded in depth and number."""
    distances, makers, sources = {piece: 0}, dict[Piece, RunKey](), list[Source]()
    frontier, seen, truncated = [piece], set[RunKey](), False
    for distance in range(1, _MAX_DEPTH + 1):
        found = _makers(client, frontier, as_of)
        makers |= found
        runs = sorted(set(found.values()) - seen)
        seen |= set(runs)
        frontier = []
        for source in _sources(client, runs):
            sources.append(source)
            if source.piece not in distances:
                distances[source.piece] = distance
                frontier.append(source.piece)
        truncated = len(distances) > _MAX_PIECES
        if not frontier or truncated:
            return Provenance(distances, makers, sources, truncated)
    return Provenance(distances, makers, sources, truncated=True)


def _makers(client: Client, pieces: list[Piece], as_of: Micros) -> dict[Piece, RunKey]:
    rows = fetch(
        client,
        _Maker,
        f"FROM leadline.versions WHERE (kind, namespace, name, version) IN {_PIECES} AND run_id != '' "
        f"AND event_time <= {MOMENT % 'as_of'}",
        pieces=msgspec.json.encode([(*msgspec.structs.astuple(one.node), one.version) for one in pieces]).decode(),
        as_of=as_of,
    )
    return {
        Piece(NodeRef(row.kind, row.namespace, row.name), row.version): RunKey(row.job_namespace, row.job_name, row.run_id)
        for row in rows
    }


def _sources(client: Client, runs: list[RunKey]) -> list[Source]:
    if not runs:
        return []
    rows = fetch(
        client,
        _Input,
        f"FROM leadline.run_inputs WHERE (job_namespace, job_name, run_id) IN {RUNS} ORDER BY ALL",
        runs=run_set(runs),
    )
    return [
        Source(
            RunKey(row.job_namespace, row.job_name, row.run_id),
            Piece(NodeRef(row.kind, row.namespace, row.name), row.version),
            row.pinned,
        )
        for row in rows
    ]


def run_set(runs: list[RunKey]) -> str:
    """The parameter for `RUNS`; servers refuse it where there are more than a thousand."""
    return msgspec.json.encode([msgspec.structs.astuple(run) for run in runs]).decode()
