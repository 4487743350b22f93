"""Runs: one execution of a job."""

from typing import Annotated

from msgspec import Meta

from .column import ColumnEdge
from .event import Event, Micros, Part

EVENT_TYPES = ("START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "LOST", "OTHER")
TERMINAL_TYPES = ("COMPLETE", "FAIL", "ABORT")
DEPENDENCIES = ("UPSTREAM", "DOWNSTREAM")


class RunIo(Part, frozen=True, kw_only=True):
    """A node that a run read or wrote."""

    kind: Annotated[str, Meta(description="DATASET, MODEL, FEATURE_VIEW, DEPLOYMENT or ARTIFACT")]
    namespace: str
    name: str
    version: Annotated[str, Meta(description="The tool's own version, else a hash of the content; empty: not known")] = ""
    schema_version: Annotated[str, Meta(description="Hash of the columns and their types; empty: not known")] = ""


class JobDependency(Part, frozen=True, kw_only=True):
    """Another job that this one waits for, or that waits for this one: control flow, no data."""

    direction: Annotated[str, Meta(description="UPSTREAM: it runs before this one; DOWNSTREAM: it runs after")]
    job_namespace: str
    job_name: str
    run_id: str = ""
    type: Annotated[str, Meta(description="What kind of dependency it is, as the tool says")] = ""
    trigger_rule: Annotated[str, Meta(description="When the later one starts, as the tool says")] = ""


class RunEvent(Event, frozen=True, kw_only=True):
    """A state change of a run, or an addition to it. Events of one run accumulate: inputs, outputs and facets are united."""

    run_id: Annotated[str, Meta(description="The tool's own id, UUIDv7 when ours; unique together with the job")]
    job_namespace: str
    job_name: str
    event_type: Annotated[str, Meta(description="START, RUNNING, COMPLETE, FAIL, ABORT, LOST or OTHER")]
    nominal_at: Annotated[Micros | None, Meta(description="Slot: the nominal time that the run is about")] = None
    nominal_end_at: Micros | None = None
    parent_run_id: str = ""
    parent_job_namespace: str = ""
    parent_job_name: str = ""
    root_run_id: str = ""
    root_job_namespace: str = ""
    root_job_name: str = ""
    mode: Annotated[str, Meta(description="LIVE, BACKFILL, TEST, or empty: judged by when the run ended")] = ""
    attempt: Annotated[int, Meta(description="1 for the first try of a slot")] = 1
    actor: Annotated[str, Meta(description="The person or service account that it ran as")] = ""
    owner: str = ""
    host: str = ""
    cluster: str = ""
    container: Annotated[str, Meta(description="Container image, else container id")] = ""
    process_id: int | None = None
    code_repository: str = ""
    code_commit: str = ""
    code_branch: str = ""
    code_path: str = ""
    code_dirty: bool | None = None
    code_hash: Annotated[
        str, Meta(description="Hash of the job's own source, the same in whatever repository, image or tool it lies")
    ] = ""
    command: Annotated[str, Meta(description="Command line as a shell would take it, secrets redacted")] = ""
    working_directory: str = ""
    engine: Annotated[str, Meta(description="What executed it, as name/version")] = ""
    packages: Annotated[dict[str, str], Meta(description="Package name to version")] = {}
    packages_hash: Annotated[str, Meta(description="Hash of packages: equal where the same ones were imported")] = ""
    tool_url: Annotated[str, Meta(description="Where a person sees this run in its tool")] = ""
    tool_ids: Annotated[dict[str, str], Meta(description="What the tool calls this run, such as dag_id and task_id")] = {}
    resource: Annotated[
        dict[str, str],
        Meta(description="Where it ran, by the names of OpenTelemetry's resource attributes, such as cloud.region"),
    ] = {}
    traceparent: Annotated[str, Meta(description="W3C trace context that the run was started in; empty: none")] = ""
    parameters: dict[str, str] = {}
    tags: dict[str, str] = {}
    inputs: list[RunIo] = []
    outputs: list[RunIo] = []
    error_type: str = ""
    error_message: str = ""
    error_stack: str = ""
    exit_code: Annotated[int | None, Meta(description="Of the process, where the run is one; -n: signal n")] = None
    duration_seconds: float | None = None
    cpu_seconds: Annotated[float | None, Meta(description="Processor time of the process, user and system, in seconds")] = None
    peak_memory_bytes: int | None = None
    heartbeat_seconds: Annotated[
        float | None, Meta(description="The run promises an event at least this often; LOST after three missed ones")
    ] = None
    deadline_at: Annotated[Micros | None, Meta(description="The run is LOST when it has not ended by then")] = None
    facets: Annotated[dict[str, str], Meta(description="Facets that Leadline does not know, verbatim JSON")] = {}
    processing_type: Annotated[str, Meta(description="BATCH, STREAMING, SERVICE, or as the tool says; empty: not said")] = ""
    job_type: Annotated[str, Meta(description="What the tool calls this kind of job, such as TASK or QUERY")] = ""
    partial: Annotated[bool, Meta(description="The tool could not find out all inputs and outputs")] = False
    columns: Annotated[list[ColumnEdge], Meta(description="Which columns were made from which")] = []
    dependencies: list[JobDependency] = []
