"""What the supervisor does with processes of any kind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.core.errors import LeadlineError, UsageError
from leadline.local import tether
from leadline.local.backoff import Backoff
from leadline.local.child import Child
from leadline.local.directory import DataDirectory
from leadline.local.ports import Ports, check_free
from leadline.local.supervisor import Service, Supervisor, ending

from ...conftest import wait_until

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(1000)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(1000)",
]


class Watch:
    """A supervisor in a thread of its own, as the stack has it."""

    def __init__(self, services: list[Service], unhealthy_seconds: float = 60.0) -> None:
        self.said: list[str] = []
        self.services = services
        self._stop = threading.Event()
        self._supervisor = Supervisor(lambda name, what: self.said.append(f"{name} {what}"), self._stop, unhealthy_seconds)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._supervisor.launch(self.services)
            self._supervisor.watch()
        finally:
            self._supervisor.stop()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def watch() -> Iterator[Callable[..., Watch]]:
    started: list[Watch] = []

    def start(*services: Service, **more: float) -> Watch:
        started.append(Watch(list(services), **more))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def always() -> bool:
    return True


def runs(pid: int) -> bool:
    """Whether the process exists and is not just waiting to be buried."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state) and not state.startswith("Z")


def test_a_crashed_process_is_named_and_started_again(watch: Callable[..., Watch], tmp_path: Path) -> None:
    """Its name, how it ended and its last line are said, and it runs again."""
    child = Child("sink", SLEEP, tmp_path / "sink.log")
    seen = watch(Service("sink", child, always))
    wait_until(lambda: child.last_line() == "up", seconds=10, what="the process to run")
    first = child.pid
    child.kill()
    wait_until(lambda: child.pid not in (None, first), seconds=10, what="the process to be started again")
    assert "sink was ended by SIGKILL (up); starting it again in 0.1 s" in seen.said


def test_an_exit_code_is_named_and_waits_grow(watch: Callable[..., Watch], tmp_path: Path) -> None:
    """What always ends is started again after longer and longer waits."""
    command = [sys.executable, "-c", "import sys; sys.exit('no address for kafka')"]
    seen = watch(Service("sink", Child("sink", command, tmp_path / "log"), always))
    wait_until(lambda: len(seen.said) >= 4, seconds=20, what="three ends")
    waits = [f"sink ended with exit code 1 (no address for kafka); starting it again in {wait} s" for wait in (0.1, 0.2, 0.4)]
    assert seen.said[1:4] == waits


def test_a_process_that_stays_unhealthy_is_started_again(watch: Callable[..., Watch], tmp_path: Path) -> None:
    """It runs but makes no progress: it is ended, and started again."""
    child = Child("bounds", SLEEP, tmp_path / "log")
    seen = watch(Service("bounds", child, lambda: False), unhealthy_seconds=0.5)
    wait_until(lambda: any("SIGKILL" in line for line in seen.said), seconds=20, what="the restart")
    assert "bounds has not been healthy for 0 s; ending it" in seen.said


def test_what_ignores_the_stop_is_killed(tmp_path: Path) -> None:
    """Stopping is bounded."""
    child = Child("stubborn", STUBBORN, tmp_path / "log", stop_seconds=0.5)
    child.start()
    wait_until(lambda: child.last_line() == "up", seconds=10, what="the process to run")
    started = time.monotonic()
    child.stop()
    assert child.exit_code == -signal.SIGKILL
    assert time.monotonic() - started < 5


def test_a_service_that_does_not_start_is_named(tmp_path: Path) -> None:
    """After three attempts: who, how it ended, its last line, its log."""
    supervisor = Supervisor(lambda *_: None, threading.Event())
    child = Child("sink", [sys.executable, "-c", "import sys; sys.exit('no such table')"], tmp_path / "sink.log")
    supervisor.launch([Service("sink", child, lambda: False)])
    with pytest.raises(LeadlineError, match=r"sink ended with exit code 1 \(no such table\); see .*sink.log"):
        supervisor.await_ready(["sink"])
    supervisor.stop()


PARENT = """
import sys, time
from pathlib import Path
from leadline.local.child import Child
child = Child("child", {command!r}, Path({log!r}))
child.start()
print(child.pid, flush=True)
time.sleep(1000)
"""


