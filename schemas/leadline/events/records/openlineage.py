"""OpenLineage's events as they came: nothing of them is lost, whatever Leadline knows of their facets."""

from typing import Annotated

from msgspec import Meta

from .event import Event

OPENLINEAGE_KINDS = ("RUN", "JOB", "DATASET")


class OpenLineageReceived(Event, frozen=True, kw_only=True):
    """One event, verbatim. The event_id is derived from its content: the same event has it however often it comes."""

    kind: Annotated[str, Meta(description="RUN, JOB or DATASET: which of OpenLineage's three events it is")]
    namespace: Annotated[str, Meta(description="Namespace of the job; of a dataset event: of the dataset")]
    name: str
    run_id: str = ""
    event_type: Annotated[str, Meta(description="As it came; empty: none")] = ""
    body: Annotated[str, Meta(description="The event, as JSON")]
    warnings: Annotated[list[str], Meta(description="What the specification would not allow, and was taken all the same")] = []
