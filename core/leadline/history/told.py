"""What was said of nodes, as of a time: whose they are, whom to call, what they are. leadline.nodes says the same as of now."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .edges import Times
from .node import NodeRef, job
from .query import MOMENT, NODE_SET, fetch, node_set, where


class Told(msgspec.Struct, frozen=True):
    """Empty: nobody said so."""

    owner: str = ""
    on_call: str = ""
    description: str = ""
    lifecycle: str = ""
    tags: dict[str, str] = {}


NOTHING = Told()


class Word(msgspec.Struct, frozen=True):
    """The latest word of one source on one aspect of a node; `said` is JSON."""

    kind: str
    namespace: str
    name: str
    aspect: str
    at: Micros
    said: str
    deleted: bool

    @property
    def ref(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class _RunOwner(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    owner: str


def told_at(client: Client, times: Times, nodes: list[NodeRef] | None = None) -> dict[NodeRef, Told]:
    """Of `nodes`, a few hundred at most, else of all; those of which nothing was said are left out."""
    among = f"(kind, namespace, name) IN {NODE_SET % 'nodes'}" if nodes is not None else ""
    words = fetch(
        client,
        Word,
        "FROM leadline.audit "
        + where("what = 'entity'", among, *_known(times, "event_time"))
        + " GROUP BY kind, namespace, name, subject, tool",
        {
            "aspect": "subject",
            "at": "max(event_time)",
            "said": "argMax(after, (event_time, event_id))",
            "deleted": "argMax(action, (event_time, event_id)) = 'deleted'",
        },
        nodes=None if nodes is None else node_set(nodes),
        **times.parameters(),
    )
    owners = fetch(
        client,
        _RunOwner,
        "FROM leadline.runs " + where("runs.owner != ''", *_known(times, "started_at")) + " GROUP BY job_namespace, job_name",
        {"owner": "argMax(runs.owner, (last_event_at, run_id))"},
        **times.parameters(),
    )
    return combined(words, {job(row.job_namespace, row.job_name): row.owner for row in owners})


def combined(words: Iterable[Word], run_owners: dict[NodeRef, str]) -> dict[NodeRef, Told]:
    """Of all sources the latest that says something; where none names an owner, the one that runs named. Pure."""
    said: dict[NodeRef, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for word in sorted(words, key=lambda word: (word.at, word.said)):
        if not word.deleted:
            values = msgspec.json.decode(word.said, type=dict[str, str])
            said[word.ref][word.aspect] |= values if word.aspect == "tags" else {k: v for k, v in values.items() if v}
    return {
        ref: Told(
            owner=said[ref]["ownership"].get("owner", "") or run_owners.get(ref, ""),
            on_call=said[ref]["ownership"].get("on_call", ""),
            description=said[ref]["documentation"].get("description", ""),
            lifecycle=said[ref]["lifecycle"].get("state", ""),
            tags=dict(said[ref]["tags"]),
        )
        for ref in [*said, *(ref for ref in run_owners if ref not in said)]
    }


def _known(times: Times, column: str) -> tuple[str, str]:
    return (
        f"{column} <= {MOMENT % 'as_of'}" if times.as_of is not None else "",
        f"recorded_at <= {MOMENT % 'known_at'}" if times.known_at is not None else "",
    )
