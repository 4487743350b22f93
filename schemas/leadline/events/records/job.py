"""Jobs by design: what one reads and writes according to its definition, whether or not it ever ran."""

from typing import Annotated

from msgspec import Meta

from .column import ColumnEdge
from .event import Event
from .run import RunIo


class JobDeclared(Event, frozen=True, kw_only=True):
    """The definition of a job. Each replaces the one before it: it is whole, and there is no run."""

    job_namespace: str
    job_name: str
    inputs: list[RunIo] = []
    outputs: list[RunIo] = []
    columns: Annotated[list[ColumnEdge], Meta(description="Which columns are made from which")] = []
    code_repository: str = ""
    code_commit: str = ""
    code_branch: str = ""
    code_path: str = ""
    code_hash: Annotated[str, Meta(description="Hash of the job's own source")] = ""
    processing_type: Annotated[str, Meta(description="BATCH, STREAMING, SERVICE, or as the tool says; empty: not said")] = ""
    job_type: Annotated[str, Meta(description="What the tool calls this kind of job, such as TASK or QUERY")] = ""
