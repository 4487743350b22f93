"""What a person or a policy did to a node."""

from typing import Annotated

from msgspec import Meta

from .event import Event


class DecisionRecorded(Event, frozen=True, kw_only=True):
    kind: str
    namespace: str
    name: str
    action: Annotated[str, Meta(description="PROMOTE, DEPLOY, ROLL_BACK, APPROVE, QUARANTINE, FIX, or another verb")]
    actor: str
    version: str = ""
    reason: str = ""
    job_namespace: str = ""
    job_name: str = ""
    run_id: str = ""
    details: dict[str, str] = {}
