"""leadline exec: a program runs as without it, and what it did is told."""

import contextlib
import fcntl
import os
import pty
import random
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

import pytest

from leadline.events.records import Event, LogsReported, MetricsReported, RunEvent
from leadline.track.code_hash import content_hash
from leadline.track.segment import spooled

from ...conftest import wait_until
from ..track.conftest import read_segment

E = TypeVar("E", bound=Event)
LEADLINE = [sys.executable, "-m", "leadline.cli", "exec"]


class Told(NamedTuple):
    """What a run in this folder told, read from the spool."""

    spool: Path

    def of(self, kind: type[E]) -> list[E]:
        events = [event for path in spooled(self.spool) for event in read_segment(path)]
        return sorted((event for event in events if isinstance(event, kind)), key=lambda event: event.event_time)

    @property
    def end(self) -> RunEvent:
        return self.of(RunEvent)[-1]

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        return [(line.logger, line.level, line.message) for event in self.of(LogsReported) for line in event.lines]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    ours = ("KAFKA", "SCHEMA_REGISTRY", "LEADLINE_PARENT_RUN", "OPENLINEAGE_PARENT_ID", "LEADLINE_DISABLED")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "LEADLINE_DATA": str(tmp_path / "none"), "LEADLINE_SPOOL": str(tmp_path / "spool")}


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path / "spool")


def leadline(environ: Mapping[str, str], *words: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 120, **options}
    return subprocess.run([*LEADLINE, *words], env=environ, check=False, **options)


