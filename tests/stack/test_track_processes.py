"""A job in every kind of process that jobs run in: what was reported before it ended is in Kafka, and it ends as it would."""

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.events.records import RunEvent
from leadline.track.segment import spooled

from ..conftest import free_port_base, wait_until
from ..kafka import Kafka

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    kafka = Kafka(tmp_path_factory.mktemp("kafka"))
    kafka.start()
    yield kafka
    kafka.stop()


def program(kafka: Kafka, folder: Path, text: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The text as a file, since spawned children import it."""
    script = folder / "job.py"
    script.write_text(text)
    environment = {**os.environ, **kafka.environ, "LEADLINE_SPOOL": str(folder / "spool"), **environ}
    return subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=environment, check=False, timeout=120, cwd=folder
    )


POOL = """
import concurrent.futures, multiprocessing, sys
from leadline import track

CHURN = track.model("n", "m")

def report(number):
    with track.run(sys.argv[0] and "{name}-child", "n") as run:
        run.metric("n", number)

if __name__ == "__main__":
    with track.run("{name}", "n") as run:
        run.metric("n", -1)
        {pool}
"""
POOLS = {
    "fork": "multiprocessing.get_context('fork').Pool(3).map(report, range(20))",
    "executor": (
        "list(concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context('fork')).map(report, range(20)))"
    ),
    "process": "p = multiprocessing.get_context('fork').Process(target=report, args=(0,)); p.start(); p.join()",
    "spawn": (
        "executor = concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context('spawn'))\n"
        "        list(executor.map(report, range(20))); executor.shutdown()"
    ),
    "forkserver": "p = multiprocessing.get_context('forkserver').Process(target=report, args=(0,)); p.start(); p.join()",
}


@pytest.mark.parametrize("kind", POOLS)
def test_workers_of_a_pool_report_for_themselves(kafka: Kafka, tmp_path: Path, kind: str) -> None:
    """All that they reported, START before its end; also where the pool is left to be ended by SIGTERM."""
    name = f"pool-{kind}"
    done = program(kafka, tmp_path, POOL.format(name=name, pool=POOLS[kind]))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    number = 20 if "range(20)" in POOLS[kind] else 1
    assert kafka.values(f"{name}-child") == list(range(number))
    _starts_before_ends(kafka, f"{name}-child", number)
    _starts_before_ends(kafka, name, 1)
    assert spooled(tmp_path / "spool") == []


def _starts_before_ends(kafka: Kafka, job: str, number: int) -> None:
    runs: dict[str, list[str]] = {}
    for event in kafka.of_job(job):
        if isinstance(event, RunEvent):
            runs.setdefault(event.run_id, []).append(event.event_type)
    assert len(runs) == number
    assert all(types[0] == "START" and types[-1] == "COMPLETE" for types in runs.values()), runs


ENDINGS = {
    "returns": ("pass", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "exception": ("raise ValueError('the job')", 1),
    "exception in a thread": ("t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()", 0),
    "daemon threads": (
        "def forever():\n    while True: track.metric('late', 1, of=track.model('n', 'm')); time.sleep(0.001)\n"
        "for _ in range(4): threading.Thread(target=forever, daemon=True).start()",
        0,
    ),
    "reports at exit": ("atexit.register(lambda: track.metric('late', 1, of=track.model('n', 'm')))", 0),
    "asyncio": (
        "import asyncio\nasync def main():\n    track.metric('late', 1, of=track.model('n', 'm')); await asyncio.sleep(0)\n"
        "asyncio.run(main())",
        0,
    ),
    "Airflow's fork": (
        "pid = os.fork()\nif not pid:\n    os.environ['AIRFLOW_CTX_DAG_RUN_ID'] = 'manual'\n"
        "    with track.run(NAME + '-task', 'n') as run: run.metric('n', 7)\n    os._exit(0)\n"
        "assert os.waitpid(pid, 0)[1] == 0",
        0,
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_however_the_interpreter_ends(kafka: Kafka, tmp_path: Path, ending: str) -> None:
    """Exit code and output are those of the same program with the library switched off."""
    code, status = ENDINGS[ending]
    name = f"ending-{ending}"
    text = (
        f"import atexit, os, sys, threading, time\nfrom leadline import track\nNAME = {name!r}\n"
        f"with track.run(NAME, 'n') as run:\n    run.metric('n', 1)\n{code}\n"
    )
    done = program(kafka, tmp_path, text)
    off = program(kafka, tmp_path, text, LEADLINE_DISABLED="1")
    assert (done.returncode, done.stdout, done.stderr) == (off.returncode, off.stdout, off.stderr)
    assert done.returncode == status
    assert kafka.values(name) == [1]
    _starts_before_ends(kafka, name, 1)
    if ending == "Airflow's fork":
        assert kafka.values(f"{name}-task") == [7]
        _starts_before_ends(kafka, f"{name}-task", 1)


WSGI = """
from leadline import track

with track.run("gunicorn-preload", "n") as run:
    run.metric("n", 0)

def app(environ, start_response):
    with track.run("gunicorn-request", "n") as run:
        run.metric("n", int(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
"""


def test_gunicorn_with_preload(kafka: Kafka, tmp_path: Path) -> None:
    """The library is at work before the workers are forked; each of them reports, and all is there when they have ended."""
    from urllib.request import urlopen

    (tmp_path / "web.py").write_text(WSGI)
    port = free_port_base()
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", f"127.0.0.1:{port}", "web:app"]
    environment = {**os.environ, **kafka.environ, "LEADLINE_SPOOL": str(tmp_path / "spool")}
    with (tmp_path / "log").open("w") as log, subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=log) as server:
        try:
            wait_until(lambda: "Booting worker" in (tmp_path / "log").read_text(), seconds=30, what="gunicorn")
            for number in range(20):
                with urlopen(f"http://127.0.0.1:{port}/?{number}", timeout=10) as answer:
                    assert answer.read() == b"ok"
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0
        finally:
            server.kill()
    assert kafka.values("gunicorn-preload") == [0]
    assert kafka.values("gunicorn-request") == list(range(20))
    _starts_before_ends(kafka, "gunicorn-request", 20)


def notebook(cells: list[str]) -> list[str]:
    """Each cell in a kernel of its own that is shut down at the end; what each wrote, or the name of its error."""
    import nbformat
    from nbclient import NotebookClient

    empty: dict[str, object] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    parts = [{**empty, "source": cell} for cell in cells]
    book = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": parts}
    )
    NotebookClient(book, timeout=60, allow_errors=True, kernel_name="python3").execute()
    written = []
    for cell in book.cells:
        output = [part.get("text", part.get("ename", "")) for part in cell.outputs]
        written.append("".join(output).strip())
    return written


def test_a_notebook(kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run over several cells; a cell that fails; what is open when the kernel is shut down has its end."""
    for name, value in {**kafka.environ, "LEADLINE_SPOOL": str(tmp_path / "spool"), "IPYTHONDIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    written = notebook(
        [
            "from leadline import track\nrun = track.run('notebook', 'n').__enter__()\nrun.metric('n', 1)",
            "track.metric('n', 2)\nprint(track.current_run() is run)",
            "run.__exit__(None, None, None)",
            "with track.run('notebook-fails', 'n') as failing:\n    failing.metric('n', 3)\n    raise ValueError('cell')",
            "still = track.run('notebook-open', 'n').__enter__()\ntrack.metric('n', 4)",
        ]
    )
    assert [text.splitlines()[-1] if text else "" for text in written] == ["", "True", "", "ValueError", ""]
    assert kafka.values("notebook") == [1, 2]
    _starts_before_ends(kafka, "notebook", 1)
    ends = {job: _end(kafka, job) for job in ("notebook-fails", "notebook-open")}
    assert ends == {"notebook-fails": ("FAIL", "ValueError"), "notebook-open": ("ABORT", "ProcessEnded")}


def _end(kafka: Kafka, job: str) -> tuple[str, str]:
    events = [event for event in kafka.of_job(job) if isinstance(event, RunEvent)]
    return (events[-1].event_type, events[-1].error_type)


def test_a_kernel_that_is_interrupted_and_restarted(kafka: Kafka, tmp_path: Path) -> None:
    """An interrupt ends the run of the cell; a restart ends what was open; the new kernel reports as the old one did."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    environment = {**os.environ, **kafka.environ, "LEADLINE_SPOOL": str(tmp_path / "spool"), "IPYTHONDIR": str(tmp_path)}
    manager.start_kernel(env=environment)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        client.execute(
            "from leadline import track\nimport time\nwith track.run('interrupted', 'n') as run:\n"
            f"    open({str(tmp_path / 'inside')!r}, 'w').close()\n    time.sleep(60)"
        )
        wait_until((tmp_path / "inside").exists, seconds=30, what="the cell")
        manager.interrupt_kernel()

        def replied() -> bool:
            """Interrupted again where it sleeps on: Python may fall asleep just as a signal comes, and not notice it."""
            try:
                return bool(client.get_shell_msg(timeout=5)["msg_type"] == "execute_reply")
            except queue.Empty:
                manager.interrupt_kernel()
                return False

        wait_until(replied, seconds=30, what="the reply")
        client.execute("open_run = track.run('restarted', 'n').__enter__()", reply=True, timeout=30)
        manager.restart_kernel(now=False)
        client.wait_for_ready(timeout=60)
        client.execute("from leadline import track\nwith track.run('after', 'n'): pass", reply=True, timeout=30)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert _end(kafka, "interrupted") == ("ABORT", "KeyboardInterrupt")
    assert _end(kafka, "restarted") == ("ABORT", "ProcessEnded")
    assert _end(kafka, "after") == ("COMPLETE", "")


DASK = """
from distributed import Client, LocalCluster
from leadline import track

def work(number):
    with track.run("dask-task", "n") as run:
        run.metric("n", number)
    return number

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client, track.run("dask-driver", "n"):
            print(sum(client.gather(client.map(work, range(20)))))
"""


def test_dask_workers(kafka: Kafka, tmp_path: Path) -> None:
    """Processes of several threads that the cluster ends as soon as it has the results."""
    done = program(kafka, tmp_path, DASK)
    assert (done.returncode, done.stdout) == (0, "190\n"), done.stderr
    sent = [path.name for path in spooled(tmp_path / "spool")]
    assert kafka.values("dask-task") == list(range(20)), sent
    _starts_before_ends(kafka, "dask-task", 20)


def test_the_ranks_of_a_training(kafka: Kafka, tmp_path: Path) -> None:
    """Four processes as torchrun starts them: one run, each reading once; a rank that fails says so."""
    script = tmp_path / "train.py"
    script.write_text(
        "import os\nfrom leadline import track\n"
        "with track.run('ranks', 'n') as run:\n    run.metric('loss', 0.5)\n"
        "    if os.environ['RANK'] == '2': raise RuntimeError('GPU 2')\n"
    )
    environment = {**os.environ, **kafka.environ, "LEADLINE_SPOOL": str(tmp_path / "spool"), "WORLD_SIZE": "4"}
    ranks = [
        subprocess.Popen(
            [sys.executable, script],
            env={**environment, "RANK": str(n), "LOCAL_RANK": str(n)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    assert [(rank.communicate()[1] != "", rank.returncode) for rank in ranks] == [
        (False, 0),
        (False, 0),
        (True, 1),
        (False, 0),
    ]
    assert kafka.values("ranks") == [0.5]
    runs = [(event.event_type, event.tags) for event in kafka.of_job("ranks") if isinstance(event, RunEvent)]
    assert sorted(state for state, _ in runs) == ["COMPLETE", "FAIL", "START", "START"]
    assert ("START", {"rank": "2"}) in runs


def test_a_thousand_threads(kafka: Kafka, tmp_path: Path) -> None:
    """All at once: nothing is lost between them, and the job waits for none of it."""
    text = (
        "import threading, time\nfrom leadline import track\nbarrier = threading.Barrier(1_001)\n"
        "def work(number):\n    barrier.wait()\n    for n in range(10): run.metric('n', number * 10 + n)\n"
        "with track.run('thousand', 'n') as run:\n"
        "    threads = [threading.Thread(target=work, args=(n,)) for n in range(1_000)]\n"
        "    for thread in threads: thread.start()\n"
        "    barrier.wait()\n    began = time.monotonic()\n"
        "    for thread in threads: thread.join()\n"
        "assert track.stats().dropped == {}\n"
    )
    began = time.monotonic()
    done = program(kafka, tmp_path, text)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 60
    assert kafka.values("thousand") == list(range(10_000))
