"""Tries of the same slot of a job: what was run again, and which try counts."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .node import NodeRef
from .query import MOMENT, fetch


class Attempt(msgspec.Struct, frozen=True):
    """The `number`th of `attempts` tries."""

    run_id: str
    state: str
    number: int
    attempts: int
    started_at: Micros
    ended_at: Micros | None


def attempts_of(client: Client, of: NodeRef, slot: Micros, run_id: str) -> list[Attempt]:
    """All tries of the run's slot in their order; empty where it is the only one, or stands beside others of its parent."""
    found = fetch(
        client,
        Attempt,
        "FROM leadline.run_attempts WHERE job_namespace = {namespace:String} AND job_name = {name:String} "
        f"AND nominal_at = {MOMENT % 'slot'} ORDER BY test, part, number",
        namespace=of.namespace,
        name=of.name,
        slot=slot,
    )
    ends = [place for place, one in enumerate(found, 1) if one.number == one.attempts]
    groups = [found[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    mine = next((group for group in groups if any(one.run_id == run_id for one in group)), [])
    return mine if len(mine) > 1 else []
