"""What the events of a run say of its surroundings without being told, and what they never say."""

import hashlib
import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from leadline import track
from leadline.events.records import EntityReported, LogsReported, MetricsReported, RunEvent
from leadline.track.code_told import code_of_environ
from leadline.track.command import command_line, entry_point
from leadline.track.packages import packages_hash
from leadline.track.parent import RunRef, from_environ
from leadline.track.redact import MARK, Redactor
from leadline.track.redact_events import redact, redact_command
from leadline.track.trace import traceparent

from .conftest import Captured
from .test_redact import NAMED, SHAPES


def test_a_run_tells_how_and_where_it_was_started(captured: Captured) -> None:
    """Command line, folder, packages with their hash, where it ran, and its source."""
    with track.run("churn.score"):
        pass
    start = captured.of(RunEvent)[0]
    assert shlex.split(start.command) == sys.orig_argv
    assert start.working_directory == str(Path.cwd())
    assert start.packages_hash == packages_hash(start.packages) != ""
    assert start.resource["host.name"] == start.host
    assert len(start.code_hash) == 64
    assert start.code_path or not hasattr(sys.modules["__main__"], "__file__")  # as in a process of pytest-xdist


def test_a_run_tells_what_it_used(captured: Captured) -> None:
    """Processor time is that of the process while the run lasted."""
    with track.run("outer"):
        with track.run("idle"):
            pass
        with track.run("busy"):
            sum(range(3_000_000))
    ends = {event.job_name: event.cpu_seconds for event in captured.of(RunEvent) if event.event_type == "COMPLETE"}
    idle, busy, outer = (ends[name] for name in ("idle", "busy", "outer"))
    assert idle is not None and busy is not None and outer is not None
    assert 0 <= idle < busy <= outer


@pytest.mark.parametrize(
    ("code", "state", "exit_code"), [(0, "COMPLETE", 0), (None, "COMPLETE", 0), (3, "FAIL", 3), ("no rows", "FAIL", 1)]
)
def test_sys_exit_tells_the_exit_code(captured: Captured, code: str | int | None, state: str, exit_code: int) -> None:
    """As the system will see it; an exception may still be caught, so it has none."""
    with pytest.raises(SystemExit), track.run("j"):
        sys.exit(code)
    with pytest.raises(ValueError, match="x"), track.run("k"):
        raise ValueError("x")
    ends = {event.job_name: event for event in captured.of(RunEvent) if event.event_type in ("COMPLETE", "FAIL")}
    assert (ends["j"].event_type, ends["j"].exit_code, ends["k"].exit_code) == (state, exit_code, None)


GITLAB = {
    "GITLAB_CI": "true",
    "CI_JOB_URL": "https://gitlab.example.org/team/churn/-/jobs/5",
    "CI_JOB_ID": "5",
    "GITLAB_USER_LOGIN": "ada",
}


