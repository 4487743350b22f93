"""`leadline alerts --follow` as a process of its own, against a real store; and commands whose reader goes away."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue
from typing import IO

import pytest

from leadline.clickhouse.store import writing
from leadline.core.clock import system_clock
from leadline.core.settings import Settings
from leadline.local import Stack
from tests.conftest import free_port_base, wait_until

from .facts import NOON, alert, log_lines, put, run_event, running_store

pytestmark = pytest.mark.stack
SECONDS = 60.0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("follow")) as settings:
        put(settings, [run_event("score", "run-1", "START", NOON)])
        put(settings, [log_lines("score", "run-1", *[("INFO", f"line {n} " + "x" * 200) for n in range(2000)])])
        yield settings


def environ(settings: Settings) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name not in ("KAFKA", "SCHEMA_REGISTRY")},
        "CLICKHOUSE": settings.clickhouse,
        "CLICKHOUSE_USER": settings.clickhouse_user,
        "CLICKHOUSE_PASSWORD": settings.clickhouse_password,
        "LEADLINE_DATA": str(settings.data / "elsewhere"),
    }


class Follower:
    """The process, and the lines that it prints."""

    def __init__(self, settings: Settings, *options: str) -> None:
        # All since an hour ago, so that what is put later is shown whenever the process gets to its first look.
        command = [sys.executable, "-m", "leadline.cli", "alerts", "--follow", "--since", "1h", *options]
        self.process = subprocess.Popen(
            command, env=environ(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._lines: Queue[str] = Queue()
        self.complaints: list[str] = []
        pairs = (self.process.stdout, self._lines.put), (self.process.stderr, self.complaints.append)
        self._readers = [threading.Thread(target=_read, args=pair) for pair in pairs]
        for reader in self._readers:
            reader.start()

    def line(self) -> str:
        """The next one. Raises Empty when none comes."""
        return self._lines.get(timeout=SECONDS)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)
        return code


def _read(stream: IO[str], keep: Callable[[str], None]) -> None:
    with stream:
        for line in stream:
            keep(line)


@contextmanager
def following(settings: Settings, *options: str) -> Iterator[Follower]:
    follower = Follower(settings, *options)
    try:
        yield follower
    finally:
        follower.process.kill()
        follower.wait()


def test_an_alert_is_printed_as_it_arrives(store: Settings) -> None:
    """One line with value, bound, owner and id for each, once; Ctrl-C ends it with exit code 0 and not a word."""
    with following(store) as follower:
        for number in range(2):
            put(store, [alert(f"arrives-{number}", "eeee-1", "opened", NOON, threshold=0.25)], recorded_at=system_clock())
            line = follower.line()
            assert line.split()[:2] == ["2026-11-21T12:00:00Z", "error"]
            assert line.rstrip().endswith(f"mean of predictions is 0.3 (bound 0.25), owner ml-team, arrives-{number}")
        assert follower.end(signal.SIGINT) == 0
        assert follower.complaints == []


def test_json_lines_for_programs(store: Settings) -> None:
    """--json gives one JSON document a line, as --all --json has them in its list."""
    with following(store, "--json") as follower:
        put(store, [alert("json-1", "eeee-2", "opened", NOON), alert("json-2", "eeee-2", "resolved", NOON)], system_clock())
        found = [json.loads(follower.line()) for _ in range(2)]
        while found[-1]["alert_id"] != "json-2":
            found.append(json.loads(follower.line()))
        assert found[-2]["alert_id"] == "json-1"
        assert {"transition", "owner", "value", "event_time", "enriched"} <= set(found[-1])


def test_it_waits_for_a_store_that_is_away(tmp_path: Path) -> None:
    """That is said once; what comes when the store is back is shown, and nothing twice."""
    base = free_port_base()
    with ExitStack() as contexts:
        with Stack(tmp_path, port_base=base, only=("store",)) as settings:
            put(settings, [alert("before", "eeee-3", "opened", NOON)], recorded_at=system_clock())
            follower = contexts.enter_context(following(settings))
            assert "before" in follower.line()
        wait_until(lambda: follower.complaints, seconds=SECONDS, what="a word about the store")
        with Stack(tmp_path, port_base=base, only=("store",)):
            put(settings, [alert("after", "eeee-3", "resolved", NOON, 2)], recorded_at=system_clock())
            assert "after" in follower.line()
            assert follower.end(signal.SIGINT) == 0
        assert len(follower.complaints) == 1
        assert follower.complaints[0].endswith("is the stack up? Waiting for it.\n")


def test_a_store_that_never_answered_is_an_error(store: Settings) -> None:
    """A wrong address is no reason to wait: exit code 3 and one sentence."""
    with following(Settings(clickhouse="http://127.0.0.1:1", data=store.data)) as follower:
        assert follower.wait() == 3
        assert len(follower.complaints) == 1 and "127.0.0.1:1 does not answer" in follower.complaints[0]


def test_commands_end_quietly_when_their_reader_goes_away(store: Settings) -> None:
    """`leadline ... | head -1`: no command says a word about the broken pipe, whatever it was doing then."""
    with writing(store) as client:
        client.command("TRUNCATE TABLE leadline_internal.migrations")  # so that there is something to print
    commands = [
        ["migrate", "--dry-run"],
        ["logs", "run-1"],
        ["logs", "run-1", "--json"],
        ["sql", "SELECT number FROM numbers(10000)"],
        ["sql", "--format", "CSV", "SELECT number FROM numbers(10000)"],
        ["runs", "--json"],
        ["doctor"],
        ["alerts", "--follow"],
        ["--help"],
    ]
    assert [words(store, command) for command in commands] == [""] * len(commands)


def words(store: Settings, arguments: list[str]) -> str:
    """What the command says on stderr when its reader takes one line at most and goes, as head does; it must end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "leadline.cli", *arguments], env=environ(store), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    if "--follow" not in arguments:
        process.stdout.read(1)
    process.stdout.close()
    with process.stderr as stderr:
        said = stderr.read().decode()
    process.wait(SECONDS)
    return said
