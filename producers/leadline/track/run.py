"""A run: one execution of a job, as a context manager."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self

from leadline.core.clock import system_clock
from leadline.core.errors import UsageError
from leadline.events.ids import new_id
from leadline.events.records import LogLine, RunEvent, RunIo
from leadline.events.records.event import MODES

from . import line_rate
from .begin import Begin
from .choices import chosen
from .column import edges
from .logs import MAX_MESSAGE, OWN_LOGGER, Logged, clean, level_name
from .moments import to_micros, to_seconds
from .nodes import MAX_NAME, Node, optional_text, required_text
from .outcome import outcome
from .parameters import to_parameters
from .parent import RunRef, from_environ
from .pending import Pending
from .process import peak_memory_bytes
from .shown import shown
from .texts import to_text, to_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date, datetime, timedelta
    from pathlib import Path
    from types import TracebackType

    from leadline.core.clock import Micros
    from leadline.events.records import ColumnEdge

    from .client import Client
    from .column import Sources
    from .definitions import MetricDefinition
    from .metrics import Metric
    from .parameters import Parameters
    from .sweep import Trial

HEARTBEAT_SECONDS = 30.0

_current: ContextVar[Run | None] = ContextVar("leadline_run", default=None)
_open: dict[int, Run] = {}


def current_run() -> Run | None:
    """The innermost run of this context; in a thread that has none, the process's run, where there is only one.

    The run of a coroutine or generator is never that of what else its thread does: other tasks, its consumer.
    """
    run = _current.get()
    if run is None and len(_open) == 1:
        with contextlib.suppress(ValueError):  # another thread ended it meanwhile
            (only,) = list(_open.values())
            return None if only.thread == threading.get_ident() else only
    return run


def begin_anew() -> None:
    """In the child of a fork: other threads held locks that nobody gives back; what was told before is the parent's to send."""
    for run in list(_open.values()):
        run.forked()