def test_the_tool_is_the_source_of_all_that_a_run_reports(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """START, additions and end alike, its values and lines; aspects of nodes keep the source that tells them apart."""
    for name, value in GITLAB.items():
        monkeypatch.setenv(name, value)
    with track.run("j") as run:
        run.metric("rows", 5)
        run.log("hello")
        track.owner(track.dataset("s3://lake", "x"), "ml")
    runs = captured.of(RunEvent)
    assert {(event.source, event.tool_url, event.actor) for event in runs} == {("gitlab-ci", GITLAB["CI_JOB_URL"], "ada")}
    assert runs[0].tool_ids == {"job_id": "5"} and runs[0].engine.startswith("python/3")
    assert {event.source for event in [*captured.of(MetricsReported), *captured.of(LogsReported)]} == {"gitlab-ci"}
    assert {event.source for event in captured.of(EntityReported)} == {"python"}


def test_each_run_has_the_tool_that_it_began_in(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process can run several tasks, each with an environment of its own."""
    for task in ("a", "b"):
        monkeypatch.setenv("AIRFLOW_CTX_DAG_ID", "churn")
        monkeypatch.setenv("AIRFLOW_CTX_TASK_ID", task)
        with track.run(task):
            pass
    starts = {event.job_name: event.tool_ids["task_id"] for event in captured.of(RunEvent) if event.event_type == "START"}
    assert starts == {"a": "a", "b": "b"}


def test_a_run_in_an_airflow_task_hangs_below_the_tasks_run(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the id that Airflow's OpenLineage provider gives it; what the job is told itself comes first."""
    told = {"DAG_ID": "churn", "TASK_ID": "score", "LOGICAL_DATE": "2026-11-21T00:00:00+00:00", "TRY_NUMBER": "2"}
    for name, value in told.items():
        monkeypatch.setenv(f"AIRFLOW_CTX_{name}", value)
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__NAMESPACE", "prod")
    with track.run("j"):
        pass
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", "airflow://x/churn.score/r-1")
    with track.run("k"):
        pass
    starts = {event.job_name: event for event in captured.of(RunEvent) if event.event_type == "START"}
    assert starts["j"].parent_run_id == "01a1fb67-1800-7cc1-a620-2391cb51088c"
    assert (starts["j"].parent_job_namespace, starts["j"].parent_job_name) == ("prod", "churn.score")
    assert starts["k"].parent_run_id == "r-1"


def test_openlineages_other_variables_name_a_parent_too() -> None:
    """The root beside the parent, as Airflow's macro `lineage_root_parent_id` gives it; three variables instead of one."""
    together = {"OPENLINEAGE_PARENT_ID": "airflow://p/d.t/r1", "OPENLINEAGE_ROOT_PARENT_ID": "airflow://p/d/r0"}
    expected = RunRef("r1", "airflow://p", "d.t", "r0", "airflow://p", "d")
    assert from_environ(together) == expected
    parts = {
        "OPENLINEAGE_PARENT_RUN_ID": "r1",
        "OPENLINEAGE_PARENT_JOB_NAMESPACE": "airflow://p",
        "OPENLINEAGE_PARENT_JOB_NAME": "d.t",
        "OPENLINEAGE_ROOT_PARENT_RUN_ID": "r0",
        "OPENLINEAGE_ROOT_PARENT_JOB_NAMESPACE": "airflow://p",
        "OPENLINEAGE_ROOT_PARENT_JOB_NAME": "d",
    }
    assert from_environ(parts) == expected
    assert from_environ({"OPENLINEAGE_PARENT_RUN_ID": "r1", "OPENLINEAGE_PARENT_JOB_NAME": "d"}) == RunRef("r1", "default", "d")
    assert from_environ({"OPENLINEAGE_PARENT_RUN_ID": "r1"}) == RunRef()


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_trace_is_kept_in_every_event_of_a_run(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """W3C's variable of the process."""
    monkeypatch.setenv("TRACEPARENT", TRACE)
    with track.run("j"):
        pass
    assert {event.traceparent for event in captured.of(RunEvent)} == {TRACE}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (TRACE, TRACE),
        (TRACE.upper(), TRACE),
        (f"{TRACE}-x", ""),
        (f"01{TRACE[2:]}-x", f"01{TRACE[2:]}-x"),
        (f"ff{TRACE[2:]}", ""),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", ""),
        (f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01", ""),
        ("password=hunter22", ""),
        ("", ""),
    ],
)
def test_a_trace_that_is_none_is_left_out(told: str, kept: str) -> None:
    """https://www.w3.org/TR/trace-context/ : the version, and numbers that are not zero."""
    assert traceparent({"TRACEPARENT": told}, {}) == kept


def test_opentelemetrys_span_around_a_run_is_its_trace() -> None:
    """The API's objects, which a job has imported where it traces itself."""
    span = SimpleNamespace(is_valid=True, trace_id=0x4BF92F3577B34DA6A3CE929D0E0E4736, span_id=0xF067AA0BA902B7, trace_flags=1)
    api = SimpleNamespace(get_current_span=lambda: SimpleNamespace(get_span_context=lambda: span))
    assert traceparent({}, {"opentelemetry.trace": api}) == TRACE
    span.is_valid = False
    assert traceparent({"TRACEPARENT": TRACE[:-2] + "00"}, {"opentelemetry.trace": api}) == TRACE[:-2] + "00"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LEADLINE_CODE_COMMIT": "a" * 40, "GITHUB_SHA": "b" * 40}, {"code_commit": "a" * 40}),
        (
            {"GITHUB_SHA": "b" * 40, "GITHUB_REF_NAME": "main", "GITHUB_REPOSITORY": "team/churn"},
            {"code_commit": "b" * 40, "code_branch": "main", "code_repository": "https://github.com/team/churn"},
        ),
        ({"CI_COMMIT_SHA": "c" * 40, "CI_COMMIT_REF_NAME": "x"}, {"code_commit": "c" * 40, "code_branch": "x"}),
        ({"GIT_COMMIT": "d" * 40, "GIT_URL": "https://git/x"}, {"code_commit": "d" * 40, "code_repository": "https://git/x"}),
        ({"GITHUB_REF_NAME": "main"}, {}),
    ],
)
def test_a_commit_is_told_where_there_is_no_checkout(environ: dict[str, str], expected: dict[str, str]) -> None:
    """By an image's own variables, then by continuous integration's."""
    assert code_of_environ(environ) == expected


