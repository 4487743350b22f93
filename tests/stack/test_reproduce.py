"""leadline reproduce: what it prints is enough to run a run again, and what is missing is said."""

import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from leadline.core.settings import Settings
from leadline.events.records import Event, VersionDescribed
from leadline.history.connection import reading
from leadline.history.runs import list_runs, run_details

from ..conftest import wait_until
from .commands import Run, commands
from .facts import DAY, HOUR, MINUTE, NOON, io, put, run_event, running_store

ROOT = Path(__file__).parents[2]
JOB = """
import random
import sys
from pathlib import Path

import iniconfig  # what the lock has beside Leadline

from leadline import track

source, target, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
with track.run("draw", namespace="tests") as run:
    run.seed(seed)
    run.parameter("lines", 3)
    run.input("lake", "numbers", data=source)
    random.seed(seed)
    target.write_text("\\n".join(random.sample(source.read_text().split(), 3)))
    run.output("lake", "drawn", data=target)
"""

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("reproduce")) as settings:
        put(settings, _facts())
        yield settings


@pytest.fixture
def leadline(store: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    return commands(store, monkeypatch, capfd)


def _facts() -> Iterator[Event]:
    whole = {
        "producer": "leadline.track/0.1.0",
        "code_repository": "https://git/churn.git",
        "code_commit": "a" * 40,
        "code_path": "jobs/train.py",
        "code_dirty": False,
        "engine": "python/3.12.1",
        "packages": {"numpy": "2.1.0", "Attrs": "25.1.0"},
        "command": "/opt/python3.12 /srv/churn/jobs/train.py --depth 5",
        "working_directory": "/srv/churn/jobs",
        "container": f"churn@sha256:{'0' * 64}",
        "parameters": {"depth": "5", "seed": "7"},
    }
    features = io("features", version="f1")
    yield _run("whole", NOON, whole, inputs=[features], outputs=[io("churn", "MODEL", version="m1")])
    lacking = whole | {
        "code_dirty": True,
        "code_commit": "",
        "engine": "spark/3.5",
        "packages": {},
        "container": "churn:latest",
        "command": "train --token '[redacted]'",
        "working_directory": "/tmp",
        "parameters": {"password": "[redacted]"},
    }
    yield _run("lacking", NOON + HOUR, lacking, inputs=[features, io("raw"), io("prices")])
    yield run_event("prices", "p-1", "START", NOON - DAY, outputs=[io("prices", version="p1")])
    yield run_event("prices", "p-1", "COMPLETE", NOON - DAY + MINUTE)
    yield _run("nothing", NOON + 2 * HOUR, {"producer": "tests/1"})
    yield run_event("features", "f-1", "COMPLETE", NOON - DAY, outputs=[features])
    yield run_event("features", "f-2", "COMPLETE", NOON + HOUR + MINUTE, outputs=[io("features", version="f2")])
    yield VersionDescribed(
        event_id="f1",
        event_time=NOON - DAY,
        producer="tests/1",
        kind="DATASET",
        namespace="s3://lake",
        name="features",
        version="f1",
        content_hash="sha256:12",
        attributes={"location": "/lake/features.csv"},
    )


def _run(run_id: str, at: int, fields: dict[str, Any], **data: Any) -> Event:
    from msgspec.structs import replace

    producer = fields["producer"]
    told = {name: value for name, value in fields.items() if name != "producer"}
    return replace(run_event("train", run_id, "COMPLETE", at, **told, **data), producer=producer)


def _missing(leadline: Run, run_id: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in leadline("reproduce", run_id, "--json").json()["missing"]:
        found.setdefault(one["what"], []).append(one["sentence"])
    return found


def test_what_was_captured_comes_back(leadline: Run) -> None:
    """Code, lock, seeds, command in terms of a checkout, and inputs with where they lie."""
    found = leadline("reproduce", "whole", "--json").json()
    assert (found["repository"], found["commit"]) == ("https://git/churn.git", "a" * 40)
    assert found["requirements"] == ["Attrs==25.1.0", "leadline==0.1.0", "numpy==2.1.0"]
    assert (found["python"], found["seeds"], found["parameters"]) == ("3.12.1", {"seed": "7"}, {"depth": "5"})
    assert found["launch"]["folder"] == "jobs"
    assert [(word["kind"], word["below"]) for word in found["launch"]["words"]] == [
        ("python", ""),
        ("checkout", "jobs/train.py"),
        ("text", ""),
        ("text", ""),
    ]
    (features,) = found["inputs"]
    assert (features["version"], features["location"]) == ("f1", "/lake/features.csv")
    text = leadline("reproduce", "whole")
    assert text.code == 0
    for part in (
        "git clone",
        "numpy==2.1.0",
        "# Python 3.12.1",
        "/lake/features.csv",
        "seed seed",
        'python" "$code"/jobs/train.py',
    ):
        assert part in text.out


def test_an_input_that_was_overwritten_is_missing(leadline: Run) -> None:
    """A newer version in its place is named, with the job that wrote it; nothing else is missing of a run that told all."""
    missing = _missing(leadline, "whole")
    assert list(missing) == ["input"]
    assert "is f2 by now, written or read by features" in missing["input"][0]
    assert "newer_version" in leadline("reproduce", "whole", "--json").json()["inputs"][0]


def test_what_is_missing_is_said(leadline: Run) -> None:
    """One sentence for each; the exit code stays 0."""
    missing = _missing(leadline, "lacking")
    assert set(missing) == {"code", "changes", "packages", "python", "image", "folder", "secret", "seed", "input"}
    assert missing["python"] == ["the version of Python is not known; the engine was spark/3.5"]
    assert "no digest" in missing["image"][0]
    assert [sentence.partition(": ")[2] for sentence in missing["secret"]] == [
        "parameters password",
        "a part of the command line",
    ]
    _, prices, raw = missing["input"]
    assert prices.endswith("was not told: p1 was current when the run began")
    assert raw == 'the version of input ["DATASET","s3://lake","raw"] is not known'
    assert leadline("reproduce", "lacking").code == 0
    assert "command" in _missing(leadline, "nothing")


def test_no_such_run(leadline: Run) -> None:
    """Exit code 1, and nothing is written."""
    ended = leadline("reproduce", "nobody", "--output", "nowhere")
    assert (ended.code, Path("nowhere").exists()) == (1, False)


def test_a_run_runs_again(stack: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """run.sh, in an environment made from the lock and at the commit, not at what came after it, makes the same version."""
    numbers = tmp_path / "lake" / "numbers.txt"
    numbers.parent.mkdir()
    numbers.write_text("\n".join(map(str, range(1_000))))
    folder = _repository(tmp_path / "work")
    subprocess.run(
        [sys.executable, "jobs/draw.py", str(numbers), "drawn.txt", "7"],
        cwd=folder,
        env={**os.environ, **stack.to_environ(), "LEADLINE_CONTAINER": f"tests@sha256:{'0' * 64}"},
        check=True,
        timeout=60,
    )
    drawn = (folder / "drawn.txt").read_bytes()
    (folder / "drawn.txt").unlink()
    first = _ended(stack, 1)
    _commit(folder, JOB.replace("random.seed(seed)", "random.seed(0)"))

    again = tmp_path / "again"
    leadline = commands(stack, monkeypatch, capfd)
    shown = leadline("reproduce", first, "--output", str(again), "--json").json()
    assert [one["what"] for one in shown["missing"]] == []
    done = subprocess.run(
        ["sh", str(again / "run.sh")],
        env=_clean_environment(stack, tmp_path),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (again / "code" / "drawn.txt").read_bytes() == drawn

    second = _ended(stack, 2)
    compared = leadline("diff", first, second, "--json").json()
    assert compared["data"] == []
    assert compared["same"]["output"] == ['["DATASET","lake","drawn"]']
    with reading(stack) as client:
        (output,) = [part for part in run_details(client, _newest(stack)).io if part.direction == "OUTPUT"]
    assert output.version == f"sha256:{sha256(drawn).hexdigest()}"

    numbers.write_text("7")
    refused = subprocess.run(["sh", str(again / "run.sh")], capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, "is not what the run read" in refused.stderr) == (1, True)


def _repository(folder: Path) -> Path:
    (folder / "jobs").mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    _commit(folder, JOB)
    return folder


def _commit(folder: Path, text: str) -> None:
    (folder / "jobs" / "draw.py").write_text(text)
    subprocess.run(["git", "add", "jobs"], cwd=folder, check=True)
    author = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
    subprocess.run(["git", *author, "commit", "--quiet", "--message", "draw"], cwd=folder, check=True)


def _newest(stack: Settings) -> Any:
    with reading(stack) as client:
        return list_runs(client, job_name="draw")[0]


def _ended(stack: Settings, count: int) -> str:
    """The newest run, once so many are complete with what they wrote."""

    def complete() -> bool:
        with reading(stack) as client:
            runs = list_runs(client, job_name="draw", states=("COMPLETE",))
            return len(runs) == count and any(
                part.direction == "OUTPUT" and part.version for part in run_details(client, runs[0]).io
            )

    wait_until(complete, seconds=60, what="the run in the store")
    return str(_newest(stack).run_id)


def _clean_environment(stack: Settings, folder: Path) -> dict[str, str]:
    """Of a person with another shell: no environment of ours on the path, and Leadline from a wheel of this checkout."""
    wheels = str(folder / "wheels")
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, str(ROOT)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True, timeout=120)
    found_at = f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}"
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HTTP", "http"))}
    path = f"{Path(sys.base_prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    return {**kept, **stack.to_environ(), "PATH": path, "HOME": str(folder), "PIP_FIND_LINKS": found_at}