class Run:
    """Made by `track.run(...)`. START is sent when the `with` block begins, COMPLETE, FAIL or ABORT when it ends."""

    def __init__(
        self,
        client: Client,
        name: str,
        namespace: str = "default",
        *,
        slot: datetime | date | None = None,
        parameters: Parameters | None = None,
        tags: Mapping[str, object] | None = None,
        owner: str = "",
        mode: str | None = None,
        deadline: timedelta | float | None = None,
        heartbeat: timedelta | float | None = HEARTBEAT_SECONDS,
        attempt: int = 1,
        run_id: str | None = None,
    ) -> None:
        required_text(name, "name")
        required_text(namespace, "namespace")
        if not isinstance(attempt, int) or not 1 <= attempt < 2**31:
            raise UsageError(f"attempt is {shown(attempt)}; it must be a whole number from 1")
        self._client = client
        self.node = Node("JOB", namespace, name)
        self.run_id = new_id() if run_id is None else required_text(run_id, "run_id")
        self.slot = to_micros(slot, "slot")
        self.mode = "" if mode is None else chosen(mode, MODES, "mode")
        self.attempt = attempt
        self._owner = optional_text(owner, "owner", MAX_NAME)
        self._deadline = to_seconds(deadline, "deadline")
        self.heartbeat = to_seconds(_or_none(heartbeat), "heartbeat")
        self.unsent: RunEvent | None = None
        """The START of a run that another rank speaks for."""
        self._pending = Pending()
        self._lines = line_rate.LineRate()
        self._lock = threading.Lock()
        self._parent = RunRef()
        self._started: Micros | None = None
        self._began = self._cpu_began = 0.0
        self._ended = self._abandoned = False
        self._process = os.getpid()
        self._outer: Run | None = None
        self.thread = 0
        """Where the run is one of a coroutine or generator: the thread that it began in."""
        self._function: Callable[..., object] | None = None
        """Whose calls the runs are, where they are those of one; None: found on the stack."""
        if parameters is not None:
            self._keep("parameters", to_parameters(parameters))
        if tags is not None:
            self._keep("tags", to_texts(tags, "tags"))

    def __repr__(self) -> str:
        return f"Run({self.node.namespace}/{self.node.name}, {self.run_id})"

    @property
    def identity(self) -> dict[str, Any]:
        """The fields by which other events name this run."""
        return {"job_namespace": self.node.namespace, "job_name": self.node.name, "run_id": self.run_id}

    @property
    def ref(self) -> RunRef:
        """How children and other tools refer to this run."""
        parent = self._parent.as_parent()
        root = {key: value for key, value in parent.items() if key.startswith("root_")}
        return RunRef(run_id=self.run_id, job_namespace=self.node.namespace, job_name=self.node.name, **root)

    @property
    def begun(self) -> bool:
        return self._started is not None

    # -- life

    def __enter__(self) -> Self:
        self.begin()
        self._outer = _current.get()
        _current.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Without a token: the block may be left in another context than it was entered in, and runs may overlap.
        if _current.get() is self:
            outer = self._outer
            while outer is not None and outer._ended:
                outer = outer._outer
            _current.set(outer)
        self.finish(error)

    async def __aenter__(self) -> Self:
        """The same, and never taken for the run of another task that has none."""
        self.__enter__()
        self.thread = threading.get_ident()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def begin(self, *, scoped: bool = False) -> None:
        """Sends START, without becoming current. `scoped`: see `thread`."""
        if self._started is not None:
            raise UsageError(f"{self!r} was started before; make a new run for each execution")
        outer = self._above()
        self._parent = outer.ref if outer else _parent_outside()
        self._started = system_clock()
        self._began = time.monotonic()
        self._cpu_began = time.process_time()
        self.thread = threading.get_ident() if scoped else 0
        _open[id(self)] = self
        if not self._client.disabled:
            begin = Begin(sys._getframe(1), self._function)
            self._client.started(self, self._event("START", self._started, **self.take()), begin)

    def finish(self, error: BaseException | None) -> None:
        """The terminal event that the error asks for; None is success."""
        if self._client.disabled:
            _open.pop(id(self), None)
            self._ended = True
            return
        state, fields = outcome(error)
        self.end(state, **fields)

    def _above(self) -> Run | None:
        """The run that this one belongs under."""
        return current_run()

    def end(self, state: str, **fields: Any) -> None:
        """Sends the terminal event; once, and only from the process that began the run: a fork does not end its parent's."""
        _open.pop(id(self), None)
        with self._lock:  # a signal's thread and the job's own may both come
            if self._ended or self._started is None or self._process != os.getpid():
                return
            self._ended = True
        for logged in self.cut():
            self._client.log(logged)
        moment = max(system_clock(), self._started + 1)  # a clock that jumped back must not end the run before its start
        duration = time.monotonic() - self._began
        used = {"cpu_seconds": time.process_time() - self._cpu_began, "peak_memory_bytes": peak_memory_bytes()}
        more = {"duration_seconds": duration, **used, **fields, **self.take()}
        self._client.ended(self, self._event(state, moment, **more))

    def abandon(
        self, reason: str = "ProcessEnded", sentence: str = "the process ended before the run did", exit_code: int | None = None
    ) -> None:
        """The process ends before the run did."""
        self._abandoned = True
        self.end("ABORT", error_type=reason, error_message=sentence, exit_code=exit_code)

    # -- what it read, wrote and was told

    def input(
        self,
        namespace: str | Node,
        name: str = "",
        version: str = "",
        kind: str = "DATASET",
        *,
        schema_version: str = "",
        data: object = None,
        profile: bool | None = None,
        frequent: Iterable[str] = (),
    ) -> Node:
        """A node that the run reads: `run.input("s3://lake", "features/churn", version=etag)` or `run.input(node)`.

        `data`: the data itself, a frame, a model, a path or a URL, which is described within the call: version, schema, size,
        profile. `profile` None: of frames in memory; True: lazy ones are computed; False: rows and schema only. `frequent`:
        columns of which the most frequent values are told.
        """
        node = _node(namespace, name, version, kind, schema_version)
        return self._io("inputs", self._described(node, data, profile, frequent))

    def output(
        self,
        namespace: str | Node,
        name: str = "",
        version: str = "",
        kind: str = "DATASET",
        *,
        schema_version: str = "",
        data: object = None,
        profile: bool | None = None,
        frequent: Iterable[str] = (),
        columns: Mapping[str, Sources] | None = None,
        rows_by: Sources = (),
    ) -> Node:
        """A node that the run writes; arguments as those of `input`.

        `columns`: what each of its columns was made from, `{"delay": track.column(flights, "dep_delay")}`, one or several;
        `rows_by`: the columns that decided on which rows it has, as a filter or a join does.
        """
        node = _node(namespace, name, version, kind, schema_version)
        made = {_ends(edge): edge for edge in edges(node, {} if columns is None else columns, rows_by)}
        written = self._io("outputs", self._described(node, data, profile, frequent))
        if made:
            self._add("columns", made)
        return written

    def artifact(self, data: object, name: str = "", namespace: str = "", version: str = "") -> Node:
        """A file, a folder, a URL or a configuration that the run makes: `run.artifact("reports/roc.png")`.

        What is kept is its hash and size, never its content. The name is the job's and the relative path, unless `name` says
        another; an object, such as a dict, needs one.
        """
        from .described import artifact_node

        return self.output(artifact_node(self.node, data, name, namespace, version), data=data)

    def parameter(self, name: str, value: object) -> None:
        """A setting of this run; what changed between two runs is shown when something goes wrong."""
        self._add("parameters", to_texts(_named(name, value, "parameters"), "parameters"))

    def parameters(self, values: Parameters | None = None, **more: object) -> None:
        """A mapping, an argparse.Namespace, a dataclass or an omegaconf configuration; nested names are joined by dots."""
        self._add("parameters", to_parameters({} if values is None else values) | to_parameters(more))

    def seed(self, value: int | None = None, **by_library: int) -> None:
        """The seeds of the random numbers, as parameters: `run.seed(7)` is seed, `run.seed(numpy=7)` is seed.numpy.

        It sets none.
        """
        if value is None and not by_library:
            raise UsageError("no seed is given; write run.seed(7) or run.seed(numpy=7, torch=8)")
        seeds = {} if value is None else {"seed": value}
        self.parameters(seeds | {f"seed.{library}": seed for library, seed in by_library.items()})

    def tag(self, name: str, value: object = "") -> None:
        self._add("tags", to_texts(_named(name, value, "tags"), "tags"))

    def metric(
        self,
        name: str | MetricDefinition,
        value: object,
        of: Node | None = None,
        *,
        unit: str = "",
        dims: Mapping[str, object] | None = None,
        slot: datetime | date | None = None,
    ) -> Metric:
        """A value of the node `of` (default: this job), measured now, about `slot` (default: the run's).

        `name` may be a definition, which gives the unit too. Raises TypeError where `value` is no number.
        """
        return self._client.metric(self, name, value, self.node if of is None else of, unit=unit, dims=dims, slot=slot)

    def log(self, message: str, level: int | str = "INFO", logger: str = "") -> None:
        """One line of the run's log, past the job's own logging."""
        line = LogLine(
            time=system_clock(),
            level=level_name(level),
            logger=optional_text(logger, "logger", MAX_NAME) or self.node.name,
            message=clean(to_text(message), MAX_MESSAGE),
        )
        self.take_line(line)

    def log_pointer(self, location: str | Path) -> None:
        """Where more of this run's log is, which is not sent: `run.log_pointer("s3://bucket/key")`.

        Takes s3://, gs://, http:// and https:// URLs, the path of a file on this host, and the ARN of a CloudWatch log stream.
        `leadline logs RUN --fetch` reads what is there. Raises UsageError for other places.
        """
        from .pointers import to_pointer

        self._client.log_pointer(self, to_pointer(location))

    def decision(
        self, node: Node, action: str, *, reason: str = "", actor: str = "", details: Mapping[str, object] | None = None
    ) -> None:
        """What was done to a node, and why: `run.decision(model, "PROMOTE", reason="best of three")`; see track.decision."""
        self._client.decision(self, node, action, reason=reason, actor=actor, details=details)

    # -- a sweep

    def trial(self, parameters: Parameters | None = None, *, run_id: str | None = None) -> Trial:
        """One try of this sweep, as a context manager: a run of the job `NAME.trial` below this one.

        What is suggested only meanwhile is told by `trial.parameters(...)`.
        """
        from .sweep import Trial

        return Trial(self, parameters, run_id=run_id)

    def choose(self, trial: Trial) -> Node:
        """The configuration that this sweep chose: an artifact, whose version is a hash of the trial's parameters.

        It is an output of the trial, and of the sweep. Whoever trains with it says `run.input(configuration)`, and lineage
        leads from the model to the trial. Raises UsageError for what is no trial of this sweep.
        """
        from .sweep import choose

        return choose(self, trial)

    # -- for the client

    def take(self) -> dict[str, Any]:
        """RunEvent's fields of what was added since the last event."""
        return self._pending.take()

    @property
    def changed(self) -> bool:
        """Something was added since the last event."""
        return self._pending.changed

    def forked(self) -> None:
        """In the child: what was added and cut before is the parent's to tell."""
        self._lock = threading.Lock()
        self._pending, self._lines = Pending(), line_rate.LineRate()

    def running(self, moment: Micros) -> RunEvent:
        """A sign of life, with what was added since the last event."""
        assert self._started is not None
        return self._event("RUNNING", max(moment, self._started), **self.take())

    def take_line(self, line: LogLine) -> None:
        """Sends the line, or counts it where the run writes more than LINES_PER_SECOND for long."""
        if self._client.disabled or self._client.muted:
            return
        cut = self._lines.take(time.monotonic())
        if cut is None:
            self._client.counters.drop("LogsReported", "rate_limit")
        else:
            self._client.log(Logged(self, line, cut))

    def cut(self) -> list[Logged]:
        """A line that says how many were cut, where none has said it yet; at most one."""
        cut = self._lines.cut()
        if not cut:
            return []
        message = f"{cut:,} lines were cut: a run keeps {line_rate.LINES_PER_SECOND:,} a second"
        line = LogLine(time=system_clock(), level="WARNING", logger=OWN_LOGGER, message=message)
        return [Logged(self, line, cut)]

    def _described(self, node: Node, data: object, profile: bool | None, frequent: Iterable[str]) -> Node:
        return node if data is None else self._client.snapshot(self, node, data, profile=profile, frequent=frequent)

    def _io(self, field: str, node: Node) -> Node:
        io = RunIo(
            kind=node.kind,
            namespace=node.namespace,
            name=node.name,
            version=node.version,
            schema_version=node.schema_version,
        )
        self._add(field, {io: io})
        return node

    def _add(self, field: str, values: dict[Any, Any]) -> None:
        if self._client.disabled:
            return
        if self._abandoned:
            self._client.counters.drop("RunEvent", "after_end", len(values))
            return
        self._keep(field, values)
        if self._ended:
            # Nobody takes it along any more, so it goes by itself: additions change no state.
            self._client.put(self._event("OTHER", system_clock(), **self.take()), 2_000, "RunEvent")
        else:
            self._client.added(self)

    def _keep(self, field: str, values: dict[Any, Any]) -> None:
        if left := self._pending.keep(field, values):
            self._client.counters.drop("RunEvent", f"too_many_{field}", left)

    def _event(self, event_type: str, moment: Micros, **fields: Any) -> RunEvent:
        deadline = None if self._deadline is None else (self._started or moment) + int(self._deadline * 1_000_000)
        return RunEvent(
            event_id=new_id(),
            event_time=moment,
            producer="",
            source="python",
            run_id=self.run_id,
            job_namespace=self.node.namespace,
            job_name=self.node.name,
            event_type=event_type,
            nominal_at=self.slot,
            mode=self.mode,
            attempt=self.attempt,
            owner=self._owner,
            heartbeat_seconds=self.heartbeat,
            deadline_at=deadline,
            **self._parent.as_parent(),
            **fields,
        )


