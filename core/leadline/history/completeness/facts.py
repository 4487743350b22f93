"""What the store knows of every job that was heard of since a time."""

from collections import defaultdict

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from ..node import NodeRef, job
from ..query import MOMENT, fetch
from .judge import JobFacts


class _Job(msgspec.Struct, frozen=True):
    namespace: str
    name: str
    owner: str
    on_call: str
    description: str


class _Runs(msgspec.Struct, frozen=True):
    """All runs of a job together."""

    job_namespace: str
    job_name: str
    code: str
    last_success: Micros | None


class _Code(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    code: str


class _Io(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    inputs: int
    outputs: int
    bounds: int


class _Input(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    kind: str
    namespace: str
    name: str


_CODE = "if(code_commit != '', code_commit, code_hash)"
_BOUNDED = "(SELECT kind, namespace, name FROM leadline.bounds WHERE effective AND state = 'ACTIVE')"
_NEWEST_SUCCESS = """(
    SELECT job_namespace, job_name, argMax(run_id, (ended_at, run_id)) FROM leadline.runs
    WHERE state = 'COMPLETE' AND mode != 'TEST' GROUP BY job_namespace, job_name)"""


def job_facts(client: Client, since: Micros) -> list[JobFacts]:
    """In the order of their names; tests are no successes."""
    jobs = fetch(
        client,
        _Job,
        f"FROM leadline.nodes WHERE kind = 'JOB' AND last_seen >= {MOMENT % 'since'} ORDER BY namespace, name",
        since=since,
    )
    runs, declared, io = _runs(client), _declared(client), _io(client)
    unpinned, bounded = _unpinned(client), _bounded_jobs(client)
    found = []
    for one in jobs:
        ref = job(one.namespace, one.name)
        ran, uses = runs.get(ref), io.get(ref)
        found.append(
            JobFacts(
                job=ref,
                owner=one.owner,
                on_call=one.on_call,
                description=one.description,
                code=(ran.code if ran else "") or declared.get(ref, ""),
                inputs=uses.inputs if uses else 0,
                outputs=uses.outputs if uses else 0,
                unpinned=unpinned.get(ref, []),
                bounds=(uses.bounds if uses else 0) + (ref in bounded),
                last_success=ran.last_success if ran else None,
            )
        )
    return found


def _runs(client: Client) -> dict[NodeRef, _Runs]:
    rows = fetch(
        client,
        _Runs,
        "FROM leadline.runs GROUP BY job_namespace, job_name",
        {
            "code": f"argMaxIf({_CODE}, started_at, {_CODE} != '')",
            "last_success": "maxIf(ended_at, state = 'COMPLETE' AND mode != 'TEST')",
        },
    )
    return {job(row.job_namespace, row.job_name): row for row in rows}


def _declared(client: Client) -> dict[NodeRef, str]:
    source = "FROM leadline.job_declarations GROUP BY job_namespace, job_name"
    rows = fetch(client, _Code, source, {"code": f"argMaxIf({_CODE}, event_time, {_CODE} != '')"})
    return {job(row.job_namespace, row.job_name): row.code for row in rows}


def _io(client: Client) -> dict[NodeRef, _Io]:
    rows = fetch(
        client,
        _Io,
        "FROM leadline.job_io GROUP BY job_namespace, job_name",
        {
            "inputs": "countIf(direction = 'INPUT')",
            "outputs": "countIf(direction = 'OUTPUT')",
            "bounds": f"countIf(direction = 'OUTPUT' AND (kind, namespace, name) IN {_BOUNDED})",
        },
    )
    return {job(row.job_namespace, row.job_name): row for row in rows}


def _unpinned(client: Client) -> dict[NodeRef, list[NodeRef]]:
    rows = fetch(
        client,
        _Input,
        "FROM leadline.run_inputs WHERE pinned = 'UNKNOWN' "
        f"AND (job_namespace, job_name, run_id) IN {_NEWEST_SUCCESS} ORDER BY ALL",
    )
    found: dict[NodeRef, list[NodeRef]] = defaultdict(list)
    for row in rows:
        found[job(row.job_namespace, row.job_name)].append(NodeRef(row.kind, row.namespace, row.name))
    return found


def _bounded_jobs(client: Client) -> set[NodeRef]:
    return set(fetch(client, NodeRef, "FROM leadline.bounds WHERE effective AND state = 'ACTIVE' AND kind = 'JOB'"))
