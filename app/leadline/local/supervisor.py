"""Keeps the processes of a stack running: starts, watches, restarts, stops."""

import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from leadline.core.errors import LeadlineError

from .backoff import Backoff
from .child import Child

Report = Callable[[str, str], None]
"""Takes a service's name and what happened to it."""

_TICK_SECONDS = 0.1
_PROBE_SECONDS = 3.0
_CAP_LOGS_SECONDS = 10.0
_START_ATTEMPTS = 3
UNHEALTHY_SECONDS = 60.0
"""A service that answers unhealthy (or not at all) for that long is ended and started again."""


@dataclass
class Service:
    """One process and how to tell that it works. `explain` makes a sentence of its output when it does not start."""

    name: str
    child: Child
    healthy: Callable[[], bool]
    explain: Callable[[str], str] | None = None
    ready_seconds: float = 120.0


@dataclass
class _Watched:
    service: Service
    started: float
    healthy_at: float
    probe_at: float
    restart_at: float | None = None
    attempts: int = 1
    backoff: Backoff = field(default_factory=Backoff)


class Supervisor:
    """start to stop run in one thread, which lives as long as the stack (see Child)."""

    def __init__(self, report: Report, stop: threading.Event, unhealthy_seconds: float = UNHEALTHY_SECONDS) -> None:
        self._report = report
        self._stop = stop
        self._unhealthy = unhealthy_seconds
        self._stages: list[list[_Watched]] = []

    def services(self) -> list[Service]:
        return [watched.service for watched in self._watched()]

    def launch(self, services: Iterable[Service]) -> None:
        """Starts them side by side, as one stage; stages are stopped in reverse. Raises OSError."""
        stage: list[_Watched] = []
        self._stages.append(stage)
        for service in services:
            self._report(service.name, "starting")
            service.child.start()
            now = time.monotonic()
            stage.append(_Watched(service, now, now, now))

    def await_ready(self, names: Iterable[str]) -> None:
        """Returns when all are healthy. Raises LeadlineError: who did not start, and why."""
        waiting = [watched for watched in self._watched() if watched.service.name in set(names)]
        while waiting:
            for watched in list(waiting):
                if self._ready(watched):
                    waiting.remove(watched)
            if self._stop.wait(0.03):
                raise Stopped

    def watch(self) -> None:
        """Until `stop` is set."""
        capped = time.monotonic()
        while not self._stop.wait(_TICK_SECONDS):
            for watched in self._watched():
                self._keep_running(watched, time.monotonic())
            if time.monotonic() - capped > _CAP_LOGS_SECONDS:
                capped = time.monotonic()
                for service in self.services():
                    with suppress(OSError):  # a full disk; Kafka and the store say so
                        service.child.cap_log()

    def stop(self) -> None:
        """The last started first; those of one stage together. Bounded: what does not end in its time is killed."""
        for stage in reversed(self._stages):
            for watched in stage:
                watched.service.child.request_stop()
            for watched in stage:
                watched.service.child.stop()
                self._report(watched.service.name, "stopped")
        self._stages.clear()

    def _watched(self) -> list[_Watched]:
        return [watched for stage in self._stages for watched in stage]

    def _ready(self, watched: _Watched) -> bool:
        service, now = watched.service, time.monotonic()
        if service.child.exit_code is not None:
            if service.explain or watched.attempts >= _START_ATTEMPTS:
                raise LeadlineError(_why(service))
            watched.attempts += 1
            service.child.start()
        elif service.healthy():
            watched.healthy_at = watched.probe_at = now
            self._report(service.name, f"ready after {now - watched.started:.1f} s")
            return True
        elif now - watched.started > service.ready_seconds:
            raise LeadlineError(f"{service.name} does not answer after {service.ready_seconds:.0f} s; see {service.child.log}")
        return False

    def _keep_running(self, watched: _Watched, now: float) -> None:
        service = watched.service
        if watched.restart_at is not None:
            if now >= watched.restart_at:
                self._restart(watched, now)
        elif service.child.exit_code is not None:
            delay = watched.backoff.after(now - watched.started)
            watched.restart_at = now + delay
            self._report(service.name, f"{ending(service.child)}; starting it again in {delay:.1f} s")
        elif now >= watched.probe_at:
            self._probe(watched, now)

    def _restart(self, watched: _Watched, now: float) -> None:
        try:
            watched.service.child.start()
            watched.started = watched.healthy_at = watched.probe_at = time.monotonic()
            watched.restart_at = None
        except OSError as error:  # a full disk: not even a log file can be made
            delay = watched.backoff.after(0.0)
            watched.restart_at = now + delay
            self._report(watched.service.name, f"cannot be started ({error.strerror}); trying again in {delay:.1f} s")

    def _probe(self, watched: _Watched, now: float) -> None:
        watched.probe_at = now + _PROBE_SECONDS
        if watched.service.healthy():
            watched.healthy_at = now
        elif now - watched.healthy_at > self._unhealthy:
            self._report(watched.service.name, f"has not been healthy for {self._unhealthy:.0f} s; ending it")
            watched.service.child.kill()


class Stopped(LeadlineError):
    """The stack was stopped while it started."""

    def __init__(self) -> None:
        super().__init__("stopped while it was starting")


def ending(child: Child) -> str:
    """How it ended, with the last line that it wrote."""
    code, line = child.exit_code or 0, child.last_line()
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"{how} ({line[:300]})" if line else how


def _why(service: Service) -> str:
    if service.explain:
        return service.explain(service.child.output())
    return f"{service.name} {ending(service.child)}; see {service.child.log}"
