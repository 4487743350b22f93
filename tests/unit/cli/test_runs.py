"""leadline runs --code and leadline run: what they ask, and how what was captured is shown."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from clickhouse_connect.driver.client import Client

from leadline.cli import run as run_page
from leadline.cli.runs import print_runs
from leadline.core.errors import LeadlineError, UsageError
from leadline.history.runs import Run, RunDetails, RunExtent, find_code, list_runs

NOON = 1_795_262_400_000_000
HASHES = ["9f86d081884c7d65", "9f86d0ffffffffff", "ab12cd34ef56ab12"]


class Store:
    """Answers as the view would, and keeps what it was asked."""

    def __init__(self, hashes: Sequence[str] = ()) -> None:
        self.hashes = hashes
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def query(self, statement: str, parameters: dict[str, Any]) -> Any:
        self.asked.append((statement, parameters))
        found = [found for found in self.hashes if found.startswith(parameters.get("text", "-"))]

        class Answer:
            result_columns = [found] if found else []

        return Answer()


def client(store: Store) -> Client:
    return cast("Client", store)


def test_the_start_of_a_hash_finds_it_as_git_finds_commits() -> None:
    """In either case of letters; the server is given the text as a parameter."""
    store = Store(HASHES)
    assert find_code(client(store), "AB12") == "ab12cd34ef56ab12"
    statement, parameters = store.asked[0]
    assert "startsWith(code_hash, {text:String})" in statement and parameters == {"text": "ab12"}


def test_a_start_that_says_too_little_is_refused() -> None:
    """Too short, several, none: each says what to do."""
    with pytest.raises(UsageError, match="at least 4 signs"):
        find_code(client(Store(HASHES)), "ab1")
    with pytest.raises(UsageError, match=r"several code hashes(?s:.)*9f86d081884c7d65\n  9f86d0ffffffffff"):
        find_code(client(Store(HASHES)), "9f86d0")
    with pytest.raises(LeadlineError, match="no run has a code hash"):
        find_code(client(Store(HASHES)), "0000")


def test_runs_of_a_source_are_asked_for_by_its_whole_hash() -> None:
    """And without one nothing is asked about it."""
    store = Store()
    list_runs(client(store), code_hash="ab12cd34ef56ab12", job_name="j")
    list_runs(client(store))
    (statement, parameters), (without, _) = store.asked
    assert "job_name = {job_name:String} AND code_hash = {code_hash:String}" in statement
    assert parameters["code_hash"] == "ab12cd34ef56ab12"
    assert "WHERE" not in without


def a_run(tool: str = "airflow", **fields: Any) -> Run:
    texts = {name: "" for name, kind in Run.__annotations__.items() if kind is str or kind == "str"}
    others = {name: None for name in Run.__struct_fields__ if name not in texts}
    return Run(**{**others, **texts, "tool": tool, "started_at": NOON, "state": "COMPLETE", **fields})


def an_extent(**fields: Any) -> RunExtent:
    empty: dict[str, Any] = {"parameters": {}, "packages": {}, "tags": {}, "facets": {}, "tool_ids": {}, "resource": {}}
    texts = dict.fromkeys(("command", "working_directory", "tool_url", "traceparent", "packages_hash", "error_stack"), "")
    numbers = {"exit_code": None, "cpu_seconds": None, "peak_memory_bytes": None, "last_event_at": NOON}
    return RunExtent(**{**empty, **texts, **numbers, **fields})


def test_runs_of_one_source_are_shown_with_their_tools(capsys: pytest.CaptureFixture[str]) -> None:
    """That is what tells them apart."""
    runs = [a_run("airflow", run_id="r1", job_name="train"), a_run("databricks", run_id="r2", job_name="train")]
    print_runs(runs, NOON, tools=True)
    head, _, first, second = capsys.readouterr().out.splitlines()
    assert "tool" in head and "airflow" in first and "databricks" in second
    print_runs(runs, NOON)
    assert "airflow" not in capsys.readouterr().out


def test_a_run_is_shown_with_what_was_captured(capsys: pytest.CaptureFixture[str]) -> None:
    """The tool with its ids and its page, the place in short, command, source; what is not known is left out."""
    run = a_run(
        run_id="r1", job_name="train", code_hash="ab12cd34", code_commit="c" * 40, code_dirty=True, code_path="jobs/t.py"
    )
    extent = an_extent(
        tool_ids={"dag_id": "churn", "try_number": "2"},
        tool_url="https://airflow/dags/churn",
        resource={
            "cloud.provider": "aws",
            "cloud.region": "eu-west-1",
            "host.type": "p5",
            "hw.gpu.count": "8",
            "hw.model": "H100",
        },
        command="python t.py --day 1",
        working_directory="/opt/jobs",
        cpu_seconds=90.0,
        peak_memory_bytes=2**30,
        exit_code=0,
    )
    run_page._print(RunDetails(run=run, extent=extent, io=[], changes=[], parent=None, children=[]), NOON)
    out = capsys.readouterr().out
    for expected in (
        "airflow  dag_id=churn  try_number=2",
        "https://airflow/dags/churn",
        "aws  eu-west-1  p5  8 x  H100",
        "python t.py --day 1",
        "/opt/jobs",
        f"jobs/t.py  {'c' * 40} (changed)",
        "ab12cd34",
        "90 s of processor, 1,024 MB at most",
    ):
        assert expected in out, out
    assert "trace" not in out
