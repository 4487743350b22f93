"""The store's life: killed, stopped, started twice, out of room. What it acknowledged stays."""

import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from clickhouse_connect.driver.exceptions import Error

from leadline.history.connection import connect

from ..mounts import tmpfs
from .facts import running_store
from .store_process import StoreProcess

SETUP = (
    "CREATE DATABASE IF NOT EXISTS internal",
    "CREATE TABLE internal.facts (n Int64, s String) ENGINE = MergeTree ORDER BY n",
    "CREATE TABLE internal.staging (n Int64, s String, CONSTRAINT positive CHECK n >= 0) ENGINE = Null",
    "CREATE MATERIALIZED VIEW internal.copy TO internal.facts AS SELECT * FROM internal.staging",
)
ROWS = 50


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreProcess]:
    running = StoreProcess(tmp_path / "store").start()
    for statement in SETUP:
        assert running.write(statement) == (200, "")
    yield running
    if running.process.poll() is None:
        running.stop()


def insert(store: StoreProcess, n: int, text: str = "") -> tuple[int, str]:
    """ROWS rows of the same n; raises OSError where no answer comes."""
    body = "".join(f"{n}\t{text}\n" for _ in range(ROWS))
    path = f"/?query={quote('INSERT INTO internal.staging FORMAT TSV')}"
    status, answer, _ = store.request("POST", path, body.encode(), store.authorization())
    return status, answer.decode()


def stored(store: StoreProcess) -> dict[int, int]:
    """Rows per n."""
    lines = store.write("SELECT n, count() FROM internal.facts GROUP BY n")[1].splitlines()
    return {int(n): int(rows) for n, rows in (line.split("\t") for line in lines)}


@pytest.mark.fault
@pytest.mark.parametrize("seed", range(5))
def test_kill_9_loses_nothing_acknowledged(store: StoreProcess, seed: int) -> None:
    """At a random moment during inserts by three clients: every acknowledged insert is whole, every other whole or absent."""
    chance = random.Random(seed)
    acknowledged: list[int] = []

    def insert_until_dead(first: int) -> None:
        for n in range(first, first + 1_000_000):
            try:
                if insert(store, n)[0] == 200:
                    acknowledged.append(n)
            except OSError:
                return

    clients = [threading.Thread(target=insert_until_dead, args=(client * 1_000_000,)) for client in range(3)]
    for client in clients:
        client.start()
    while len(acknowledged) < chance.randrange(5, 60):
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.05))
    store.kill()
    for client in clients:
        client.join()
    store.start()
    found = stored(store)
    assert set(found.values()) == {ROWS}
    assert set(acknowledged) <= set(found)
    assert not list((store.data / "incoming").iterdir())


def test_sigterm_finishes_inserts_and_exits_with_0(store: StoreProcess) -> None:
    """An insert that runs is answered and kept; a SELECT that would run for long is cut short."""
    answers: dict[str, int] = {}

    def ask(name: str, statement: str) -> None:
        answers[name] = store.write(statement)[0]

    slow_insert = (
        "INSERT INTO internal.facts SELECT number, toString(sleepEachRow(0.1)) FROM numbers(10) SETTINGS max_block_size = 1"
    )
    slow_select = "SELECT count() FROM numbers(100000000000000)"
    threads = [
        threading.Thread(target=ask, args=("insert", slow_insert)),
        threading.Thread(target=ask, args=("select", slow_select)),
    ]
    for thread in threads:
        thread.start()
    while store.write("SELECT count() FROM system.processes")[1] != "3\n":
        time.sleep(0.01)
    started = time.monotonic()
    assert store.stop() == 0
    assert time.monotonic() - started < 10
    for thread in threads:
        thread.join()
    assert answers == {"insert": 200, "select": 500}
    assert len(stored(store.start())) == 10


def test_a_restart_keeps_data_and_token(store: StoreProcess) -> None:
    """Stopping and starting changes nothing for anybody."""
    assert insert(store, 1) == (200, "")
    token = store.token
    store.stop()
    store.start()
    assert store.token == token
    assert stored(store) == {1: ROWS}


def test_the_token_is_its_owners_alone_and_never_logged(store: StoreProcess) -> None:
    """Mode 0600; neither a right nor a wrong password leaves a trace in the log."""
    assert (store.data / "token").stat().st_mode & 0o777 == 0o600
    assert len(store.token) >= 32
    store.write("SELECT broken syntax")
    store.request("POST", f"/?user=leadline&password={store.token}x", b"SELECT 1")
    store.stop()
    log = (store.data.parent / "store.log").read_text()
    assert log
    assert store.token not in log


