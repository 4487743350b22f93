"""What changed upstream of a node between two times."""

from collections.abc import Iterable

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.errors import UsageError
from leadline.events.records.event import Micros

from .changes import Change
from .lineage import DEPTH, JobUse, Lineage, LineageEdge, chunks, walk
from .node import NodeRef, job
from .query import MOMENT, NODE_SET, fetch, node_set

MAX_CHANGES = 1_000
_WITHIN = f"event_time > {MOMENT % 'since'} AND event_time <= {MOMENT % 'until'}"


class EdgeChange(msgspec.Struct, frozen=True):
    """An edge that only one of the two times has upstream. `event_time`: when it came or went; None: it holds at both times."""

    source: NodeRef
    target: NodeRef
    job: NodeRef
    event_time: Micros | None


class VersionChange(msgspec.Struct, frozen=True):
    """The version of data that was written last (of data that nobody writes: read last) at each time; empty: none was known."""

    kind: str
    namespace: str
    name: str
    before: str
    after: str
    versions: int
    """Different versions that were seen between the two times."""
    last_seen: Micros
    """When `after` was seen last."""

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class OwnerChange(msgspec.Struct, frozen=True):
    """A node got another owner; empty: none."""

    kind: str
    namespace: str
    name: str
    before: str
    after: str
    actor: str
    event_time: Micros


class UpstreamDiff(msgspec.Struct, frozen=True):
    """What came and went upstream of `node` between `since` and `until`, and what changed there."""

    node: NodeRef
    since: Micros
    until: Micros
    came: list[EdgeChange]
    went: list[EdgeChange]
    jobs_came: list[JobUse]
    """Jobs that write the node or data upstream without reading any, and did not yet."""
    jobs_went: list[JobUse]
    versions: list[VersionChange]
    changes: list[Change]
    """Of the jobs upstream, the newest first."""
    owners: list[OwnerChange]
    as_of: Micros
    """The later of both times: what came after it is not in the answer."""
    watermark: Micros | None
    """The store had everything up to then; None: nothing is known about that."""
    truncated: str
    """Why there may be more: depth, nodes, time or changes; empty: this is all."""


def diff_upstream(client: Client, node: NodeRef, since: Micros, until: Micros, *, depth: int = DEPTH) -> UpstreamDiff:
    """Changes are those in (since, until]. Raises UsageError where `since` is not before `until`."""
    if since >= until:
        raise UsageError("--from must be before --to")
    then, now = (walk(client, node, "up", depth=depth, as_of=moment) for moment in (since, until))
    nodes = sorted({node, *_nodes(then), *_nodes(now)})
    gone = _without(then.edges, now.edges)
    ended = _ended(client, gone, since, until)
    changes = _changes(client, [one for one in nodes if one.kind == "JOB"], since, until)
    return UpstreamDiff(
        node=node,
        since=since,
        until=until,
        came=[_edge(edge, edge.valid_from if edge.valid_from > since else None) for edge in _without(now.edges, then.edges)],
        went=[_edge(edge, ended.get(_key(edge))) for edge in gone],
        jobs_came=[use for use in now.uses if use not in then.uses],
        jobs_went=[use for use in then.uses if use not in now.uses],
        versions=_versions(client, [one for one in nodes if one.kind != "JOB" and one != node], since, until),
        changes=changes[:MAX_CHANGES],
        owners=_owners(client, nodes, since, until),
        as_of=until,
        watermark=now.watermark,
        truncated=then.truncated or now.truncated or ("changes" if len(changes) > MAX_CHANGES else ""),
    )


def _nodes(found: Lineage) -> Iterable[NodeRef]:
    return (reached.node for reached in found.nodes)


_Key = tuple[NodeRef, NodeRef, NodeRef]


def _key(edge: LineageEdge) -> _Key:
    return edge.source, edge.target, edge.job


def _without(edges: Iterable[LineageEdge], others: Iterable[LineageEdge]) -> list[LineageEdge]:
    known = {_key(edge) for edge in others}
    return [edge for edge in edges if _key(edge) not in known]


def _edge(edge: LineageEdge, event_time: Micros | None) -> EdgeChange:
    return EdgeChange(edge.source, edge.target, edge.job, event_time)


