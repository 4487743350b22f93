"""The facts of an explanation, from the public views, and the explanation made of them."""

from collections.abc import Iterable

from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError
from leadline.events.records.alert import TERMINAL_TRANSITIONS

from .alerts import AlertEvent, find_alert
from .explanation import facts
from .explanation.answer import Explanation
from .explanation.explain import RUN_METRICS, explain
from .lineage import Direction, Lineage, walk
from .node import NodeRef, job
from .query import NODE_SET, fetch, node_set
from .runs import FAILED, Run

MAX_RUNS = 5_000
MAX_IO = 50_000
MAX_READINGS = 20_000
MAX_CHANGES = 1_000
MAX_DECISIONS = 200
MAX_LINES_OF_RUN = 50
MAX_FAILED = 50
"""Of the newest failed runs the logs are read: they say why."""
MAX_DEPTH = 10
MAX_NODES = 500
"""In each direction, nearest first: with more, an explanation of a wide graph takes over a second."""

_OF_JOBS = f"('JOB', job_namespace, job_name) IN {NODE_SET % 'jobs'}"


def explain_alert(client: Client, text: str) -> Explanation:
    """Of the alert or episode whose id starts with the text. Raises UsageError, LeadlineError where it fits none or several."""
    alert = transition(client, find_alert(client, text), text)
    return explain(gather(client, alert, alert.node, alert.run))


def explain_run(client: Client, run: Run) -> Explanation:
    """Why the run failed, where it did."""
    return explain(gather(client, None, run.job, (run.job_namespace, run.job_name, run.run_id)))


def transition(client: Client, found: AlertEvent, text: str) -> facts.Alert:
    """The one that is asked for; of an episode, and in place of its end, the one at which it was first at its worst."""
    worst = found.transition in TERMINAL_TRANSITIONS or not found.alert_id.startswith(text)
    rows = fetch(
        client,
        facts.Alert,
        "FROM leadline.alert_events WHERE episode_id = {episode:String} AND "
        + ("NOT has({terminal:Array(String)}, transition)" if worst else "alert_id = {alert:String}")
        + " ORDER BY severity = 'error' DESC, ordinal LIMIT 1",
        episode=found.episode_id,
        terminal=list(TERMINAL_TRANSITIONS) if worst else None,
        alert=found.alert_id,
    )
    if not rows:
        raise LeadlineError(f"episode {found.episode_id} has ended, and how it began is no longer in the store")
    return rows[0]


def gather(client: Client, alert: facts.Alert | None, node: NodeRef, run: facts.RunKey) -> facts.Facts:
    """Of the alert about the node, else of the run, and of all that is upstream of both."""
    measuring = job(run[0], run[1])
    up, down = _up(client, node, measuring), _walk(client, node, "down")
    upstream = list(dict.fromkeys(reached.node for way in up for reached in way.nodes))
    jobs = sorted({one for one in upstream if one.kind == "JOB"} | {measuring} | _jobs_after(client, alert, measuring, down))
    data = [one for one in upstream if one.kind != "JOB"]
    downstream = [facts.Downstream(one.kind, one.namespace, one.name, one.distance) for one in down.nodes]
    runs = _of_jobs(client, facts.Run, "runs", jobs, order="started_at", limit=MAX_RUNS)
    failed = [one.key for one in runs if one.state in FAILED][:MAX_FAILED]
    changes = _of_jobs(client, facts.Change, "changes", jobs, order="event_time", limit=MAX_CHANGES)
    return facts.Facts(
        alert=alert,
        subject=run,
        readings=_readings(client, alert, jobs, [node, *data]) if alert and alert.metric not in RUN_METRICS else [],
        runs=runs,
        run_io=_of_jobs(client, facts.RunIo, "run_io", jobs, order="event_time", limit=MAX_IO),
        changes=changes,
        decisions=_decisions(client, [node, *upstream, measuring]),
        episodes=_episodes(client, [*upstream, measuring], node),
        contacts=_contacts(client, [node, *jobs, *(one.node for one in downstream)]),
        downstream=downstream,
        logs=_logs(client, {run, *(change.run for change in changes), *failed}),
        missing=list(dict.fromkeys(_cut_off(way) for way in [*up, down] if way.truncated)),
        watermark=down.watermark,
    )