def refused_start(store: StoreProcess, **changed: object) -> list[str]:
    ended = subprocess.run(store.command(**changed), capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    return ended.stderr.splitlines()


def test_a_second_store_on_the_directory_says_so(store: StoreProcess, tmp_path: Path) -> None:
    """One sentence, no traceback, and the first goes on."""
    assert insert(store, 1) == (200, "")
    (line,) = refused_start(store, port=0)
    assert f"another store already runs on {store.data}: stop it first" in line
    assert stored(store) == {1: ROWS}


def test_a_taken_port_says_so(store: StoreProcess, tmp_path: Path) -> None:
    """One sentence with the way out."""
    (line,) = refused_start(store, data=tmp_path / "other")
    assert f"cannot listen on 127.0.0.1:{store.port}: Address already in use; choose another --port" in line


def test_a_directory_that_cannot_be_made_says_so(store: StoreProcess, tmp_path: Path) -> None:
    """A file in the way is named."""
    (tmp_path / "file").write_text("")
    (line,) = refused_start(store, data=tmp_path / "file", port=0)
    assert str(tmp_path / "file") in line


def test_an_empty_token_file_says_so(store: StoreProcess, tmp_path: Path) -> None:
    """An empty password would let everybody write."""
    (tmp_path / "empty").touch()
    (line,) = refused_start(store, data=tmp_path / "other", port=0, **{"token-file": tmp_path / "empty"})
    assert "is empty: remove it" in line


@pytest.mark.parametrize(
    "question",
    [
        "SELECT count() FROM numbers(100000000000)",
        "SELECT length(groupArray(number)), count() FROM numbers(100000000)",
        "SELECT uniqExact(number), count() FROM numbers(24000000)",
    ],
)
def test_readers_do_not_stop_inserts(store: StoreProcess, question: str) -> None:
    """While eight readers ask for more time and memory than they get, inserts go through."""
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            store.read(question, {"max_execution_time": "2"})

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    try:
        for n in range(20):
            assert insert(store, n) == (200, "")
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert stored(store) == dict.fromkeys(range(20), ROWS)


def test_too_much_for_the_memory_is_an_error_and_the_store_goes_on(store: StoreProcess) -> None:
    """The engine refuses instead of growing."""
    with store.writer() as writer, pytest.raises(Error, match="MEMORY_LIMIT_EXCEEDED"):
        writer.query("SELECT length(groupArray(number)) FROM numbers(1000000000)")
    assert insert(store, 1) == (200, "")
    status = Path(f"/proc/{store.process.pid}/status")
    if status.exists():
        peak = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        assert peak < 1_100_000, f"{peak} KB resident"


def test_the_facts_of_runs_are_merged_within_the_memory(tmp_path: Path) -> None:
    """They have so many columns that merging all at once would take more than there is, and be tried anew for ever."""
    with running_store(tmp_path) as settings, closing(connect(settings)) as writer:
        for part in range(6):
            writer.command(
                "INSERT INTO leadline_internal.run_events (event_id, run_id, job_namespace, job_name, command, recorded_at) "
                "SELECT toString(number), toString(number), 'bench', toString(number % 200), repeat('x', 500), now64(6) "
                "FROM numbers({first:Int64}, 4000)",
                parameters={"first": part * 4_000},
            )
        writer.command("OPTIMIZE TABLE leadline_internal.run_events FINAL")
        parts = "SELECT count(), sum(rows) FROM system.parts WHERE table = 'run_events' AND active"
        assert writer.query(parts).result_rows == [(1, 24_000)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with tmpfs(tmp_path / "small", "size=64m") as mounted:
        yield mounted


def test_a_start_without_room_says_so(small_disk: Path) -> None:
    """One sentence, no traceback."""
    (small_disk / "ballast").write_bytes(b"\0" * 64 * 1024 * 1024)
    (line,) = refused_start(StoreProcess(small_disk / "store"))
    assert "No space left on device" in line


@pytest.mark.fault
def test_a_full_disk_is_an_error_and_loses_nothing_acknowledged(small_disk: Path) -> None:
    """The client sees why; what was acknowledged is there, after a restart too; with room again, inserts go on."""
    store = StoreProcess(small_disk / "store").start()
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 8_000_000)
    try:
        for statement in SETUP:
            assert store.write(statement) == (200, "")
        chance = random.Random(1)
        acknowledged = []
        for n in range(1_000):
            status, text = insert(store, n, chance.randbytes(10_000).hex())
            if status != 200:
                break
            acknowledged.append(n)
        assert status == 507, text
        assert "No space left on device" in text or "NOT_ENOUGH_SPACE" in text
        assert stored(store) == dict.fromkeys(acknowledged, ROWS)
        for room in (False, True):
            store.kill()
            if room:
                ballast.unlink()
            store.start()
            assert stored(store) == dict.fromkeys(acknowledged, ROWS)
        assert insert(store, 5_000)[0] == 200
    finally:
        store.kill()


def test_no_health_without_the_engine(store: StoreProcess) -> None:
    """A store that cannot work does not answer; after it went on, it does."""
    assert store.request("GET", "/healthz")[:2] == (200, b"Ok.\n")
    store.process.send_signal(signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        store.request("GET", "/healthz", timeout_seconds=0.5)
    store.process.send_signal(signal.SIGCONT)
    assert store.request("GET", "/healthz")[:2] == (200, b"Ok.\n")
