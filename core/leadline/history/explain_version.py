"""Explanations of one version of a dataset or model, from the public views."""

from collections.abc import Iterable

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError

from .alerts import find_alert
from .explain_facts import gather, transition
from .explanation import facts
from .explanation.answer import Explanation, Made
from .explanation.made import Measured, Violation, explain_made, last_good, violations
from .node import NodeRef
from .query import NODE_SET, fetch, node_set
from .versions import Version

MAX_VERSIONS = 200
"""Before it, among which a good one is looked for."""
MAX_READINGS = 20_000

_OF_NODE = "kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String}"
_NEWEST = "ORDER BY event_time DESC, version"


def explain_version(client: Client, node: NodeRef, version: str | None = None) -> Explanation:
    """Why the version is as it is; None: the newest. Raises LeadlineError where it is not known."""
    at, earlier = _versions(client, node, version)
    measured = violations(_readings(client, node, [at, *earlier]), _episodes(client, node))
    runs = _runs(client, [at, *earlier])
    made, *before = (_made(node, one, runs, measured) for one in (at, *earlier))
    good = last_good(made, before)
    episode = next((one.episode_id for one in measured.get(at.version, [])), None)
    alert = transition(client, find_alert(client, episode), episode) if episode else None
    found = gather(client, alert, node, (at.job_namespace, at.job_name, at.run_id))
    since = good or next(iter(before), None)
    return explain_made(found, made, good, since.made_at if since else None)


def _versions(client: Client, node: NodeRef, version: str | None) -> tuple[Version, list[Version]]:
    """The one that is asked for, and those before it, the newest first."""
    where = f"FROM leadline.versions WHERE {_OF_NODE}"
    of = msgspec.structs.asdict(node)
    exactly = "" if version is None else "AND version = {version:String}"
    found = fetch(client, Version, f"{where} {exactly} {_NEWEST} LIMIT 1", version=version, **of)
    if not found:
        told = f"version {version!r} of {node} is not known" if version is not None else f"no version of {node} is known"
        raise LeadlineError(f"{told}; `leadline show` lists its versions")
    earlier = fetch(
        client,
        Version,
        f"{where} AND event_time < fromUnixTimestamp64Micro({{before:Int64}}, 'UTC') {_NEWEST} LIMIT {{limit:UInt32}}",
        before=found[0].event_time,
        limit=MAX_VERSIONS,
        **of,
    )
    return found[0], earlier


def _made(node: NodeRef, one: Version, runs: dict[facts.RunKey, facts.Run], measured: dict[str, list[Violation]]) -> Made:
    return Made(
        kind=node.kind,
        namespace=node.namespace,
        name=node.name,
        version=one.version,
        made_at=one.event_time,
        run=runs.get((one.job_namespace, one.job_name, one.run_id)),
        violated=bool(measured[one.version]) if one.version in measured else None,
    )


def _readings(client: Client, node: NodeRef, versions: Iterable[Version]) -> list[Measured]:
    return fetch(
        client,
        Measured,
        f"FROM leadline.readings WHERE {_OF_NODE} AND has({{versions:Array(String)}}, version) AND mode != 'TEST' "
        "ORDER BY event_time DESC LIMIT {limit:UInt32}",
        versions=[one.version for one in versions],
        limit=MAX_READINGS,
        **msgspec.structs.asdict(node),
    )


def _episodes(client: Client, node: NodeRef) -> list[Violation]:
    """Errors before warnings, the oldest first; not those that were taken back."""
    source = f"FROM leadline.episodes WHERE {_OF_NODE} AND state != 'retracted' ORDER BY severity = 'error' DESC, opened_at"
    return fetch(client, Violation, source, **msgspec.structs.asdict(node))


def _runs(client: Client, versions: Iterable[Version]) -> dict[facts.RunKey, facts.Run]:
    keys = {NodeRef(one.job_namespace, one.job_name, one.run_id) for one in versions if one.run_id}
    found = fetch(
        client,
        facts.Run,
        f"FROM leadline.runs WHERE (job_namespace, job_name, run_id) IN {NODE_SET % 'runs'}",
        runs=node_set(keys),
    )
    return {run.key: run for run in found}
