"""The one thread of a client: takes what the job put into the outbox, assembles, completes, encodes and delivers it."""

from __future__ import annotations

import atexit
import contextlib
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

import msgspec

from leadline.core.clock import Micros, system_clock
from leadline.events.ids import new_id
from leadline.events.records import Event, LogsReported, MetricsReported, RunEvent
from leadline.events.records.run import TERMINAL_TYPES
from leadline.events.validate import validate

from . import signals
from .assemble import Assembler
from .entry import MAX_BODY_BYTES, Entry, count, to_entry
from .facts import Facts
from .losses import told
from .outbox import Outbox
from .redact_events import redact

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .begin import Begin
    from .delivery import Delivery
    from .redact import Redactor
    from .run import Run
    from .stats import Counters

PAUSE_SECONDS = 0.05
"""How long the thread lets work gather while there is some."""
ADDITIONS_EVERY_SECONDS = 1.0
TAKEN_AT_ONCE = 2_000
FORK_SECONDS = 3.0
"""The longest that a fork ever waits for the thread while it may import: another way out than Kafka, a tool's own library."""
LATER_FORK_SECONDS = 0.05
"""And once it has: what else it may be doing (waiting for Kafka) does no harm to the child."""
START_AGAIN_SECONDS = 1.0

_started: weakref.WeakSet[Worker] = weakref.WeakSet()
_exiting = False


def _at_exit() -> None:
    """Once more, for what a job's own exit handlers reported first; what comes after that is delivered at once."""
    global _exiting
    _exiting = True
    for worker in list(_started):
        worker.close()


atexit.register(_at_exit)  # handlers are called newest first, so this is after all that are registered once we are imported


