"""Lineage: which data was made from which, through which job; and which job waits for which."""

from typing import Annotated

from msgspec import Meta

from .column import Transformation
from .event import Event, Micros

GRANULARITIES = ("RUN", "JOB", "COLUMN", "CONTROL")


class EdgeObserved(Event, frozen=True, kw_only=True):
    """One edge from data to data through a job, as known after an event.

    A later `revision` of the same edge replaces the earlier; an edge is identified by all of granularity, source, target,
    job, run and valid_from (event_id is derived from these and the revision).
    """

    granularity: Annotated[str, Meta(description="RUN, JOB, COLUMN, or CONTROL: from job to job, no data")]
    source_kind: str
    source_namespace: str
    source_name: str
    target_kind: str
    target_namespace: str
    target_name: str
    job_namespace: str
    job_name: str
    valid_from: Micros
    last_seen: Annotated[Micros, Meta(description="End of the newest run that confirmed the edge")]
    revision: Annotated[int, Meta(description="Grows with every change of what is known of the job's edges")]
    valid_to: Annotated[Micros | None, Meta(description="Superseded then; null: still valid")] = None
    source_version: str = ""
    source_field: str = ""
    target_version: str = ""
    target_field: str = ""
    run_id: str = ""
    retracted: Annotated[bool, Meta(description="An earlier revision said so wrongly; a late event corrected it")] = False
    transformations: Annotated[list[Transformation], Meta(description="Of a COLUMN edge: how; empty: not said")] = []