def test_an_image_tells_its_commit(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the program lies in some checkout: what is said explicitly holds, and whether it was changed is not known."""
    monkeypatch.setenv("LEADLINE_CODE_COMMIT", "a" * 40)
    monkeypatch.setenv("LEADLINE_CODE_REPOSITORY", "https://git.example.org/churn")
    with track.run("j"):
        pass
    start = captured.of(RunEvent)[0]
    assert (start.code_commit, start.code_repository, start.code_dirty) == ("a" * 40, "https://git.example.org/churn", None)


def test_the_entry_point_is_a_file_or_a_notebook(tmp_path: Path) -> None:
    """Jupyter's server and VS Code each tell the notebook's path in their own way; a shell has none."""
    script = tmp_path / "x.py"
    assert entry_point(SimpleNamespace(__file__=str(script)), {}) == script.resolve()
    assert entry_point(SimpleNamespace(), {}) is None
    assert entry_point(SimpleNamespace(), {"JPY_SESSION_NAME": "/home/ada/churn.ipynb"}, kernel=True) == Path(
        "/home/ada/churn.ipynb"
    )
    assert entry_point(SimpleNamespace(__vsc_ipynb_file__="/w/a.ipynb"), {}, kernel=True) == Path("/w/a.ipynb")


def test_a_long_command_line_is_cut() -> None:
    """In the middle, as a parameter is."""
    assert command_line(["job", "a b"]) == "job 'a b'"
    assert len(command_line(["job", *["x" * 100] * 1_000])) < 9_000


def test_packages_have_one_hash_in_whatever_order_and_spelling() -> None:
    """Of the lines name==version."""
    expected = hashlib.sha256(b"numpy==2.0\nscikit-learn==1.5").hexdigest()
    assert (
        packages_hash({"scikit_learn": "1.5", "NumPy": "2.0"})
        == packages_hash({"numpy": "2.0", "scikit-learn": "1.5"})
        == expected
    )
    assert packages_hash({}) == ""


CORPUS = [*NAMED, *((secret, secret[:24]) for secret in SHAPES.values() if "\n" not in secret)]


@pytest.mark.parametrize(("text", "secret"), CORPUS)
def test_no_secret_leaves_with_what_is_captured(text: str, secret: str) -> None:
    """Wherever it stands: on the command line, in a tool's address and ids, in the place, in a path."""
    words = ["job", *text.split()] if text.startswith("./job") else ["job", text]
    event = RunEvent(
        event_id="1",
        event_time=1,
        producer="",
        run_id="1",
        job_namespace="n",
        job_name="j",
        event_type="START",
        command=command_line(words),
        working_directory=f"/data of {text}",
        tool_url=text,
        tool_ids={"note": text},
        resource={"note": text},
    )
    assert secret not in msgspec.json.decode(msgspec.json.encode(redact(event, Redactor())), type=RunEvent).__repr__()


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["job", "--password", "hunter 22", "--depth", "5"], f"job --password '{MARK}' --depth 5"),
        (["job", "-c", "connect(password='hunter 22')"], f"""job -c 'connect(password='"'"'{MARK}'"'"')'"""),
        (["job", "--max-tokens", "5", "it's"], """job --max-tokens 5 'it'"'"'s'"""),
    ],
)
def test_a_command_line_is_redacted_word_by_word(words: list[str], kept: str) -> None:
    """The quotes that a shell needs do not hide a secret, and it stays a command line."""
    assert redact_command(shlex.join(words), Redactor()) == kept


def test_a_captured_secret_is_redacted_on_its_way(tmp_path: Path) -> None:
    """A whole process: arguments, OTEL_RESOURCE_ATTRIBUTES and a tool's ids."""
    program = tmp_path / "job.py"
    program.write_text("from leadline import track\n\nwith track.run('j'):\n    pass\n")
    environ = {
        name: value for name, value in os.environ.items() if name not in ("KAFKA", "SCHEMA_REGISTRY", "LEADLINE_DISABLED")
    }
    environ |= {"LEADLINE_DATA": str(tmp_path), "LEADLINE_SPOOL": str(tmp_path / "spool")}
    environ |= {
        "OTEL_RESOURCE_ATTRIBUTES": "db.password=hunter22,team=ml",
        **GITLAB,
        "CI_JOB_URL": "https://a:hunter22@gitlab/1",
    }
    words = [sys.executable, str(program), "--db-password", "hunter22"]
    subprocess.run(words, env=environ, check=True)
    content = b"".join(path.read_bytes() for path in (tmp_path / "spool").rglob("*") if path.is_file())
    assert b"team" in content and b"gitlab/1" in content and b"--db-password" in content
    assert b"hunter22" not in content
