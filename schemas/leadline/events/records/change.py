"""Changes: X of job J went from a to b."""

from typing import Annotated

from msgspec import Meta

from .event import Event, Micros


class ChangeDetected(Event, frozen=True, kw_only=True):
    """A difference between a run and the run of the same job before it. event_time is the start of the run that shows it."""

    kind: str
    namespace: str
    name: str
    what: Annotated[
        str,
        Meta(
            description="code.commit, code.dirty, parameter.NAME, package.NAME, engine, container, input, output, "
            "input_version or schema"
        ),
    ]
    before: str
    after: str
    job_namespace: str
    job_name: str
    run_id: str
    previous_run_id: str
    revision: Annotated[int, Meta(description="Grows with every correction by a late event")]
    subject: Annotated[str, Meta(description="The node that an input, output, input_version or schema change is about")] = ""
    actor: str = ""
    mode: str = ""
    slot: Micros | None = None
    retracted: bool = False
