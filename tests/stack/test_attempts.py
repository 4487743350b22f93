"""Tries of one slot, and versions of jobs by content: whatever the order in which they are told."""

import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from leadline.api.marquez.job_version import job_version
from leadline.core.settings import Settings
from leadline.events.records import RunEvent
from leadline.history.attempts import attempts_of
from leadline.history.connection import connect
from leadline.history.node import NodeRef
from leadline.history.versions import versions_of_job

from .commands import commands
from .facts import DAY, JOBS, MINUTE, NOON, io, put, run_event, running_store

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("attempts")) as settings:
        yield settings


@pytest.fixture(scope="module")
def client(store: Settings) -> Iterator[Client]:
    with closing(connect(store)) as client:
        yield client


def ran(job: str, run_id: str, state: str, minute: int, **fields: Any) -> list[RunEvent]:
    begin = NOON + minute * MINUTE
    return [
        run_event(job, run_id, "START", begin, **fields),
        run_event(job, run_id, state, begin + MINUTE, **{name: fields[name] for name in ("attempt", "mode") if name in fields}),
    ]


def tries(client: Client, job: str, run_id: str) -> list[tuple[str, int, int]]:
    found = attempts_of(client, NodeRef("JOB", JOBS, job), NOON, run_id)
    return [(one.run_id, one.number, one.attempts) for one in found]


def test_tries_of_a_slot_are_linked_in_their_order(store: Settings, client: Client) -> None:
    """By the try that the tool says, then by start; of other slots, of tests and of mapped tasks there are others."""
    slot: dict[str, Any] = {"nominal_at": NOON}
    events = [
        *ran("load", "third", "COMPLETE", 9, attempt=3, **slot),
        *ran("load", "first", "FAIL", 1, attempt=1, **slot),
        *ran("load", "second", "FAIL", 5, attempt=2, parent_run_id="dag", **slot),
        *ran("load", "tomorrow", "COMPLETE", 6, nominal_at=NOON + DAY),
        *ran("load", "no slot", "COMPLETE", 7),
        *ran("load", "a test", "COMPLETE", 8, mode="TEST", **slot),
        *ran("mapped", "m-0", "COMPLETE", 1, tool_ids={"map_index": "0"}, **slot),
        *ran("mapped", "m-1", "COMPLETE", 1, tool_ids={"map_index": "1"}, **slot),
        *ran("trial", "t-0", "COMPLETE", 1, parent_run_id="sweep", **slot),
        *ran("trial", "t-1", "COMPLETE", 2, parent_run_id="sweep", **slot),
    ]
    put(store, reversed(events))
    linked = [("first", 1, 3), ("second", 2, 3), ("third", 3, 3)]
    assert [tries(client, "load", run) for run in ("first", "second", "third")] == [linked] * 3
    assert tries(client, "load", "a test") == tries(client, "mapped", "m-0") == tries(client, "trial", "t-0") == []
    sql = """SELECT run_id, retry_of, retried_by FROM leadline.run_attempts
        WHERE job_name = 'load' AND attempts > 1 ORDER BY number"""
    assert client.query(sql).result_rows == [("first", "", "second"), ("second", "first", "third"), ("third", "second", "")]


def test_a_job_version_is_what_it_is_and_not_which_run(store: Settings, client: Client) -> None:
    """The same code that reads and writes the same; failed, partial and test runs make none and move nothing."""
    job: dict[str, Any] = {"inputs": [io("a", version="1"), io("b")], "outputs": [io("c")]}
    events = [
        *ran("etl", "1", "COMPLETE", 1, code_hash="h1", **job),
        *ran("etl", "2", "COMPLETE", 2, code_hash="h1", **{**job, "inputs": [io("b"), io("a", version="2")]}),
        *ran("etl", "3", "COMPLETE", 3, code_hash="h2", **job),
        *ran("etl", "4", "FAIL", 4, code_hash="h3", **job),
        *ran("etl", "5", "COMPLETE", 5, code_hash="h4", mode="TEST", **job),
        *ran("etl", "6", "COMPLETE", 6, code_hash="h5", partial=True, **job),
    ]
    of = NodeRef("JOB", JOBS, "etl")
    put(store, events)
    found = versions_of_job(client, of)
    assert [(one.code_hash, one.runs, one.last_run_id, one.current) for one in found] == [
        ("h2", 1, "3", True),
        ("h1", 2, "2", False),
    ]
    used = [(side, "DATASET", "s3://lake", name) for side, name in (("INPUT", "b"), ("INPUT", "a"), ("OUTPUT", "c"))]
    assert [one.version for one in found] == [job_version(JOBS, "etl", [code], used) for code in ("h2", "h1")]
    put(store, itertools.chain(reversed(events), events))
    assert versions_of_job(client, of) == found
    put(store, ran("etl", "7", "COMPLETE", 7, code_hash="h1", **job))
    assert [(one.code_hash, one.current) for one in versions_of_job(client, of)] == [("h1", True), ("h2", False)]


def test_commands_tell_of_both(store: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """`run` lists the tries, `show` the versions; both in --json too."""
    put(
        store,
        [
            event
            for number in (1, 2)
            for event in ran("told", f"told-{number}", "FAIL", number, attempt=number, nominal_at=NOON)
        ],
    )
    put(store, ran("told", "told-3", "COMPLETE", 3, attempt=3, nominal_at=NOON, code_hash="abcdef"))
    run = commands(store, monkeypatch, capfd)
    told = run("run", "told-2").out
    assert "tries of its slot" in told
    assert any("2 of 3" in line and "told-2 *" in line for line in told.splitlines())
    assert [one["run_id"] for one in run("run", "told-2", "--json").json()["attempts"]] == ["told-1", "told-2", "told-3"]
    name = json.dumps(["JOB", JOBS, "told"])
    assert "abcdef" in run("show", name).out.partition("versions by content")[2]
    assert [one["current"] for one in run("show", name, "--json").json()["job_versions"]] == [True]
