"""One producer of metadata: what the job's threads call, at the cost of a check and an append."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

import msgspec
from msgspec.structs import replace

from leadline.core.clock import system_clock
from leadline.core.errors import UsageError
from leadline.core.settings import Settings, load_settings
from leadline.events.ids import new_id
from leadline.events.records import DecisionRecorded, EntityReported, LogsReported

from . import forks, signals
from .assemble import LateBound
from .client_options import (
    all_ranks,
    check_numbers,
    checked_connection,
    spool_of_environment,
    to_folder,
    to_redactor,
    to_switch,
)
from .definitions import defined, metric_name
from .delivery import Delivery
from .endings import ends_untold
from .logs import MAX_MESSAGE, OWN_LOGGER, Logged, capture_from, clean, level_name
from .metrics import Metric
from .moments import to_micros, to_timeout
from .nodes import MAX_NAME, Node, checked_node, optional_text, required_text
from .numbers import to_float
from .process import actor as process_actor
from .ranks import rank
from .run import begin_anew
from .spool import Spool
from .stats import Counters, Stats
from .switch import switched_on
from .texts import to_texts
from .transport import connect
from .worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from leadline.events.records import BoundSpec, LogPointer, RunEvent, VersionDescribed

    from .begin import Begin
    from .definitions import MetricDefinition
    from .options import Connection
    from .run import Run

MIB = 1024 * 1024
_log = logging.getLogger(OWN_LOGGER)


class Client:
    """Never blocks its callers and never raises into them, but for wrong use.

    `connection`: settings by their names, such as `kafka="broker:9092"` (docs/settings.md); what is not among them is taken
    from `settings` where that is given, else from environment and file, looked at whenever Kafka is (again) to be reached.
    `capture_logs` None: only what `track.logs()` and `run.log` are given. `program`: the file that the runs are executions of,
    where this process only runs it for somebody, `command` its command line. `redact` None: secrets are redacted unless
    LEADLINE_REDACT=0; `redact_names`: texts that make further names those of secrets, as LEADLINE_REDACT_NAMES does;
    `redact_values`: patterns of further values.
    `ranks`: which processes of a distributed training report, "first" (rank 0) or "all"; None: LEADLINE_RANKS, else the first.
    Raises UsageError for options that make no sense.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        spool: Path | str | None = None,
        spool_bytes: int = 256 * MIB,
        queue_bytes: int = 16 * MIB,
        hold_seconds: float = 0.1,
        close_seconds: float = 5.0,
        capture_logs: int | str | None = "INFO",
        disabled: bool | None = None,
        program: Path | None = None,
        command: Sequence[str] = (),
        redact: bool | None = None,
        redact_names: Iterable[str] = (),
        redact_values: Iterable[str] = (),
        ranks: Literal["first", "all"] | None = None,
        **connection: Unpack[Connection],
    ) -> None:
        check_numbers(spool_bytes=spool_bytes, queue_bytes=queue_bytes, hold_seconds=hold_seconds)
        self._arguments = checked_connection(settings, connection)
        self.disabled = switched_on("LEADLINE_DISABLED", default=False) if disabled is None else to_switch("disabled", disabled)
        self.counters = Counters()
        self._settings = settings
        self._spool = None if spool is None else to_folder(spool)
        self._spool_bytes = spool_bytes
        self._queue_bytes = queue_bytes
        self._hold = int(hold_seconds * 1_000_000)
        self.close_seconds = to_timeout(close_seconds, "close_seconds")
        self._capture_logs = None if capture_logs is None else level_name(capture_logs)
        self._program = program
        self._command = tuple(command)
        self._redactor = to_redactor(redact, redact_names, redact_values)
        self._warned: dict[str, str] = {}
        self._silent = False
        self._later: list[threading.Thread] = []
        self._all_ranks = all_ranks(ranks)
        self.rank = ""
        """Which of several like processes this is, where it is to be told apart from the others."""
        self.muted = False
        """Another rank speaks for the run."""
        self._look_at_rank()
        self._worker = self._new_worker()
        forks.watch(self)

    # -- one way

    def put(self, item: Any, size: int, record: str, *, vital: bool = False) -> None:
        if not (self.disabled or self.muted):
            self._put(item, size, record, vital=vital)

    def _put(self, item: Any, size: int, record: str, *, vital: bool) -> None:
        try:
            worker = self._worker
            if not worker.outbox.put(item, size, vital=vital):
                self.counters.drop(record, "queue_full")
                self._warn("queue_full", "more is reported than can be taken away; what finds no room is dropped and counted")
            worker.nudge()
        except Exception as error:  # out of memory, or a mistake of ours: nothing of it is the job's
            self.counters.drop(record, "internal")
            self._warn("internal", f"reporting failed: {type(error).__name__}: {error}")

    def added(self, run: Run) -> None:
        """A run has something new that is no event of its own."""
        if not (self.disabled or self.muted):
            self._worker.added(run)

    def metric(
        self,
        run: Run | None,
        name: str | MetricDefinition,
        value: object,
        of: Node,
        *,
        unit: str,
        dims: Mapping[str, object] | None,
        slot: datetime | date | None,
    ) -> Metric:
        if type(name) is not str or not name.isascii() or not name:
            name = metric_name(name)
        if defined and (definition := defined.get(name)) is not None:
            name, unit = definition.name, unit or definition.unit
        if type(of) is not Node:
            checked_node(of, "of")
        if type(unit) is not str or unit:
            unit = optional_text(unit, "unit", MAX_NAME)
        of_dims = to_texts(dims, "dims") if dims is not None else {}
        if self.rank:
            of_dims.setdefault("rank", self.rank)
        moment = to_micros(slot, "slot") if slot is not None else run.slot if run is not None else None
        metric = Metric(self, run, of, name, to_float(value, name), unit, of_dims, moment, system_clock())
        size = 300 + len(name) + len(of.name)
        self.put(metric, size + 100 * len(of_dims) + _characters(of_dims) if of_dims else size, "MetricsReported")
        return metric

    def declare(self, metric: Metric, spec: BoundSpec) -> None:
        """Ties a bound to a reading, whether it is still here or was sent."""
        with self._worker.outbox.lock:
            spec = metric.add(spec)
            late = metric.event is not None
        if late:
            self.put(LateBound(metric, spec), 1_000 + len(spec.message), "MetricsReported")

    def log(self, logged: Logged) -> None:
        self.put(logged, 400 + len(logged.line.message) + len(logged.line.exception), "LogsReported")

    def log_pointer(self, run: Run, pointer: LogPointer) -> None:
        event = LogsReported(**self._origin(), **run.identity, pointers=[pointer])
        self.put(event, 1_000 + len(pointer.location), "LogsReported")

    def decision(
        self, run: Run | None, node: Node, action: str, *, reason: str, actor: str, details: Mapping[str, object] | None
    ) -> None:
        checked_node(node)
        action = optional_text(action, "action")
        verb = required_text("_".join(action.replace("-", " ").upper().split()), "action")
        reason = optional_text(reason, "reason")
        actor = optional_text(actor, "actor", MAX_NAME)
        texts = {} if details is None else to_texts(details, "details")
        event = DecisionRecorded(
            **self._origin(),
            kind=node.kind,
            namespace=node.namespace,
            name=node.name,
            version=node.version,
            action=verb,
            actor=actor or process_actor(),
            reason=clean(reason, MAX_MESSAGE),
            details=texts,
            **(run.identity if run else {}),
        )
        self.put(event, 2_000 + len(event.reason) + _characters(texts), "DecisionRecorded")

    def entity(self, node: Node, aspect: str, values: dict[str, str]) -> None:
        checked_node(node)
        event = EntityReported(
            **self._origin(),
            kind=node.kind,
            namespace=node.namespace,
            name=node.name,
            aspect=aspect,
            values=values,
            actor=process_actor(),
        )
        self.put(event, 2_000 + _characters(values), "EntityReported")

    def snapshot(self, run: Run | None, node: Node, data: object, *, profile: bool | None, frequent: Iterable[str]) -> Node:
        from .described import take

        checked_node(node)
        return take(self, run, node, data, profile=profile, frequent=frequent)

    def undescribed(self, sentence: str) -> None:
        self.counters.drop("VersionDescribed", "undescribed")
        self._warn("undescribed", sentence)

    def describe_later(self, find: Callable[[], str | None], event: VersionDescribed) -> None:
        """Finds the content hash in a thread of its own and tells it of the same version; a process that ends does not wait."""
        worker = self._worker

        def work() -> None:
            try:
                content = find()
            except Exception as error:
                self.undescribed(f"{event.name} could not be hashed: {type(error).__name__}: {error}")
                return
            if content and self._worker is worker:
                told = replace(event, event_id=new_id(), event_time=system_clock(), content_hash=content)
                self.put(told, 2_000, "VersionDescribed")

        thread = threading.Thread(target=work, name="leadline-describe", daemon=True)
        self._later = [*(thread for thread in self._later if thread.is_alive()), thread]
        with contextlib.suppress(RuntimeError):  # the interpreter is shutting down and starts no threads any more
            thread.start()

    def started(self, run: Run, event: RunEvent, begin: Begin) -> None:
        """A run begins; where another rank speaks for it, nothing is sent of it but its failure."""
        if self.disabled:
            return
        self._look_at_rank()
        if self.rank:
            event = msgspec.structs.replace(event, tags={**event.tags, "rank": self.rank})
        if self.muted:
            run.unsent = event
            return
        capture_from(self._capture_logs)
        signals.watch()
        self._worker.runs[run.run_id] = (run, time.monotonic())
        self._worker.begins[run.run_id] = begin
        self._worker.losses[run.run_id] = self.counters.losses()
        self._put(event, _size(event), "RunEvent", vital=True)

    def ended(self, run: Run, event: RunEvent) -> None:
        if self.disabled:
            return
        self._worker.runs.pop(run.run_id, None)
        start, run.unsent = run.unsent, None
        if start is not None:
            if event.event_type != "FAIL":
                return
            self._put(start, _size(start), "RunEvent", vital=True)
        self._put(event, _size(event), "RunEvent", vital=True)
        if not self._worker.runs and ends_untold():
            self.close()

    def flush(self, timeout: float = 5.0) -> bool:
        """Waits until everything reported so far is in Kafka; False where it is (partly) in the spool or time ran out."""
        deadline = time.monotonic() + to_timeout(timeout)
        for thread in self._later:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        return self.disabled or self._worker.flush(max(0.0, deadline - time.monotonic()))

    def close(self, timeout: float | None = None) -> None:
        """Sends what can be sent within `timeout` seconds and spools the rest. Later calls begin anew."""
        self._worker.close(None if timeout is None else to_timeout(timeout))

    def end_by_signal(self, name: str) -> None:
        """Before the process dies of it: open runs end as ABORT, then as `close`. Nothing is logged: handlers have locks."""
        self._silent = True
        for run in self._worker.open_runs():
            run.abandon(name, f"the process was ended by {name}", exit_code=-signal.Signals[name])
        self._worker.close()

    def stats(self) -> Stats:
        return Stats(
            queued=self._worker.queued(),
            sent=self.counters.sent,
            spooled=self.counters.spooled,
            waiting=self._worker.waiting(),
            dropped=self.counters.dropped,
        )

    def send_spool(self, timeout: float = 60.0) -> bool:
        """Sends what dead processes left in the spool, in the caller's thread; False where Kafka is away or all disabled."""
        timeout = to_timeout(timeout)
        if self.disabled:
            self._warned["disabled"] = "everything is switched off; unset LEADLINE_DISABLED to send"
            return False
        delivery = self._make_delivery(lambda: True)
        sent = delivery.resend(time.monotonic() + timeout)
        delivery.close(time.monotonic())
        return sent

    @property
    def spool_folder(self) -> Path:
        """As the settings say it; where they cannot be read, as the environment does, so that events are kept all the same."""
        if self._spool:
            return self._spool.expanduser()
        with contextlib.suppress(UsageError):
            settings = self._now_settings()
            if settings.spool or self._settings is None:
                return Path(settings.spool or settings.data / "spool").expanduser()
        return spool_of_environment().expanduser()

    @property
    def last_warning(self) -> str:
        """The newest of the sentences that were said once; empty: none."""
        return next(reversed(self._warned.values()), "")

    # -- around forks

    def hold(self) -> bool:
        """True where the thread was made to pause."""
        return self._worker.hold()

    def resume(self) -> None:
        self._worker.resume()

    def begin_anew(self) -> None:
        """In the child of a fork."""
        parents, self.counters, self._later = self._worker, Counters(), []
        self._worker = self._new_worker()
        self._look_at_rank()
        begin_anew()
        parents.abandon()

    # -- parts

    def _new_worker(self) -> Worker:
        return Worker(
            self._make_delivery,
            self.counters,
            self._warn,
            queue_bytes=self._queue_bytes,
            hold=self._hold,
            close_seconds=self.close_seconds,
            program=self._program,
            command=self._command,
            redactor=self._redactor,
        )

    def _make_delivery(self, meanwhile: Callable[[], bool]) -> Delivery:
        spool = Spool(self.spool_folder, self._spool_bytes)
        return Delivery(lambda: connect(self._now_settings(), self.counters), spool, self.counters, self._warn, meanwhile)

    def _now_settings(self) -> Settings:
        if self._settings is not None:
            return dataclasses.replace(self._settings, **self._arguments)  # type: ignore[arg-type]
        return load_settings(arguments=self._arguments, warn=lambda sentence: self._warn("readable", sentence))

    def _warn(self, kind: str, sentence: str) -> None:
        """Each kind once in a process."""
        if kind not in self._warned:
            sentence = self._redactor.text(sentence) if self._redactor else sentence
            self._warned[kind] = sentence
            if not self._silent:
                _log.warning("leadline: %s", sentence)

    def _look_at_rank(self) -> None:
        told = rank()
        self.muted = not self._all_ranks and told not in ("", "0")
        self.rank = told if self._all_ranks or self.muted else ""

    def _origin(self) -> dict[str, Any]:
        return {"event_id": new_id(), "event_time": system_clock(), "producer": "", "source": "python"}


def _characters(texts: Mapping[str, str]) -> int:
    return sum(len(name) + len(text) for name, text in texts.items())


def _size(event: RunEvent) -> int:
    """An estimate of what it takes in memory."""
    texts = len(event.error_stack) + len(event.error_message) + _characters(event.parameters) + _characters(event.tags)
    return 2_000 + texts + 200 * (len(event.inputs) + len(event.outputs))