def _node(target: str | Node, name: str, version: str, kind: str, schema_version: str) -> Node:
    if not isinstance(target, Node):
        return Node(kind, target, name, version, schema_version)
    if name is not None and not (isinstance(name, str) and not str.__len__(name)):
        raise UsageError(f"give a node or a namespace and a name, not both: {target} and {shown(name)}")
    return target


def _ends(edge: ColumnEdge) -> tuple[str, ...]:
    """What tells it apart."""
    source = (edge.source_kind, edge.source_namespace, edge.source_name, edge.source_field)
    return (*source, edge.target_kind, edge.target_namespace, edge.target_name, edge.target_field)


def _parent_outside() -> RunRef:
    """The run of whoever started this process, else of the Airflow task that this is."""
    told = from_environ()
    if told.run_id or ("AIRFLOW_CTX_TASK_ID" not in os.environ and "airflow" not in sys.modules):
        return told
    with contextlib.suppress(Exception):  # an Airflow of another shape
        from .surroundings import Around, airflow

        return airflow.parent(Around(os.environ, modules=sys.modules))
    return told


def _named(name: object, value: object, field: str) -> dict[str, object]:
    """Raises UsageError: what is no text may not even be the key of a dict."""
    return {required_text(name, f"name in {field}"): value}


def _or_none(heartbeat: timedelta | float | None) -> timedelta | float | None:
    """0 means never, too."""
    return None if isinstance(heartbeat, int | float) and heartbeat == 0 else heartbeat
