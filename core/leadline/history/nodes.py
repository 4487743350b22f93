"""Nodes: found by words, and one with its owner, versions, runs, metrics and open alerts."""

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from leadline.core.errors import LeadlineError, UsageError
from leadline.events.records.event import Micros

from .alerts import Episode, open_episodes
from .lineage import Lineage, chunks
from .node import NodeRef, parse_exact
from .query import NODE_SET, fetch, node_set, where
from .readings import MetricSummary, metrics_of
from .runs import Run, runs_of_data, runs_of_job
from .versions import Holding, JobVersion, Version, holding, versions_of, versions_of_job

_LISTED = 20


class Node(msgspec.Struct, frozen=True):
    """What is said about a node, by whoever said it last."""

    kind: str
    namespace: str
    name: str
    owner: str
    on_call: str
    consumers: str
    description: str
    lifecycle: str
    last_version: str
    tags: dict[str, str]
    first_seen: Micros
    last_seen: Micros

    @property
    def ref(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class NodeDetails(msgspec.Struct, frozen=True):
    """`runs` are the job's own; of data, those that wrote it. The newest first. `holding`: of the version asked for."""

    node: Node
    runs: list[Run]
    versions: list[Version]
    job_versions: list[JobVersion]
    """Of a job."""
    holding: Holding | None
    metrics: list[MetricSummary]
    open: list[Episode]


def search(client: Client, words: tuple[str, ...] = (), kind: str = "", limit: int = 50) -> list[Node]:
    """The nodes whose name or namespace has every word in it, in any case; exact names first, then the newest."""
    bound = {f"word{number}": word for number, word in enumerate(words)}
    conditions = [
        f"positionCaseInsensitiveUTF8(concat(namespace, '/', name), {{{parameter}:String}}) > 0" for parameter in bound
    ]
    return fetch(
        client,
        Node,
        "FROM leadline.nodes "
        + where("kind = {kind:String}" if kind else "", *conditions)
        + " ORDER BY name = {exact:String} DESC, last_seen DESC, kind, namespace, name LIMIT {limit:UInt32}",
        kind=kind,
        exact=" ".join(words),
        limit=limit,
        **bound,
    )


def with_owners(client: Client, found: Lineage) -> Lineage:
    """The same answer with the owner of every node: whom to tell."""
    known = dict[NodeRef, Node]()
    for part in chunks(reached.node for reached in found.nodes):
        known |= get_nodes(client, part)
    owned = (replace(reached, owner=known[reached.node].owner if reached.node in known else "") for reached in found.nodes)
    return replace(found, nodes=list(owned))


def resolve(client: Client, text: str, *, data: bool = False) -> NodeRef:
    """The node that a person means: the JSON array of `parse_exact`, a name, NAMESPACE/NAME, or a part that fits one only.

    `data`: it has columns and versions, so that a job of the same name is not meant.

    Raises UsageError where several fit, with a list of them; LeadlineError where none does.
    """
    exact = parse_exact(text)
    if exact is not None:
        if not get_nodes(client, [exact]):
            raise LeadlineError(f"nothing is known about {exact}; `leadline nodes` lists what is known")
        return exact
    found = _matching(client, "name = {text:String} OR concat(namespace, '/', name) = {text:String}", text, data)
    if not found:
        part = "positionCaseInsensitiveUTF8(concat(namespace, '/', name), {text:String}) > 0"
        found = _matching(client, part, text, data)
    if not found:
        raise LeadlineError(f"no node fits {text!r}; `leadline nodes` lists what is known")
    if len(found) > 1:
        more = f"\n  and more; narrow it with `leadline nodes {text}`" if len(found) > _LISTED else ""
        listed = "\n".join(f"  '{node.ref}'" for node in found[:_LISTED])
        raise UsageError(f"several nodes fit {text!r}; name one of them exactly:\n{listed}{more}")
    return found[0].ref


def _matching(client: Client, condition: str, text: str, data: bool) -> list[Node]:
    condition = f"({condition}) AND kind != 'JOB'" if data else condition
    return fetch(
        client,
        Node,
        f"FROM leadline.nodes WHERE {condition} ORDER BY kind, namespace, name LIMIT {_LISTED + 1}",
        text=text,
    )


def get_nodes(client: Client, nodes: list[NodeRef]) -> dict[NodeRef, Node]:
    """What is known of these; those that are not known are left out."""
    found = fetch(
        client,
        Node,
        f"FROM leadline.nodes WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'}",
        nodes=node_set(nodes),
    )
    return {node.ref: node for node in found}


def show(client: Client, ref: NodeRef, version: str | None = None) -> NodeDetails:
    """`version`: whose content is told; None: of the one that was described last.

    Raises LeadlineError where the node is not known, or nobody described that version.
    """
    node = get_nodes(client, [ref]).get(ref)
    if node is None:
        raise LeadlineError(f"nothing is known about {ref}; `leadline nodes` lists what is known")
    return NodeDetails(
        node=node,
        runs=runs_of_job(client, ref) if ref.kind == "JOB" else runs_of_data(client, ref, "OUTPUT"),
        versions=versions_of(client, ref),
        job_versions=versions_of_job(client, ref) if ref.kind == "JOB" else [],
        holding=holding(client, ref, version),
        metrics=metrics_of(client, ref),
        open=open_episodes(client, [ref]),
    )