def test_no_child_outlives_a_killed_parent(tmp_path: Path) -> None:
    """kill -9 of the parent ends the child, even one that ignores signals."""
    script = PARENT.format(command=STUBBORN, log=str(tmp_path / "log"))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_until(lambda: (tmp_path / "log").read_text() == "up\n", seconds=10, what="the child to run")
        parent.kill()
        wait_until(lambda: not runs(child), seconds=10, what="the child to end")


def test_where_the_kernel_does_not_tell_the_tether_looks(tmp_path: Path) -> None:
    """On systems without the death signal a watching process ends the child when the parent is gone."""
    marker = tmp_path / "pid"
    command = [sys.executable, "-c", f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(1000)"]
    script = f"import os\nfrom leadline.local import tether\ntether.watch(os.getppid(), {command!r})"
    outer = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {script!r}]); time.sleep(1000)"
    with subprocess.Popen([sys.executable, "-c", outer]) as parent:
        wait_until(lambda: marker.exists() and marker.read_text(), seconds=10, what="the child to run")
        child = int(marker.read_text())
        parent.kill()
        wait_until(lambda: not runs(child), seconds=10, what="the child to end")


def test_the_tether_passes_the_exit_code_on() -> None:
    """Signals as the shell counts them."""
    assert tether.watch(os.getppid(), [sys.executable, "-c", "import sys; sys.exit(7)"]) == 7
    assert tether.watch(os.getppid(), [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) == 137


def test_logs_are_capped(tmp_path: Path) -> None:
    """At 16 MB a log moves aside, and its process goes on writing."""
    log = tmp_path / "log"
    line = "x" * 1023
    script = f"import time\nfor _ in range(17000): print({line!r})\nprint('end', flush=True)\ntime.sleep(1000)"
    command = [sys.executable, "-c", script]
    child = Child("wordy", command, log)
    child.start()
    wait_until(lambda: child.last_line() == "end", seconds=30, what="17 MB of log")
    child.cap_log()
    child.stop()
    assert log.stat().st_size == 0
    assert (tmp_path / "log.1").stat().st_size > 16_000_000


def test_last_line_is_of_the_last_start(tmp_path: Path) -> None:
    """What an earlier run wrote does not explain how this one ended."""
    (tmp_path / "log").write_text("old trouble\n")
    child = Child("quiet", [sys.executable, "-c", "import sys; sys.exit(3)"], tmp_path / "log")
    child.start()
    child.wait()
    assert ending(child) == "ended with exit code 3"


@given(st.lists(st.floats(0, 9.9), min_size=1, max_size=20))
def test_waits_double_up_to_half_a_minute(runs: list[float]) -> None:
    """Short runs double the wait up to 30 s; a run of 10 s resets it."""
    backoff = Backoff()
    waits = [backoff.after(run) for run in runs]
    assert waits == [min(0.1 * 2**number, 30.0) for number in range(len(runs))]
    assert backoff.after(10.0) == 0.1


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """Port, for whom, and what to do."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} \(for sink\) is taken by another process; .*--port-base"):
            check_free({port: "sink"})
    check_free({port: "sink"})


def test_the_block_of_ports_is_as_documented() -> None:
    """N Kafka, N+1 its controller, N+2 registry, N+3 store, N+4 API, N+10.. the roles' health."""
    names = ("broker", "registry", "store", "sink", "lineage", "bounds", "enrichment", "api", "openlineage")
    expected = dict(zip((100, 101, 102, 103, 104, 110, 111, 112, 113), ("broker", *names[:3], "api", *names[3:7]), strict=True))
    expected |= {114: "api", 115: "openlineage"}
    assert Ports(100).of(names) == expected


def test_one_stack_per_directory(tmp_path: Path) -> None:
    """The second is told who holds the directory; a lock left by a dead process holds nobody up."""
    (tmp_path / "lock").write_text("99999\n")
    with (
        DataDirectory(tmp_path).locked(),
        pytest.raises(UsageError, match=rf"a stack already runs on .* \(pid {os.getpid()}\)"),
        DataDirectory(tmp_path).locked(),
    ):
        pass
    with DataDirectory(tmp_path).locked():
        pass
