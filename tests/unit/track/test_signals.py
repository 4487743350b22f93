"""How a process is told to end: its runs get their end, what is queued is kept, and it dies as it would without us."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leadline.events.records import Event, MetricsReported, RunEvent
from leadline.track.segment import spooled

from .conftest import read_segment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to wait for")


@contextmanager
def job(script: str, spool: Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """The script in a process of its own, once it has written `ready`. Without servers, unless `environ` names some."""
    clean = {name: value for name, value in os.environ.items() if name not in ("KAFKA", "SCHEMA_REGISTRY")}
    clean |= {"LEADLINE_DATA": str(spool.parent / "none"), "LEADLINE_SPOOL": str(spool)}
    script = (
        "import logging, signal, sys, threading, time\nfrom leadline import track\n"
        "def ready(): print('ready', flush=True)\n"
        "logging.getLogger('leadline.track').addHandler(logging.NullHandler())\n"
    ) + script
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, env={**clean, **environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
            yield process
        finally:
            process.kill()


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str]:
    """Exit status, and what it still wrote.

    Told a second time where it goes on: a main thread that is just about to wait for a lock sleeps over a signal of that moment
    until the next one (CPython looks for signals before it gives the interpreter's lock away, and not after).
    """
    process.send_signal(number)
    try:
        output, _ = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    return process.returncode, output


def reported(spool: Path) -> list[Event]:
    return [event for path in spooled(spool) for event in read_segment(path)]


def runs(spool: Path) -> list[tuple[str, str]]:
    return [(event.event_type, event.error_type) for event in reported(spool) if isinstance(event, RunEvent)]


PLACES = {
    "asleep": "with track.run('j') as run:\n    run.metric('n', 1); ready(); time.sleep(300)",
    "waiting for a thread": "with track.run('j') as run:\n    run.metric('n', 1); ready(); threading.Event().wait()",
    "computing": "with track.run('j') as run:\n    run.metric('n', 1); ready()\n    while True: pass",
    "in our calls": "with track.run('j') as run:\n    run.metric('n', 1); ready()\n    while True: run.parameter('k', 1)",
    "waiting in our call": "with track.run('j') as run:\n    run.metric('n', 1); ready()\n    while True: track.flush(60)",
    "asyncio": (
        "import asyncio\n@track.job('j')\nasync def main():\n    track.metric('n', 1); ready(); await asyncio.sleep(300)\n"
        "asyncio.run(main())"
    ),
    "decorated": "@track.job('j')\ndef main():\n    track.metric('n', 1); ready(); time.sleep(300)\nmain()",
    "in a log handler": (
        "class Slow(logging.Handler):\n    def emit(self, record): ready(); time.sleep(300)\n"
        "logging.getLogger().addHandler(Slow())\n"
        "with track.run('j') as run:\n    run.metric('n', 1); logging.getLogger('j').error('x')"
    ),
    "in a log handler that we do not see": (
        "class Slow(logging.Handler):\n    def emit(self, record): ready(); time.sleep(300)\n"
        "track.configure(capture_logs=None); slow = Slow(); logging.getLogger().addHandler(slow)\n"
        "logging.getLogger('leadline.track').addHandler(slow)\n"
        "with track.run('j') as run:\n    run.metric('n', 1); logging.getLogger('j').error('x')"
    ),
    "entered by hand": "run = track.run('j').__enter__(); run.metric('n', 1); ready(); time.sleep(300)",
}


@pytest.mark.parametrize("place", PLACES)
def test_sigterm_ends_the_run_and_then_the_process(tmp_path: Path, place: str) -> None:
    """Wherever the main thread is; parents and tools see the exit status that they always see."""
    with job(PLACES[place], tmp_path / "spool") as process:
        assert end(process)[0] == -signal.SIGTERM
    # The signal may come between an addition and its sending, which is then an event of its own.
    told = [run for run in runs(tmp_path / "spool") if run != ("OTHER", "")]
    assert told[0] == ("START", "")
    assert told[-1] == ("ABORT", "SIGTERM")
    assert {event for event, _ in told[1:-1]} <= {"RUNNING"}
    metrics = [event for event in reported(tmp_path / "spool") if isinstance(event, MetricsReported)]
    assert [reading.metric for event in metrics for reading in event.readings if reading.metric != "leadline.dropped"] == ["n"]


def test_sigterm_tells_nested_runs_and_what_belongs_to_none(tmp_path: Path) -> None:
    """The innermost first; told twice, as a process group is, it is as once."""
    script = (
        "track.metric('n', 1, of=track.model('n', 'm'))\n"
        "with track.run('outer'), track.run('inner'):\n    ready(); time.sleep(300)"
    )
    with job(script, tmp_path / "spool") as process:
        process.send_signal(signal.SIGTERM)
        assert end(process)[0] == -signal.SIGTERM
    ends = [event for event in reported(tmp_path / "spool") if isinstance(event, RunEvent) and event.event_type == "ABORT"]
    assert [event.job_name for event in ends] == ["inner", "outer"]
    assert "SIGTERM" in ends[0].error_message
    assert ends[0].exit_code == -signal.SIGTERM


OWN = "def own(number, frame): print('own', flush=True); sys.exit(3)\n"
INSTALL = "signal.signal(signal.SIGTERM, own)\n"
RUN = "with track.run('j'):\n"


@pytest.mark.parametrize(
    "script",
    [
        OWN + INSTALL + RUN + "    ready(); time.sleep(300)",
        OWN + RUN + "    " + INSTALL + "    ready(); time.sleep(300)",
        # A handler that calls the one before it, where that is one.
        "def own(number, frame):\n    callable(before) and before(number, frame)\n    print('own', flush=True); sys.exit(3)\n"
        + RUN
        + "    before = signal.signal(signal.SIGTERM, own); ready(); time.sleep(300)",
    ],
    ids=["before", "after", "chained"],
)
def test_a_handler_of_the_application_is_left_alone(tmp_path: Path, script: str) -> None:
    """It runs once, its exit status counts, and the run ends as its exception says."""
    with job(script, tmp_path / "spool") as process:
        assert end(process) == (3, "own\n")
    assert runs(tmp_path / "spool") == [("START", ""), ("FAIL", "SystemExit")]


def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    """The job goes on and completes."""
    script = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwith track.run('j'):\n    ready(); sys.stdin.readline()"
    with job(script.replace("sys.stdin.readline()", "time.sleep(1)"), tmp_path / "spool") as process:
        assert end(process)[0] == 0
    assert runs(tmp_path / "spool") == [("START", ""), ("COMPLETE", "")]


def test_a_run_of_another_thread_is_ended_too(tmp_path: Path) -> None:
    """Once the main thread has reported anything."""
    script = (
        "def work():\n    with track.run('j'): ready(); time.sleep(300)\n"
        "track.owner(track.model('n', 'm'), 'me'); threading.Thread(target=work).start()"
    )
    with job(script, tmp_path / "spool") as process:
        assert end(process)[0] == -signal.SIGTERM
    assert runs(tmp_path / "spool") == [("START", ""), ("ABORT", "SIGTERM")]


def test_ctrl_c_ends_the_run(tmp_path: Path) -> None:
    """As KeyboardInterrupt does, with the exit status of every interrupted Python, also where our thread has just begun."""
    for script in (PLACES["asleep"], PLACES["asyncio"]):
        with job(script, tmp_path / "spool") as process:
            assert end(process, signal.SIGINT)[0] == -signal.SIGINT
    ends = runs(tmp_path / "spool")[1::2]
    assert ends[0] == ("ABORT", "KeyboardInterrupt")
    assert ends[1][0] == "ABORT"


@pytest.mark.parametrize(("last", "status"), [("", 0), ("sys.exit(4)", 4), ("raise ValueError('x')", 1)])
def test_an_interpreter_that_exits_ends_what_is_open(tmp_path: Path, last: str, status: int) -> None:
    """A run that nobody left is ABORT, not lost; the exit status is the job's."""
    with job(f"run = track.run('j').__enter__(); ready()\n{last}", tmp_path / "spool") as process:
        process.communicate(timeout=60)
        assert process.returncode == status
    assert runs(tmp_path / "spool") == [("START", ""), ("ABORT", "ProcessEnded")]


def test_a_forked_child_that_is_terminated_ends_alone(tmp_path: Path) -> None:
    """As a pool does with its workers: the parent's run goes on to its end, and what the child reported is kept."""
    script = (
        "import multiprocessing\n"
        "def child():\n    track.metric('n', 7); here.set(); time.sleep(300)\n"
        "context = multiprocessing.get_context('fork'); here = context.Event()\n"
        "with track.run('j') as run:\n"
        "    process = context.Process(target=child); process.start(); here.wait()\n"
        "    process.terminate(); process.join(60); assert process.exitcode == -15, process.exitcode\n"
        "ready()"
    )
    with job(script, tmp_path / "spool") as process:
        assert process.wait(60) == 0
    assert sorted(runs(tmp_path / "spool")) == [("COMPLETE", ""), ("START", "")]
    values = [event.readings[0].value for event in reported(tmp_path / "spool") if isinstance(event, MetricsReported)]
    assert values == [7]


def test_servers_that_hang_delay_the_death_by_a_bounded_time(tmp_path: Path) -> None:
    """A broker that takes connections and says nothing: after the close bound all is in the spool."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        servers = {"KAFKA": address, "SCHEMA_REGISTRY": f"http://{address}"}
        with job(PLACES["asleep"], tmp_path / "spool", **servers) as process:
            start = time.monotonic()
            assert end(process)[0] == -signal.SIGTERM
            assert time.monotonic() - start < 30, "bounded, on a loaded machine too"
    assert runs(tmp_path / "spool") == [("START", ""), ("ABORT", "SIGTERM")]


def test_the_kill_switch_asks_for_no_signal(tmp_path: Path) -> None:
    """Nothing is nothing."""
    script = "with track.run('j'): assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL; ready(); time.sleep(300)"
    with job(script, tmp_path / "spool", LEADLINE_DISABLED="1") as process:
        assert end(process)[0] == -signal.SIGTERM
    assert not (tmp_path / "spool").exists()