class _End(msgspec.Struct, frozen=True):
    source_kind: str
    source_namespace: str
    source_name: str
    target_kind: str
    target_namespace: str
    target_name: str
    job_namespace: str
    job_name: str
    ended_at: Micros


def _ended(client: Client, edges: Iterable[LineageEdge], since: Micros, until: Micros) -> dict[_Key, Micros]:
    """When each ended; left out are those that still hold."""
    found: dict[_Key, Micros] = {}
    for part in chunks({edge.target for edge in edges}):
        rows = fetch(
            client,
            _End,
            "FROM leadline.lineage_edges_by_target WHERE granularity = 'JOB' "
            f"AND (target_kind, target_namespace, target_name) IN {NODE_SET % 'nodes'} "
            f"AND valid_to > {MOMENT % 'since'} AND valid_to <= {MOMENT % 'until'} "
            "GROUP BY source_kind, source_namespace, source_name, target_kind, target_namespace, target_name, "
            "job_namespace, job_name",
            {"ended_at": "max(assumeNotNull(valid_to))"},
            nodes=node_set(part),
            since=since,
            until=until,
        )
        for row in rows:
            source = NodeRef(row.source_kind, row.source_namespace, row.source_name)
            target = NodeRef(row.target_kind, row.target_namespace, row.target_name)
            found[source, target, job(row.job_namespace, row.job_name)] = row.ended_at
    return found


class _Seen(VersionChange, frozen=True):
    written: bool


def _versions(client: Client, data: list[NodeRef], since: Micros, until: Micros) -> list[VersionChange]:
    rows = [
        row
        for part in chunks(data)
        for row in fetch(
            client,
            _Seen,
            f"FROM leadline.run_io WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'} AND version != '' "
            f"AND event_time <= {MOMENT % 'until'} GROUP BY kind, namespace, name, direction "
            "ORDER BY kind, namespace, name, direction = 'INPUT'",
            {
                "before": f"argMaxIf(version, (event_time, version), event_time <= {MOMENT % 'since'})",
                "after": "argMax(version, (event_time, version))",
                "versions": f"uniqExactIf(version, event_time > {MOMENT % 'since'})",
                "last_seen": "max(event_time)",
                "written": "direction = 'OUTPUT'",
            },
            nodes=node_set(part),
            since=since,
            until=until,
        )
    ]
    return changed_versions(rows)


def changed_versions(rows: Iterable[_Seen]) -> list[VersionChange]:
    """Of each node the first row counts, that of its writers; those whose version is the same are left out. Pure."""
    first: dict[NodeRef, _Seen] = {}
    for row in rows:
        first.setdefault(row.node, row)
    return [
        VersionChange(row.kind, row.namespace, row.name, row.before, row.after, row.versions, row.last_seen)
        for row in first.values()
        if row.before != row.after
    ]


def _changes(client: Client, jobs: list[NodeRef], since: Micros, until: Micros) -> list[Change]:
    """One more than the limit where there are more."""
    found = [
        change
        for part in chunks(jobs)
        for change in fetch(
            client,
            Change,
            f"FROM leadline.changes WHERE ('JOB', job_namespace, job_name) IN {NODE_SET % 'jobs'} AND {_WITHIN} "
            "ORDER BY event_time DESC, job_namespace, job_name, what, subject LIMIT {limit:UInt32}",
            jobs=node_set(part),
            since=since,
            until=until,
            limit=MAX_CHANGES + 1,
        )
    ]
    return sorted(found, key=lambda change: -change.event_time)


def _owners(client: Client, nodes: list[NodeRef], since: Micros, until: Micros) -> list[OwnerChange]:
    return [
        change
        for part in chunks(nodes)
        for change in fetch(
            client,
            OwnerChange,
            "FROM (SELECT kind, namespace, name, actor, event_time, JSONExtractString(before, 'owner') AS was, "  # noqa: S608
            "if(action = 'deleted', '', JSONExtractString(after, 'owner')) AS is FROM leadline.audit "
            f"WHERE what = 'entity' AND subject = 'ownership' AND (kind, namespace, name) IN {NODE_SET % 'nodes'}) "
            f"WHERE was != is AND {_WITHIN} ORDER BY event_time, kind, namespace, name",
            {"before": "was", "after": "is"},
            nodes=node_set(part),
            since=since,
            until=until,
        )
    ]
