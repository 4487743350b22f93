"""What changed: code, parameters, packages, inputs, engine of jobs."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .node import NodeRef
from .query import fetch


class Change(msgspec.Struct, frozen=True):
    """`what` of a job went from `before` to `after`, first seen in run `run_id`, which started at event_time."""

    kind: str
    namespace: str
    name: str
    what: str
    before: str
    after: str
    subject: str
    actor: str
    job_namespace: str
    job_name: str
    run_id: str
    previous_run_id: str
    mode: str
    slot: Micros | None
    event_time: Micros
    recorded_at: Micros


def changes_of_run(client: Client, job: NodeRef, run_id: str) -> list[Change]:
    """How the run differed from the run of its job before it."""
    return fetch(
        client,
        Change,
        "FROM leadline.changes WHERE job_namespace = {namespace:String} AND job_name = {name:String} "
        "AND run_id = {run_id:String} ORDER BY what, subject",
        namespace=job.namespace,
        name=job.name,
        run_id=run_id,
    )
