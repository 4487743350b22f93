"""The facts of a reproduction, from the public views, and the reproduction made of them."""

from collections.abc import Iterable

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from leadline.events.records.event import Micros

from .lineage import chunks
from .node import NodeRef
from .query import MOMENT, NODE_SET, fetch, node_set
from .reproduction import Input, Reproduction, reproduction
from .run_record import record_of
from .runs import Run, RunData
from .watermark import complete_until


def reproduce(client: Client, run: Run) -> Reproduction:
    """`run` as `find_run` gives it."""
    record = record_of(client, run)
    read = [part for part in record.io if part.direction == "INPUT"]
    return reproduction(record, _inputs(client, run, read), complete_until(client))


class _Described(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str
    version: str
    content_hash: str
    files: int | None
    attributes: dict[str, str]


class _Newer(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str
    seen: str
    at: Micros
    job_name: str


def _inputs(client: Client, run: Run, told: list[RunData]) -> list[Input]:
    current = _current(client, run) if any(not part.version for part in told) else {}
    read = [part if part.version else replace(part, version=current.get(_node(part), "")) for part in told]
    said = {(_node(part), part.version) for part in told}
    nodes = list(dict.fromkeys(_node(part) for part in read))
    described = {(_node(row), row.version): row for row in _described(client, read)}
    newer = _newer(client, nodes, run.started_at)
    return [_input(part, described.get((_node(part), part.version)), newer.get(_node(part)), said) for part in read]


class _Current(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str
    version: str


def _current(client: Client, run: Run) -> dict[NodeRef, str]:
    """The versions of what the run read without telling which, as they were when it began."""
    rows = fetch(
        client,
        _Current,
        "FROM leadline.run_inputs WHERE job_namespace = {job_namespace:String} AND job_name = {job_name:String} "
        "AND run_id = {run_id:String} AND pinned = 'RESOLVED'",
        job_namespace=run.job_namespace,
        job_name=run.job_name,
        run_id=run.run_id,
    )
    return {_node(row): row.version for row in rows}


def _node(part: RunData | _Current | _Described | _Newer) -> NodeRef:
    return NodeRef(part.kind, part.namespace, part.name)


def _input(part: RunData, found: _Described | None, newer: _Newer | None, said: set[tuple[NodeRef, str]]) -> Input:
    newer = newer if newer and newer.seen != part.version else None
    return Input(
        kind=part.kind,
        namespace=part.namespace,
        name=part.name,
        version=part.version,
        said=part.version != "" and (_node(part), part.version) in said,
        location=found.attributes.get("location", "") if found else "",
        content_hash=found.content_hash if found else "",
        files=found.files if found else None,
        newer_version=newer.seen if newer else "",
        newer_at=newer.at if newer else None,
        newer_job=newer.job_name if newer else "",
    )


def _described(client: Client, read: Iterable[RunData]) -> Iterable[_Described]:
    versions: dict[NodeRef, list[str]] = {}
    for one in read:
        versions.setdefault(_node(one), []).append(one.version)
    for part in chunks(versions):
        yield from fetch(
            client,
            _Described,
            f"FROM leadline.version_details WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'} "
            "AND version IN (SELECT arrayJoin(JSONExtract({versions:String}, 'Array(String)')))",
            nodes=node_set(part),
            versions=msgspec.json.encode([version for node in part for version in versions[node] if version]).decode(),
        )


def _newer(client: Client, nodes: Iterable[NodeRef], since: Micros) -> dict[NodeRef, _Newer]:
    """The version that each was seen in last since then: as it was written, else as it was read."""
    found: dict[NodeRef, _Newer] = {}
    for part in chunks(nodes):
        rows = fetch(
            client,
            _Newer,
            f"FROM leadline.run_io WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'} AND version != '' "
            f"AND event_time >= {MOMENT % 'since'} GROUP BY kind, namespace, name, direction ORDER BY direction = 'INPUT'",
            {
                "seen": "argMax(version, (event_time, version))",
                "at": "max(event_time)",
                "job_name": "argMax(tuple(job_name), (event_time, version)).1",
            },
            nodes=node_set(part),
            since=since,
        )
        for row in rows:
            found.setdefault(_node(row), row)
    return found