class Worker:
    """Belongs to one process. Nothing here raises into the job; all that it sends Kafka with was imported with us.

    `make_delivery` is given what to call while the spool is sent, which takes long.
    """

    def __init__(
        self,
        make_delivery: Callable[[Callable[[], bool]], Delivery],
        counters: Counters,
        warn: Callable[[str, str], None],
        *,
        queue_bytes: int,
        hold: Micros,
        close_seconds: float,
        program: Path | None = None,
        command: Sequence[str] = (),
        redactor: Redactor | None = None,
    ) -> None:
        self._make_delivery = make_delivery
        self._counters = counters
        self._warn = warn
        self._close_seconds = close_seconds
        self._program = program
        self._command = command
        self._redactor = redactor
        self._wake = threading.Event()
        self.outbox = Outbox(queue_bytes, self._wake.set)
        self.runs: dict[str, tuple[Run, float]] = {}
        """Open runs, with the monotonic time of their last sign of life."""
        self.begins: dict[str, Begin] = {}
        """How the runs began whose terminal event was not yet delivered."""
        self.losses: dict[str, Counter[tuple[str, str]]] = {}
        """What had been dropped when each run began, until its end is delivered."""
        self._additions: dict[int, tuple[Run, float]] = {}
        """Runs with something new that are not ours to keep alive: the process that forked this one began them."""
        self._assembler = Assembler(hold, self.outbox.lock)
        self._delivery: Delivery | None = None
        self._facts: Facts | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._working = threading.Lock()
        self._idle = False
        self._in_hand = 0
        """What the thread has taken and not yet handed over, at most."""
        self._ready = False
        """Everything that is ever imported has been."""
        self._start_again_at = 0.0
        self._stop_at: float | None = None
        self._flushes: list[tuple[float, threading.Event, list[bool]]] = []

    # -- from the job's threads

    def nudge(self) -> None:
        """There is something to do: starts the thread, or wakes it where it sleeps for long."""
        if self._thread is None:
            self.start()
        if self._idle:
            self._idle = False
            self._wake.set()

    def added(self, run: Run) -> None:
        if run.begun and run.run_id not in self.runs:
            self._additions.setdefault(id(run), (run, time.monotonic()))
        self.nudge()

    def start(self) -> None:
        with self._starting:
            if (self._thread is not None and self._thread.is_alive()) or time.monotonic() < self._start_again_at:
                return
            _started.add(self)
            if _exiting:
                self._work_at_once()
                return
            self._stop_at = None
            signals.watch()
            thread = threading.Thread(target=self._work, name="leadline-track", daemon=True)
            self._close_at_exit()
            try:
                thread.start()
            except (RuntimeError, MemoryError) as error:
                if "shutdown" not in str(error):  # the job has as many threads as it may; the queue waits, and is bounded
                    self._start_again_at = time.monotonic() + START_AGAIN_SECONDS
                    self._warn("no_thread", f"no thread can be started to send what is reported: {error}")
                    return
                self._work_at_once()  # the interpreter is shutting down and starts no threads any more
                return
            self._thread = thread

    def _work_at_once(self) -> None:
        self._stop_at = time.monotonic() + self._close_seconds
        self._work()

    def flush(self, timeout: float) -> bool:
        if self._thread is None and not self.outbox:
            return True
        done, answer = threading.Event(), [False]
        self._flushes.append((time.monotonic() + timeout, done, answer))
        self.start()
        self._wake.set()
        if self._thread is not None or self._flushes == []:
            done.wait(timeout + 1.0)
        return answer[0]

    def close(self, timeout: float | None = None) -> None:
        for run in self.open_runs():
            run.abandon()
        thread = self._thread
        if thread is None or not thread.is_alive():
            return
        seconds = self._close_seconds if timeout is None else timeout
        self._stop_at = time.monotonic() + seconds
        self._wake.set()
        thread.join(seconds + 3.0)

    def open_runs(self) -> list[Run]:
        """The innermost first."""
        return [run for run, _ in reversed(list(self.runs.values()))]

    def queued(self) -> int:
        held = len(self.outbox) + self._in_hand + len(self._assembler)
        return held + (self._delivery.pending if self._delivery else 0)

    def waiting(self) -> int:
        return self._delivery.spool.waiting if self._delivery else 0

    # -- around forks

    def hold(self) -> bool:
        """Waits until the thread pauses: a module that it half imported would stay half imported in the child."""
        return self._working.acquire(timeout=LATER_FORK_SECONDS if self._ready else FORK_SECONDS)

    def resume(self) -> None:
        self._working.release()

    def abandon(self) -> None:
        """In the child: what was queued is the parent's to send, and so is its connection."""
        if self._delivery is not None:
            self._delivery.abandon()

    # -- in the thread

    def _work(self) -> None:
        try:
            with self._working:
                self._delivery = self._delivery or self._make_delivery(self._meanwhile)
            while self._stop_at is None:
                self._wait(self._delivery)
                with self._working:
                    flushes, self._flushes = self._flushes, []
                    self._cycle(final=bool(flushes))
                    self._delivery.tick()
                    self._answer(flushes)
                    self._ready = self._facts is not None
            with self._working:
                self._cycle(final=True)
                self._delivery.close(self._stop_at)
        except Exception as error:  # a mistake of ours must not show in the job but in one line
            self._counters.drop("Event", "internal", self.queued())
            self._warn("internal", f"reporting failed: {type(error).__name__}: {error}")
        finally:
            self._thread = None
            self._answer(self._flushes)

    def _close_at_exit(self) -> None:
        if self._thread is not None:
            return
        signals.keep_interrupt()
        atexit.register(self.close)  # what is registered last is called first
        # Children of multiprocessing end without atexit.
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.Finalize(None, self.close, exitpriority=10)

    def _wait(self, delivery: Delivery) -> None:
        """Until work has gathered, or until the next thing is due."""
        gathering = bool(len(self._assembler) or delivery.pending)
        self._idle = not gathering
        open_runs = [*self.runs.values(), *self._additions.values()]
        gathering = gathering or bool(self.outbox) or any(run.changed for run, _ in open_runs)
        beats = [since + (run.heartbeat or 3600.0) for run, since in list(self.runs.values())]
        due = min([delivery.next_tick(), *beats]) - time.monotonic()
        self._wake.wait(PAUSE_SECONDS if gathering else max(PAUSE_SECONDS, due))
        self._wake.clear()
        self._idle = False

    def _cycle(self, *, final: bool = False) -> None:
        left = len(self.outbox)
        try:
            while left > 0:  # in parts, so that there is room for more meanwhile
                self._in_hand = min(left, TAKEN_AT_ONCE)
                items = self.outbox.take(TAKEN_AT_ONCE)
                left -= len(items)
                self._deliver(self._assembler.add(items))
            self._in_hand = len(self._assembler)
            self._deliver([*self._assembler.due(None if final else system_clock()), *self._signs_of_life(final=final)])
        finally:
            self._in_hand = 0

    def _meanwhile(self) -> bool:
        """Goes on working while the spool is sent; False where somebody waits for us."""
        if self.outbox:
            self._cycle()
        return self._stop_at is None and not self._flushes

    def _signs_of_life(self, *, final: bool) -> list[Event]:
        """RUNNING for runs with something new (at once where somebody waits), and for those silent for a heartbeat."""
        now, events = time.monotonic(), list[Event]()
        pause = 0.0 if final else ADDITIONS_EVERY_SECONDS
        for key, (run, since) in list(self.runs.items()):
            silent = now - since
            if (run.changed and silent >= pause) or (run.heartbeat and silent >= run.heartbeat):
                events += self._assembler.add([*run.cut(), run.running(system_clock())])
                if key in self.runs:
                    self.runs[key] = (run, now)
        for number, (run, since) in list(self._additions.items()):
            if now - since >= pause:
                del self._additions[number]
                if run.changed:
                    events += self._assembler.add([run.running(system_clock())])
        return events

    def _deliver(self, events: list[Event]) -> None:
        assert self._delivery is not None
        entries: list[Entry] = []
        for event in events:
            if isinstance(event, RunEvent) and event.run_id in self.losses and event.event_type in TERMINAL_TYPES:
                self._delivery.deliver(entries)
                entries = []
                self._tell_losses(event)
            try:
                complete = self._complete(event)
                if self._redactor is not None:
                    complete = redact(complete, self._redactor)
                validate(complete)
                entry = to_entry(complete)
            except Exception as error:  # whatever one event provokes, the others go on
                self._drop(event, "invalid", f"{type(event).__name__} is not valid: {error}")
                continue
            if len(entry) > MAX_BODY_BYTES:
                self._drop(event, "too_large", f"{type(event).__name__} has {len(entry):,} bytes")
            else:
                entries.append(entry)
        self._delivery.deliver(entries)

    def _tell_losses(self, end: RunEvent) -> None:
        """A run during which something was dropped says so itself, where everybody looks, before its end."""
        lost = self._counters.losses() - self.losses.pop(end.run_id)
        if not lost:
            return
        try:
            entry = msgspec.structs.replace(to_entry(self._complete(told(end, lost))), count=0)  # no loss of the job's own
        except Exception as error:  # the end itself still goes
            self._warn("internal", f"reporting failed: {type(error).__name__}: {error}")
            return
        assert self._delivery is not None
        self._delivery.deliver([entry], vital=True)

    def _drop(self, event: Event, reason: str, sentence: str) -> None:
        self._counters.drop(type(event).__name__, reason, count(event))
        self._warn(reason, f"an event was dropped: {sentence}")

    def _complete(self, event: Event) -> Event:
        """With what the job's thread had no time to find out."""
        facts = self._facts = self._facts or Facts(self._program, self._command)
        begin = self.begins.get(getattr(event, "run_id", ""))
        if not isinstance(event, RunEvent) or event.event_type == "RUNNING":
            return msgspec.structs.replace(event, producer=facts.producer, **_source(event, begin))
        if event.event_type in TERMINAL_TYPES:
            self.begins.pop(event.run_id, None)
            facts.look(begin)  # takes time only where the run was too short for its START to wait for all
        if event.event_type == "START" and not facts.look(begin) and event.run_id in self.runs:
            self._deliver([self._with_facts(event, facts, begin)])
            self._ready = True  # it has all been imported by now, and this takes long
            facts.look(begin, patient=True)
            moment = max(system_clock(), event.event_time)
            event = msgspec.structs.replace(event, event_id=new_id(), event_type="RUNNING", event_time=moment)
        return self._with_facts(event, facts, begin)

    def _with_facts(self, event: Event, facts: Facts, begin: Begin | None) -> Event:
        return msgspec.structs.replace(event, producer=facts.producer, **facts.of_run(begin))

    def _answer(self, flushes: list[tuple[float, threading.Event, list[bool]]]) -> None:
        for deadline, done, answer in flushes:
            with contextlib.suppress(Exception):
                answer[0] = self._delivery is not None and self._delivery.settle(deadline)
            done.set()


def _source(event: Event, begin: Begin | None) -> dict[str, Any]:
    """The tool, and of runs the trace, in events between the first and the last; aspects of nodes are told apart by it."""
    if begin is None or begin.fields is None or not isinstance(event, RunEvent | MetricsReported | LogsReported):
        return {}
    kept = ("source", "traceparent") if isinstance(event, RunEvent) else ("source",)
    return {field: begin.fields[field] for field in kept}
