"""Runs: what ran or is running, where, whether it worked; and one run with all that belongs to it."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError, UsageError
from leadline.events.records.event import Micros

from .attempts import Attempt, attempts_of
from .changes import Change, changes_of_run
from .node import NodeRef, job
from .query import MOMENT, fetch, where

RUNNING = ("RUNNING",)
FAILED = ("FAIL", "LOST", "ABORT")
_SHORTEST_PREFIX = 4


class Run(msgspec.Struct, frozen=True):
    """One execution of a job, as it is known now; state RUNNING, COMPLETE, FAIL, ABORT or LOST."""

    run_id: str
    job_namespace: str
    job_name: str
    state: str
    started_at: Micros
    ended_at: Micros | None
    nominal_at: Micros | None
    duration_seconds: float | None
    mode: str
    attempt: int
    parent_run_id: str
    parent_job_namespace: str
    parent_job_name: str
    root_run_id: str
    tool: str
    engine: str
    host: str
    cluster: str
    container: str
    owner: str
    actor: str
    code_repository: str
    code_commit: str
    code_path: str
    code_dirty: bool | None
    code_hash: str
    error_type: str
    error_message: str
    recorded_at: Micros

    @property
    def job(self) -> NodeRef:
        return job(self.job_namespace, self.job_name)


class RunExtent(msgspec.Struct, frozen=True):
    """What is long about a run, and asked for one at a time."""

    command: str
    working_directory: str
    tool_url: str
    tool_ids: dict[str, str]
    resource: dict[str, str]
    traceparent: str
    parameters: dict[str, str]
    packages: dict[str, str]
    packages_hash: str
    tags: dict[str, str]
    facets: dict[str, str]
    error_stack: str
    exit_code: int | None
    cpu_seconds: float | None
    peak_memory_bytes: int | None
    last_event_at: Micros


class RunData(msgspec.Struct, frozen=True):
    """Data that a run read (INPUT) or wrote (OUTPUT)."""

    direction: str
    kind: str
    namespace: str
    name: str
    version: str
    schema_version: str


class RunDetails(msgspec.Struct, frozen=True):
    run: Run
    extent: RunExtent
    io: list[RunData]
    changes: list[Change]
    parent: Run | None
    children: list[Run]
    attempts: list[Attempt] = []
    """All tries of its slot, where there are several."""


def list_runs(
    client: Client,
    *,
    states: tuple[str, ...] = (),
    job_name: str = "",
    code_hash: str = "",
    since: Micros | None = None,
    limit: int = 50,
) -> list[Run]:
    """The runs that started last first; `job_name` is a job's exact name, in any namespace, `code_hash` a whole hash."""
    return fetch(
        client,
        Run,
        "FROM leadline.runs "
        + where(
            "has({states:Array(String)}, state)" if states else "",
            "job_name = {job_name:String}" if job_name else "",
            "code_hash = {code_hash:String}" if code_hash else "",
            f"started_at >= {MOMENT % 'since'}" if since is not None else "",
        )
        + " ORDER BY started_at DESC, run_id LIMIT {limit:UInt32}",
        states=list(states) or None,
        job_name=job_name,
        code_hash=code_hash,
        since=since,
        limit=limit,
    )


class CodeHash(msgspec.Struct, frozen=True):
    """A hash of source that some run has."""

    code_hash: str


def find_code(client: Client, text: str) -> str:
    """The hash of source that is, or starts with, the text, as git finds commits.

    Raises UsageError where the text is too short or fits several hashes, LeadlineError where it fits none.
    """
    if len(text) < _SHORTEST_PREFIX:
        raise UsageError(f"{text!r} is too short for the start of a code hash; give at least {_SHORTEST_PREFIX} signs")
    source = "FROM leadline.runs WHERE startsWith(code_hash, {text:String}) GROUP BY code_hash ORDER BY code_hash LIMIT 10"
    found = [row.code_hash for row in fetch(client, CodeHash, source, text=text.lower())]
    if not found:
        raise LeadlineError(f"no run has a code hash that starts with {text!r}; `leadline run ID` shows that of a run")
    if len(found) > 1:
        listed = "\n".join(f"  {code_hash}" for code_hash in found)
        raise UsageError(f"several code hashes start with {text!r}; give more of it:\n{listed}")
    return found[0]


