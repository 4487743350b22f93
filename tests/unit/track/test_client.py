"""The library never hurts its job, and says what it could not keep."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from leadline import track
from leadline.core.settings import Settings
from leadline.events.records import Event, MetricsReported, RunEvent
from leadline.track.delivery import Delivery
from leadline.track.entry import Entry
from leadline.track.segment import spooled

from .conftest import Captured, read_segment


def python(script: str, spool: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """The script in a process of its own without any server."""
    clean = {name: value for name, value in os.environ.items() if name not in ("KAFKA", "SCHEMA_REGISTRY")}
    environment = {**clean, "LEADLINE_DATA": str(spool.parent / "none"), "LEADLINE_SPOOL": str(spool), **environ}
    script = "from leadline import track\n" + script
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False, timeout=60
    )


def reported(spool: Path) -> list[Event]:
    return [event for path in spooled(spool) for event in read_segment(path)]


def test_the_public_names_are_these() -> None:
    """A name that goes or comes is a decision."""
    assert track.__all__ == sorted(track.__all__)
    assert all(getattr(track, name) for name in track.__all__)
    assert " ".join(track.__all__) == (
        "Client Column Metric MetricDefinition Node Run Stats Trial column configure current_run dataset decision describe "
        "environ flush job logs metric metric_definition model node owner run snapshot stats structlog_processor"
    )


def test_importing_brings_nothing_heavy(tmp_path: Path) -> None:
    """What sends is imported before the job begins, so that the job pays for it at no worse time; and nothing else is."""
    done = python(
        "import sys\n"
        "print([m for m in ('click', 'numpy', 'narwhals', 'pytest', 'starlette', 'clickhouse_connect') if m in sys.modules])",
        tmp_path / "spool",
    )
    assert done.stdout.strip() == "[]"


def test_a_job_without_any_server_ends_as_always_and_is_told_once(tmp_path: Path) -> None:
    """Exit code and output stay; one line says how to configure; everything is in the spool."""
    done = python(
        "for n in range(3):\n    with track.run('j') as run: run.metric('n', n)\nraise SystemExit(7)", tmp_path / "spool"
    )
    assert (done.returncode, done.stdout) == (7, "")
    assert done.stderr.count("\n") == 1
    assert "start the local stack with `leadline up`, or set KAFKA" in done.stderr
    events = reported(tmp_path / "spool")
    assert [type(event).__name__ for event in events] == ["RunEvent", "MetricsReported", "RunEvent"] * 3


def test_an_exception_that_nobody_catches_leaves_a_failed_run(tmp_path: Path) -> None:
    """With its stack; Python prints what it always prints."""
    done = python("with track.run('j'):\n    open('/no/such/file')", tmp_path / "spool")
    assert done.returncode == 1
    assert "FileNotFoundError" in done.stderr
    end = reported(tmp_path / "spool")[-1]
    assert isinstance(end, RunEvent)
    assert (end.event_type, end.error_type) == ("FAIL", "FileNotFoundError")


def test_the_kill_switch_makes_everything_do_nothing(tmp_path: Path) -> None:
    """LEADLINE_DISABLED=1: the same program, no thread, no file, no output."""
    done = python(
        "import threading\n"
        "with track.run('j') as run:\n"
        "    run.metric('n', 1).bound(lower=2); run.log('x'); run.input('n', 'x')\n"
        "track.owner(track.model('n', 'm'), 'me')\n"
        "print(track.flush(), track.stats().queued, threading.active_count())",
        tmp_path / "spool",
        LEADLINE_DISABLED="1",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True 0 1\n", "")
    assert not (tmp_path / "spool").exists()


def test_a_forked_child_reports_for_itself_and_ends_no_run_of_its_parent(tmp_path: Path) -> None:
    """Nothing is doubled, nothing hangs, whether the child leaves by os._exit, by falling out of the block or by a pool."""
    script = (
        "import multiprocessing, os\n"
        "def work(n): track.metric('child', n); return n\n"
        "with track.run('parent') as run:\n"
        "    run.metric('before', 1)\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        run.metric('child', 100)\n"
        "        raise SystemExit(0)\n"
        "    os.waitpid(child, 0)\n"
        "    with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "        assert pool.map(work, range(4)) == [0, 1, 2, 3]\n"
        "        pool.close(); pool.join()\n"
        "    run.metric('after', 1)\n"
    )
    done = python(script, tmp_path / "spool")
    assert done.returncode == 0, done.stderr
    events = reported(tmp_path / "spool")
    runs = [event for event in events if isinstance(event, RunEvent)]
    assert [event.event_type for event in runs] == ["START", "COMPLETE"]
    readings = [(r.metric, r.value) for event in events if isinstance(event, MetricsReported) for r in event.readings]
    assert sorted(readings) == [("after", 1), ("before", 1), *(("child", n) for n in (0, 1, 2, 3, 100))]


def test_what_there_is_no_room_for_is_counted(tmp_path: Path) -> None:
    """Spool full: the rest is dropped by record type and reason, the run says so itself, and the job goes on."""
    client = track.Client(Settings(), spool=tmp_path / "spool", spool_bytes=60_000)
    run = track.Run(client, "j")
    with run:
        for number in range(2_000):
            run.metric("n", number)
    client.close()
    stats = client.stats()
    dropped = stats.dropped["MetricsReported"]["spool_full"]
    assert dropped > 0
    assert stats.spooled + dropped + stats.dropped.get("RunEvent", {}).get("spool_full", 0) == 2_003
    assert sum(file.stat().st_size for file in spooled(tmp_path / "spool")) <= 60_000
    events = reported(tmp_path / "spool")
    (told,) = [r for event in events if isinstance(event, MetricsReported) for r in event.readings if r.metric != "n"]
    assert (told.metric, told.value) == ("leadline.dropped", dropped)
    assert told.dims == {"record": "MetricsReported", "reason": "spool_full"}
    assert [event.event_type for event in events if isinstance(event, RunEvent)] == ["START", "COMPLETE"]


def test_a_spool_that_cannot_be_written_is_counted(tmp_path: Path) -> None:
    """No room, no right, no disk: the job goes on."""
    (tmp_path / "file").touch()
    client = track.Client(Settings(), spool=tmp_path / "file" / "spool")
    with track.Run(client, "j"):
        pass
    client.close()
    assert client.stats().dropped == {"RunEvent": {"spool_error": 2}}


def test_an_event_that_is_not_valid_is_counted_and_harms_no_other(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """For example one of a clock that is before 1970."""
    with track.run("j") as run:
        run.metric("good", 1)
        with monkeypatch.context() as patch:
            patch.setattr("leadline.track.client.system_clock", lambda: -1)
            run.metric("bad", 1, of=track.model("n", "m"))
    assert [event.readings[0].metric for event in captured.of(MetricsReported)] == ["good", "leadline.dropped"]
    assert captured.client.stats().dropped == {"MetricsReported": {"invalid": 1}}


def test_a_run_shows_signs_of_life(captured: Captured) -> None:
    """At least one event every heartbeat, so that a run that died can be seen."""
    with track.run("j", heartbeat=0.1):
        deadline = time.monotonic() + 10
        while captured.client.stats().spooled < 4 and time.monotonic() < deadline:
            threading.Event().wait(0.05)
    types = [event.event_type for event in captured.of(RunEvent)]
    assert types[:3] == ["START", "RUNNING", "RUNNING"]
    assert types[-1] == "COMPLETE"


def test_a_long_run_tells_its_inputs_before_it_ends(captured: Captured) -> None:
    """Lineage is there while the job still works."""
    with track.run("j") as run:
        run.input("s3://lake", "features")
        deadline = time.monotonic() + 10
        while captured.client.stats().spooled < 2 and time.monotonic() < deadline:
            threading.Event().wait(0.05)
    types = [(event.event_type, len(event.inputs)) for event in captured.of(RunEvent)]
    assert types == [("START", 0), ("RUNNING", 1), ("COMPLETE", 0)]


def test_many_threads_report_at_once(captured: Captured) -> None:
    """Nothing is lost between them."""
    with track.run("j") as run:
        threads = [threading.Thread(target=lambda t=t: [run.metric("n", t * 100 + n) for n in range(100)]) for t in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    values = [reading.value for event in captured.of(MetricsReported) for reading in event.readings]
    assert sorted(values) == list(range(5_000))
    assert captured.client.stats().dropped == {}


def test_a_closed_client_begins_anew(captured: Captured) -> None:
    """A late report after close is not lost."""
    track.metric("n", 1, of=track.model("n", "m"))
    captured.client.close()
    track.metric("n", 2, of=track.model("n", "m"))
    assert [event.readings[0].value for event in captured.of(MetricsReported)] == [1, 2]


def test_servers_that_hang_delay_the_end_of_a_job_by_a_bounded_time(tmp_path: Path) -> None:
    """They accept and never answer: what was reported is in the spool after at most the close time-out."""
    with socket.create_server(("127.0.0.1", 0)) as hole:
        address = f"127.0.0.1:{hole.getsockname()[1]}"
        began = time.monotonic()
        done = python(
            "with track.run('j') as run: run.metric('n', 1)",
            tmp_path / "spool",
            KAFKA=address,
            SCHEMA_REGISTRY=f"http://{address}",
        )
        assert time.monotonic() - began < 20
    assert done.returncode == 0
    assert len(reported(tmp_path / "spool")) == 3


@pytest.mark.parametrize("when", ["import", "run"])
def test_a_broken_address_file_does_not_reach_the_job(tmp_path: Path, when: str) -> None:
    """The sentence goes to the one warning line."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "addresses.json").write_text("{")
    done = python("with track.run('j'): pass" if when == "run" else "pass", tmp_path / "spool", LEADLINE_DATA=str(data))
    assert done.returncode == 0
    assert done.stderr.count("\n") == (1 if when == "run" else 0)


def test_what_is_on_its_way_counts_as_queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the call until Kafka or the spool has it: nothing queued and nothing lost means that all is there."""
    inside, gate = threading.Event(), threading.Event()
    deliver = Delivery.deliver

    def slowly(self: Delivery, entries: list[Entry], *, vital: bool = False) -> None:
        inside.set()
        assert gate.wait(30)
        deliver(self, entries, vital=vital)

    monkeypatch.setattr(Delivery, "deliver", slowly)
    client = track.Client(Settings(kafka="127.0.0.1:9", schema_registry="http://127.0.0.1:9"), spool=tmp_path / "spool")
    client.entity(track.model("n", "m"), "tags", {"a": "b"})
    assert inside.wait(30)
    assert client.stats().queued == 1
    gate.set()
    client.close()
    assert (client.stats().queued, client.stats().spooled) == (0, 1)