def sh(environ: Mapping[str, str], script: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return leadline(environ, "--", "sh", "-c", script, **options)


def test_a_script_is_a_run(environ: dict[str, str], told: Told, tmp_path: Path) -> None:
    """Its data, parameters, metrics, bounds, log lines, time, memory, file and why it failed, without a change to it."""
    script = tmp_path / "score.sh"
    script.write_text("""#!/bin/sh
        echo reading $1
        echo '::leadline param depth=5 "title=two words"'
        echo '::leadline metric auc=0.81 f1=0.7 of=model:mlflow://prod/churn version=7 lower=0.85 severity=warn'
        echo '::leadline metric rows=nan'
        echo '::leadline metric rows=many'
        echo '::leadline output s3://lake/predictions version=8'
        echo 'no such column' >&2
        exit 3
    """)
    script.chmod(0o755)
    done = leadline(environ, "--namespace", "cron://n", "--input", "s3://lake/features", str(script), "--fast")
    assert done.returncode == 3
    assert done.stdout.startswith(b"reading --fast\n::leadline param")
    assert done.stderr.count(b"\n") == 3
    assert b"'::leadline metric rows=many' is not understood: rows is 'many', which is no number" in done.stderr
    start, *_, end = told.of(RunEvent)
    assert (start.event_type, start.job_namespace, start.job_name) == ("START", "cron://n", "score.sh")
    assert (start.code_path, start.engine, start.packages) == (str(script), "", {})
    assert (start.command, start.working_directory) == (f"{script} --fast", str(Path.cwd()))
    assert start.code_hash == content_hash(script.read_bytes())
    assert [node.name for node in start.inputs] == ["features"]
    assert (end.event_type, end.error_type, end.error_message) == ("FAIL", "ExitCode", "exit code 3: no such column")
    outputs = [(node.namespace, node.name, node.version) for event in told.of(RunEvent) for node in event.outputs]
    assert outputs == [("s3://lake", "predictions", "8")]
    parameters = {name: text for event in told.of(RunEvent) for name, text in event.parameters.items()}
    assert parameters == {"depth": "5", "title": "two words"}
    assert end.duration_seconds is not None
    assert end.duration_seconds > 0
    assert end.cpu_seconds is not None and end.cpu_seconds > 0
    assert end.exit_code == 3
    assert end.peak_memory_bytes is not None
    assert end.peak_memory_bytes > 100_000
    readings = {reading.metric: (event, reading) for event in told.of(MetricsReported) for reading in event.readings}
    assert readings.keys() == {"auc", "f1", "rows", "run.cpu_seconds"}
    event, reading = readings["auc"]
    assert (event.kind, event.namespace, event.name, event.version, reading.value) == (
        "MODEL",
        "mlflow://prod",
        "churn",
        "7",
        0.81,
    )
    assert [bound.warn_lower for bound in event.bounds] == [0.85, 0.85]
    assert readings["rows"][0].kind == "JOB"
    assert ("stdout", "INFO", "reading --fast") in told.lines
    assert ("stderr", "WARNING", "no such column") in told.lines


@pytest.mark.parametrize(
    ("words", "code", "ended"),
    [
        (["sh", "-c", "exit 0"], 0, ("COMPLETE", 0)),
        (["sh", "-c", "kill -9 $$"], 137, ("FAIL", -9)),
        (["./nothing"], 127, ("FAIL", 127)),
        (["/etc/passwd"], 126, ("FAIL", 126)),
    ],
)
def test_the_exit_code_is_what_a_shell_would_see(
    environ: dict[str, str], told: Told, words: list[str], code: int, ended: tuple[str, int]
) -> None:
    """Also for a program that is killed, missing or not executable."""
    assert leadline(environ, "--", *words).returncode == code
    assert (told.end.event_type, told.end.exit_code) == ended


def test_a_script_without_interpreter_line_runs(environ: dict[str, str], tmp_path: Path) -> None:
    """As shells run it."""
    script = tmp_path / "plain"
    script.write_text('echo "plain $1"\n')
    script.chmod(0o755)
    assert leadline(environ, str(script), "x").stdout == b"plain x\n"


def test_disabled_it_only_runs_the_program(environ: dict[str, str], tmp_path: Path) -> None:
    """Its streams are its own then, and nothing is written anywhere."""
    done = sh({**environ, "LEADLINE_DISABLED": "1"}, "readlink /proc/self/fd/1 >&2; echo '::leadline x'; exit 4")
    assert (done.returncode, done.stdout) == (4, b"::leadline x\n")
    assert done.stderr.startswith(b"pipe:")
    assert done.stderr.count(b"\n") == 1
    assert not (tmp_path / "spool").exists()


def test_every_byte_passes(environ: dict[str, str], told: Told, tmp_path: Path) -> None:
    """Binary output and long lines, on both streams, and standard input; the log holds only a bounded part."""
    noise = random.Random(1).randbytes(400_000) + b"x" * 200_000
    (tmp_path / "in").write_bytes(noise)
    with (tmp_path / "in").open("rb") as stdin:
        done = sh(environ, f"cat; cat {tmp_path / 'in'} >&2", stdin=stdin)
    assert done.stdout == noise
    assert done.stderr.startswith(noise)
    assert sum(len(message) for _, _, message in told.lines) < 300_000


def test_streams_to_one_place_keep_their_order(environ: dict[str, str], told: Told) -> None:
    """With 2>&1 the program's two streams are one, as without us."""
    script = "for n in 1 2 3 4 5 6 7 8 9; do echo out $n; echo ERROR $n >&2; done; exit 1"
    done = sh(environ, script, stderr=subprocess.STDOUT)
    assert done.stdout.splitlines()[:18] == [f"{kind} {n}".encode() for n in range(1, 10) for kind in ("out", "ERROR")]
    assert ("stdout", "ERROR", "ERROR 9") in told.lines


def test_a_reader_that_goes_away_ends_the_program(environ: dict[str, str]) -> None:
    """By SIGPIPE, as without us."""
    done = subprocess.run(
        ["bash", "-c", '"$@" exec -- yes | head -1; echo ${PIPESTATUS[0]}', "-", *LEADLINE[:-1]],
        env=environ,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == b"y\n141\n"


def test_a_process_that_is_left_behind_does_not_hold_us(environ: dict[str, str], told: Told, tmp_path: Path) -> None:
    """We end with the program; what the other writes later arrives all the same."""
    gate, out = tmp_path / "gate", tmp_path / "out"
    os.mkfifo(gate)
    with out.open("wb") as stdout, (tmp_path / "err").open("wb") as stderr:
        done = sh(environ, f"(cat {gate}; echo late) & echo soon", stdout=stdout, stderr=stderr)
    assert done.returncode == 0
    assert out.read_bytes() == b"soon\n"
    gate.write_bytes(b"")
    wait_until(lambda: out.read_bytes() == b"soon\nlate\n", seconds=60, what="the late line")
    assert told.end.event_type == "COMPLETE"


@contextlib.contextmanager
def started(environ: Mapping[str, str], script: str, **options: Any) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """The process and its standard output, once the script has said there that it is ready."""
    command = [*LEADLINE, "--", sys.executable, "-c", script]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, **options) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            yield process, process.stdout
        finally:
            process.kill()


COUNTING = """
import signal, sys, time
got = []
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, lambda number, _: got.append(number))
print("ready", flush=True)
while signal.SIGTERM not in got:
    time.sleep(0.01)
time.sleep(0.1)
print(sorted(int(number) for number in got), flush=True)
sys.exit(7)
"""


def test_signals_reach_the_program_once(environ: dict[str, str], told: Told) -> None:
    """And what it makes of them is its own."""
    numbers = [signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM]
    with started(environ, COUNTING) as (process, output):
        for number in numbers:
            process.send_signal(number)
        assert output.read() == f"{sorted(map(int, numbers))}\n".encode()
        assert process.wait(60) == 7
    assert told.end.event_type == "FAIL"


def test_a_program_that_is_stopped_is_aborted(environ: dict[str, str], told: Told) -> None:
    """SIGTERM without a handler: 143, and the run's last event is there."""
    with started(environ, "import time; print('ready', flush=True); time.sleep(600)") as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 143
    assert (told.end.event_type, told.end.error_message) == ("ABORT", "killed by SIGTERM")


def test_ctrl_c_is_not_sent_twice(environ: dict[str, str], told: Told) -> None:
    """A terminal tells the whole group; a signal that only we get is handed on there too."""
    leader, follower = pty.openpty()

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(follower, termios.TIOCSCTTY, 0)

    with started(environ, COUNTING, stdin=follower, preexec_fn=take_terminal) as (process, output):
        os.write(leader, b"\x03")
        process.send_signal(signal.SIGUSR1)
        process.send_signal(signal.SIGTERM)
        assert output.read() == f"{[int(signal.SIGINT), int(signal.SIGUSR1), int(signal.SIGTERM)]}\n".encode()
        assert process.wait(60) == 7
    os.close(leader)
    os.close(follower)


def test_a_python_program_is_a_child_run(environ: dict[str, str], told: Told) -> None:
    """Its own run names ours as parent."""
    script = "from leadline import track\nwith track.run('inner'): pass"
    assert leadline(environ, "--job", "outer", "--", sys.executable, "-c", script).returncode == 0
    (outer,) = {event.run_id for event in told.of(RunEvent) if event.job_name == "outer"}
    parents = {(event.parent_run_id, event.parent_job_name) for event in told.of(RunEvent) if event.job_name == "inner"}
    assert parents == {(outer, "outer")}


def test_without_kafka_and_disk_one_line_says_so(environ: dict[str, str], tmp_path: Path) -> None:
    """Result and output stay, however much cannot be kept."""
    (tmp_path / "file").write_text("")
    done = sh({**environ, "LEADLINE_SPOOL": str(tmp_path / "file" / "spool")}, "echo out; exit 5")
    assert (done.returncode, done.stdout) == (5, b"out\n")
    assert done.stderr.count(b"\n") == 1
    assert b"events are dropped" in done.stderr


def test_a_kafka_that_hangs_costs_a_bounded_time(environ: dict[str, str], told: Told) -> None:
    """It accepts and never answers: the program's time, five seconds to close, and everything is in the spool."""
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        done = sh({**environ, "KAFKA": address, "SCHEMA_REGISTRY": f"http://{address}"}, "echo out")
        assert time.monotonic() - began < 60
    assert (done.returncode, done.stdout) == (0, b"out\n")
    assert told.end.event_type == "COMPLETE"


def test_a_flood_of_lines_is_cut_and_counted(environ: dict[str, str], told: Told) -> None:
    """All of it passes; the log says how much it does not hold."""
    done = sh(environ, "seq 300000; echo '::leadline metric last=1'")
    assert done.stdout.count(b"\n") == 300_001
    assert len(told.lines) < 100_000
    assert any("lines are not kept" in message for _, _, message in told.lines)
    assert {reading.metric for event in told.of(MetricsReported) for reading in event.readings} == {"last", "run.cpu_seconds"}