def runs_of_job(client: Client, of: NodeRef, limit: int = 10) -> list[Run]:
    """The job's newest runs first."""
    return fetch(
        client,
        Run,
        "FROM leadline.runs WHERE job_namespace = {namespace:String} AND job_name = {name:String} "
        "ORDER BY started_at DESC, run_id LIMIT {limit:UInt32}",
        namespace=of.namespace,
        name=of.name,
        limit=limit,
    )


def runs_of_data(client: Client, node: NodeRef, direction: str, limit: int = 10) -> list[Run]:
    """The newest runs that read (INPUT) or wrote (OUTPUT) the node."""
    return fetch(
        client,
        Run,
        "FROM leadline.runs WHERE (job_namespace, job_name, run_id) IN (SELECT job_namespace, job_name, run_id "
        "FROM leadline.run_io WHERE direction = {direction:String} AND kind = {kind:String} "
        "AND namespace = {namespace:String} AND name = {name:String}) "
        "ORDER BY started_at DESC, run_id LIMIT {limit:UInt32}",
        direction=direction,
        kind=node.kind,
        namespace=node.namespace,
        name=node.name,
        limit=limit,
    )


def get_run(client: Client, of: NodeRef, run_id: str) -> Run | None:
    """The run of that job; None where the store does not have it."""
    found = fetch(
        client,
        Run,
        f"FROM leadline.runs WHERE {_ONE_RUN}",
        **_key(of, run_id),
    )
    return found[0] if found else None


def find_run(client: Client, text: str, job_name: str = "") -> Run:
    """The run whose id is, or starts with, the text; tools reuse a run id for several jobs, `job_name` says which.

    Raises UsageError where the text is too short or fits several runs, LeadlineError where it fits none.
    """
    found = _runs_with_id(client, "run_id = {text:String}", text, job_name)
    if not found and len(text) < _SHORTEST_PREFIX:
        raise UsageError(f"{text!r} is too short for the start of a run id; give at least {_SHORTEST_PREFIX} signs")
    found = found or _runs_with_id(client, "startsWith(run_id, {text:String})", text, job_name)
    if not found:
        raise LeadlineError(f"no run has an id that starts with {text!r}; `leadline runs` lists the newest")
    if len(found) > 1:
        listed = "\n".join(f"  {run.run_id} of {run.job}" for run in found)
        raise UsageError(f"several runs fit {text!r}; give more of the id, or --job:\n{listed}")
    return found[0]


def _runs_with_id(client: Client, condition: str, text: str, job_name: str) -> list[Run]:
    return fetch(
        client,
        Run,
        "FROM leadline.runs "
        + where(condition, "job_name = {job_name:String}" if job_name else "")
        + " ORDER BY started_at DESC, job_namespace, job_name LIMIT 20",
        text=text,
        job_name=job_name,
    )


def run_details(client: Client, run: Run) -> RunDetails:
    """The run with its data, its changes, its parent and its children."""
    io = fetch(
        client,
        RunData,
        f"FROM leadline.run_io WHERE {_ONE_RUN} ORDER BY direction, kind, namespace, name, version",
        **_key(run.job, run.run_id),
    )
    extent = fetch(client, RunExtent, f"FROM leadline.runs WHERE {_ONE_RUN}", **_key(run.job, run.run_id))
    relatives = fetch(
        client,
        Run,
        "FROM leadline.runs WHERE parent_run_id = {run_id:String} OR (run_id = {parent:String} AND run_id != '') "
        "ORDER BY started_at, run_id LIMIT 200",
        run_id=run.run_id,
        parent=run.parent_run_id,
    )
    return RunDetails(
        run=run,
        extent=extent[0],
        io=io,
        changes=changes_of_run(client, run.job, run.run_id),
        parent=next((found for found in relatives if found.run_id == run.parent_run_id and found != run), None),
        children=[found for found in relatives if found.parent_run_id == run.run_id and found != run],
        attempts=[] if run.nominal_at is None else attempts_of(client, run.job, run.nominal_at, run.run_id),
    )


_ONE_RUN = "job_namespace = {namespace:String} AND job_name = {name:String} AND run_id = {run_id:String}"


def _key(of: NodeRef, run_id: str) -> dict[str, str]:
    return {"namespace": of.namespace, "name": of.name, "run_id": run_id}
