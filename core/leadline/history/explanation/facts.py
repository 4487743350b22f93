"""What an explanation is made from: plain rows, as the public views have them."""

from typing import TypeVar

import msgspec

from leadline.events.records.event import Micros

from ..node import NodeRef


class Fact(msgspec.Struct, frozen=True):
    """One row; its fields are columns of the view of the same name."""


class Reading(Fact, frozen=True):
    kind: str
    namespace: str
    name: str
    metric: str
    value: float
    event_time: Micros
    slot: Micros | None = None
    dims: dict[str, str] = {}
    mode: str = ""
    job_namespace: str = ""
    job_name: str = ""
    run_id: str = ""

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)

    @property
    def run(self) -> "RunKey":
        return self.job_namespace, self.job_name, self.run_id


RunKey = tuple[str, str, str]
"""Namespace and name of the job, run id: tools reuse a run id for several jobs."""


FAILED = ("FAIL", "LOST", "ABORT")
"""States of runs that ended and made nothing that can be relied on."""


class Run(Fact, frozen=True):
    run_id: str
    job_namespace: str
    job_name: str
    state: str
    started_at: Micros | None = None
    ended_at: Micros | None = None
    nominal_at: Micros | None = None
    mode: str = ""
    tool: str = ""
    host: str = ""
    actor: str = ""
    owner: str = ""
    code_repository: str = ""
    code_commit: str = ""
    code_path: str = ""
    error_type: str = ""
    error_message: str = ""

    @property
    def key(self) -> RunKey:
        return self.job_namespace, self.job_name, self.run_id

    @property
    def job(self) -> NodeRef:
        return NodeRef("JOB", self.job_namespace, self.job_name)


class RunIo(Fact, frozen=True):
    """`direction` is INPUT or OUTPUT; the version is empty where it is not known."""

    run_id: str
    job_namespace: str
    job_name: str
    direction: str
    kind: str
    namespace: str
    name: str
    version: str = ""

    @property
    def run(self) -> RunKey:
        return self.job_namespace, self.job_name, self.run_id

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Change(Fact, frozen=True):
    """`what` of a job went from `before` to `after`, first seen in that run, which started at event_time."""

    what: str
    before: str
    after: str
    job_namespace: str
    job_name: str
    run_id: str
    event_time: Micros
    subject: str = ""
    actor: str = ""
    mode: str = ""
    slot: Micros | None = None

    @property
    def run(self) -> RunKey:
        return self.job_namespace, self.job_name, self.run_id

    @property
    def job(self) -> NodeRef:
        return NodeRef("JOB", self.job_namespace, self.job_name)


class Decision(Fact, frozen=True):
    """What a person or a policy did to a node; the job is the one that carried it out, where one did."""

    kind: str
    namespace: str
    name: str
    action: str
    event_time: Micros
    version: str = ""
    actor: str = ""
    reason: str = ""
    job_namespace: str = ""
    job_name: str = ""
    run_id: str = ""

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Alert(Fact, frozen=True):
    """The transition to be explained."""

    alert_id: str
    episode_id: str
    bound_id: str
    transition: str
    severity: str
    kind: str
    namespace: str
    name: str
    metric: str
    value: float
    event_time: Micros
    opened_at: Micros
    dims: dict[str, str] = {}
    threshold: float | None = None
    condition: str = ""
    slot: Micros | None = None
    opened_slot: Micros | None = None
    owner: str = ""
    message: str = ""
    job_namespace: str = ""
    job_name: str = ""
    run_id: str = ""

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)

    @property
    def run(self) -> RunKey:
        return self.job_namespace, self.job_name, self.run_id


class Episode(Fact, frozen=True):
    """A violation that is open."""

    episode_id: str
    kind: str
    namespace: str
    name: str
    metric: str
    severity: str
    opened_at: Micros
    job_namespace: str = ""
    job_name: str = ""
    run_id: str = ""

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Contact(Fact, frozen=True):
    """Whose a node is."""

    kind: str
    namespace: str
    name: str
    owner: str = ""
    on_call: str = ""
    consumers: str = ""

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Downstream(Fact, frozen=True):
    kind: str
    namespace: str
    name: str
    distance: int

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class LogLine(Fact, frozen=True):
    job_namespace: str
    job_name: str
    run_id: str
    time: Micros
    level: str
    logger: str
    message: str
    exception: str = ""

    @property
    def run(self) -> RunKey:
        return self.job_namespace, self.job_name, self.run_id


class Facts(Fact, frozen=True):
    """What is known of an alert, or of the run `subject`, and of everything upstream of it."""

    alert: Alert | None = None
    subject: RunKey | None = None
    readings: list[Reading] = []
    runs: list[Run] = []
    run_io: list[RunIo] = []
    changes: list[Change] = []
    decisions: list[Decision] = []
    episodes: list[Episode] = []
    contacts: list[Contact] = []
    downstream: list[Downstream] = []
    logs: list[LogLine] = []
    missing: list[str] = []
    watermark: Micros | None = None


FactOfJob = TypeVar("FactOfJob", Change, Run, RunIo)
