"""Plays a plan on a stack: the site is laid out, history loaded, the quarter replayed, and awaited until the store has it."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError
from leadline.core.settings import Settings
from leadline.history.query import fetch
from leadline.history.watermark import watermarks

from .plan import Plan
from .quarter import NAMESPACE
from .schedule import run_all
from .tasks import Task, backfill, replay
from .workplace import Workplace, start

CATCH_UP_SECONDS = 90.0
_QUIET_SECONDS = 1.5


def environ(settings: Settings, folder: Path) -> dict[str, str]:
    """What the programs are told of the stack, which they are to use whatever this machine is set up for."""
    return {**os.environ, **replace(settings, spool=str(folder / "spool")).to_environ()}


def play(workplace: Workplace, plan: Plan, settings: Settings, done: Callable[[Task], None]) -> None:
    """Returns when every program has ended. Raises LeadlineError where one ended badly that should not have."""
    told = environ(settings, workplace.folder)
    expected = plan.breakage

    def run(task: Task) -> None:
        code = start(workplace, task, told)
        planted = expected is not None and task.mode == "LIVE" and task.first <= expected.day < task.end
        if code and not planted:
            raise LeadlineError(f"{task.key} ended with exit code {code}: {_last_line(workplace.log)}")

    run_all(backfill(), run, done)
    run_all(replay(plan), run, done)


_COUNTS = {
    "open_runs": "countIf(state = 'RUNNING')",
    "thin_alerts": "(SELECT count() FROM leadline.alert_events WHERE NOT enriched AND job_namespace = {jobs:String})",
    "rows": """count() + (SELECT count() FROM leadline.readings) + (SELECT count() FROM leadline.run_io)
    + (SELECT count() FROM leadline.changes) + (SELECT count() FROM leadline.alert_events)""",
}


def _last_line(log: Path) -> str:
    """Said at once, since the log may go with the demo's directory."""
    return (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]


class _State(msgspec.Struct, frozen=True):
    open_runs: int
    thin_alerts: int
    rows: int


def await_store(
    client: Client, monotonic: Callable[[], float] = time.monotonic, pause: Callable[[float], None] = time.sleep
) -> bool:
    """Until every run has ended in the store, every alert has its page and nothing more comes; False where that takes long."""
    deadline, quiet_since, before = monotonic() + CATCH_UP_SECONDS, monotonic(), -1
    while monotonic() < deadline:
        state = _state(client)
        if state.rows != before or state.open_runs or state.thin_alerts or any(mark.lag for mark in watermarks(client)):
            quiet_since, before = monotonic(), state.rows
        elif monotonic() - quiet_since > _QUIET_SECONDS:
            return True
        pause(0.2)
    return False


def _state(client: Client) -> _State:
    """Of the demo's own jobs: a stack that is shared may have runs that never end."""
    return fetch(client, _State, "FROM leadline.runs WHERE job_namespace = {jobs:String}", _COUNTS, jobs=NAMESPACE)[0]