def _walk(client: Client, start: NodeRef, direction: Direction) -> Lineage:
    return walk(client, start, direction, depth=MAX_DEPTH, max_nodes=MAX_NODES)


def _up(client: Client, node: NodeRef, measuring: NodeRef) -> list[Lineage]:
    """From the node, and from the job that measured it: a value depends on all that the job read."""
    found = _walk(client, node, "up")
    known = {node, *(reached.node for reached in found.nodes)}
    return [found] if measuring in known else [found, _walk(client, measuring, "up")]


def _jobs_after(client: Client, alert: facts.Alert | None, of: NodeRef, down: Lineage) -> set[NodeRef]:
    """Jobs downstream of a job that failed: they may have failed after it."""
    if alert is not None and alert.metric not in RUN_METRICS:
        return set()
    found = down if down.node == of else _walk(client, of, "down")
    return {reached.node for reached in found.nodes if reached.kind == "JOB"}


def _cut_off(way: Lineage) -> str:
    return f"all of what is {way.direction}stream: cut off by {way.truncated}"


def _of_jobs(
    client: Client, kind: type[facts.FactOfJob], view: str, jobs: Iterable[NodeRef], *, order: str, limit: int
) -> list[facts.FactOfJob]:
    """The newest rows of these jobs."""
    source = f"FROM leadline.{view} WHERE {_OF_JOBS} ORDER BY {order} DESC LIMIT {{limit:UInt32}}"
    return fetch(client, kind, source, jobs=node_set(jobs), limit=limit)


def _readings(client: Client, alert: facts.Alert, jobs: Iterable[NodeRef], nodes: Iterable[NodeRef]) -> list[facts.Reading]:
    """What these jobs measured of the alert's node and of those upstream; those of the alert's job before all others."""
    return fetch(
        client,
        facts.Reading,
        f"FROM leadline.readings WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'} AND {_OF_JOBS} "
        "ORDER BY (job_namespace, job_name) = ({job_namespace:String}, {job_name:String}) DESC, event_time DESC "
        "LIMIT {limit:UInt32}",
        nodes=node_set({alert.node, *nodes}),
        jobs=node_set(jobs),
        job_namespace=alert.job_namespace,
        job_name=alert.job_name,
        limit=MAX_READINGS,
    )


def _decisions(client: Client, nodes: Iterable[NodeRef]) -> list[facts.Decision]:
    """The newest about these."""
    return fetch(
        client,
        facts.Decision,
        f"FROM leadline.decisions WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'} "
        "ORDER BY event_time DESC LIMIT {limit:UInt32}",
        nodes=node_set(set(nodes)),
        limit=MAX_DECISIONS,
    )


def _episodes(client: Client, nodes: Iterable[NodeRef], but: NodeRef) -> list[facts.Episode]:
    return fetch(
        client,
        facts.Episode,
        f"FROM leadline.episodes WHERE closed_at IS NULL AND (kind, namespace, name) IN {NODE_SET % 'nodes'} "
        "ORDER BY opened_at, episode_id LIMIT 50",
        nodes=node_set(set(nodes) - {but}),
    )


def _contacts(client: Client, nodes: Iterable[NodeRef]) -> list[facts.Contact]:
    return fetch(
        client,
        facts.Contact,
        f"FROM leadline.nodes WHERE (kind, namespace, name) IN {NODE_SET % 'nodes'} ORDER BY kind, namespace, name",
        nodes=node_set(set(nodes)),
    )


def _logs(client: Client, runs: Iterable[facts.RunKey]) -> list[facts.LogLine]:
    """The last lines of each."""
    return fetch(
        client,
        facts.LogLine,
        f"FROM leadline.logs WHERE (job_namespace, job_name, run_id) IN {NODE_SET % 'runs'} AND pointer = '' "
        "ORDER BY time DESC, position DESC LIMIT {limit:UInt32} BY job_namespace, job_name, run_id",
        runs=node_set(NodeRef(*run) for run in runs),
        limit=MAX_LINES_OF_RUN,
    )
