"""leadline emit: what is wrong is said with line and field, before anything is sent."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from leadline import track
from leadline.cli.emit import command
from leadline.core.errors import LeadlineError, Unavailable, UsageError
from leadline.events.records import LogLine, LogsReported, MetricsReported, Reading, RunEvent
from leadline.history.document import document
from leadline.track import Client
from leadline.track.lines import read_line

NOW = 1_795_000_000_000_000
GOOD = {
    "record": "MetricsReported",
    "kind": "MODEL",
    "namespace": "n",
    "name": "m",
    "readings": [{"metric": "auc", "value": 1}],
}


def run(*arguments: str, lines: list[object] | None = None, raw: bytes = b"") -> Result:
    text = raw or b"\n".join(json.dumps(line).encode() for line in lines or [])
    return CliRunner().invoke(command, list(arguments), input=text)


def read(**fields: object) -> object:
    return read_line(json.dumps({**GOOD, **fields}).encode(), NOW, "test/1")


def test_all_invalid_lines_are_reported_and_nothing_is_sent() -> None:
    """With the line's number and the path of the field."""
    wrong = [
        GOOD,
        {**GOOD, "readings": [{"metric": "auc", "value": "high"}]},
        {**GOOD, "kind": "TABLE"},
        {**GOOD, "oops": 1},
        {**GOOD, "record": "Transition"},
        {**GOOD, "event_time": "2026-11-21T08:00:00"},
        {**GOOD, "event_time": 10**18},
        {**GOOD, "bounds": [{"bound_id": "b", "metric": "auc"}]},
        [],
    ]
    result = run("-", lines=wrong)
    assert result.exit_code == 1
    said = result.stderr.splitlines()
    assert [line.split(":")[1] for line in said[:-1]] == ["2", "3", "4", "5", "6", "7", "8", "9"]
    for part in (
        "`$.readings[0].value`",
        "kind is 'TABLE'; it must be one of JOB",
        "unknown field `oops`",
        "$.record must be one of BoundDeclared",
        "no time zone",
        "not in microseconds from 1970 to 2200",
        "has no limit",
        "not an object",
    ):
        assert part in result.stderr
    assert said[-1] == "8 invalid and 1 valid; nothing was sent (--skip-invalid sends the valid ones)"


@pytest.mark.parametrize(
    "line", [b"{", b"\xff\xfe", b'"x"', b'{"record": "RunEvent"', b'{"record": ["x"]}', b'{"record": null}']
)
def test_a_line_that_is_no_object_says_so(line: bytes) -> None:
    """No traceback, whatever the bytes."""
    result = run("--dry-run", "-", raw=line + b"\n")
    assert result.exit_code == 1
    assert result.stderr.startswith("<stdin>:1: ")


def test_a_dry_run_counts_and_sends_nothing() -> None:
    """It needs no Kafka; empty lines are no lines."""
    result = run("--dry-run", "-", raw=json.dumps(GOOD).encode() + b"\n\n  \n" + json.dumps(GOOD).encode())
    assert (result.exit_code, result.stdout) == (0, "2 valid\n")


def test_without_kafka_it_says_how_many_were_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """And that the same lines can be sent again."""
    monkeypatch.setenv("KAFKA", "127.0.0.1:9")
    monkeypatch.setenv("SCHEMA_REGISTRY", "http://127.0.0.1:9")
    result = run("-", lines=[GOOD])
    assert isinstance(result.exception, Unavailable)
    assert "0 of 1 events were acknowledged" in str(result.exception)


def test_without_input_it_says_what_to_give() -> None:
    """Rather than wait for a keyboard."""
    assert isinstance(run().exception, UsageError)


def test_an_empty_spool_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--dry-run shows what there is."""
    monkeypatch.setenv("LEADLINE_SPOOL", str(tmp_path / "spool"))
    assert run("--spool", "--dry-run").stdout == f"0 files with 0 bytes in {tmp_path / 'spool'}\n"


def test_the_spool_goes_to_kafka_whatever_the_jobs_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where jobs of this machine write their events to a file, the command that sends is not one of them."""
    monkeypatch.setenv("LEADLINE_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("KAFKA", "127.0.0.1:9")
    monkeypatch.setenv("SCHEMA_REGISTRY", "http://127.0.0.1:9")
    client = Client()
    client.entity(track.model("mlflow://prod", "churn"), "documentation", {"description": "a model"})
    client.close()
    monkeypatch.setenv("LEADLINE_TRANSPORT", "file")
    monkeypatch.setenv("LEADLINE_FILE", str(tmp_path / "events.jsonl"))
    result = run("--spool")
    assert isinstance(result.exception, Unavailable)
    assert "127.0.0.1:9" in str(result.exception)
    assert not (tmp_path / "events.jsonl").exists()


def test_defaults_and_spellings() -> None:
    """Times as ISO 8601 or microseconds, a date as its midnight, NaN as a word."""
    event = read(slot="2013-07-01", event_time="2026-11-21T09:00:00+01:00", readings=[{"metric": "auc", "value": "NaN"}])
    assert isinstance(event, MetricsReported)
    assert event.slot == 1_372_636_800_000_000
    assert event.event_time == 1_795_248_000_000_000
    assert event.readings[0].value != event.readings[0].value
    assert event.producer == "test/1"
    plain = read()
    assert isinstance(plain, MetricsReported)
    assert plain.event_time == NOW


def test_the_same_line_with_a_time_is_the_same_event() -> None:
    """So that sending a file again does no harm; without a time, it happens anew."""

    def event_id(**fields: object) -> str:
        event = read(**fields)
        assert isinstance(event, MetricsReported)
        return event.event_id

    assert event_id(event_time=NOW) == event_id(event_time=NOW) != event_id(event_time=NOW + 1)
    assert event_id() != event_id()
    assert event_id(event_id="mine") == "mine"


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
times = st.integers(0, 4_000_000_000_000_000)


@given(
    name=texts, value=st.floats(), time=times, slot=st.none() | times, message=st.text(st.characters(exclude_categories=["Cs"]))
)
def test_what_commands_print_as_json_can_be_emitted(name: str, value: float, time: int, slot: int | None, message: str) -> None:
    """The printed form and the read form are one."""
    header: dict[str, Any] = {"event_id": "e", "event_time": time, "producer": "p"}
    events = [
        MetricsReported(
            **header, kind="MODEL", namespace="n", name=name, slot=slot, readings=[Reading(metric=name, value=value)]
        ),
        RunEvent(**header, run_id="r", job_namespace="n", job_name=name, event_type="START", nominal_at=slot),
        LogsReported(
            **header,
            run_id="r",
            job_namespace="n",
            job_name=name,
            lines=[LogLine(time=time, level="INFO", logger="x", message=message)],
        ),
    ]
    for event in events:
        line = json.dumps({"record": type(event).__name__, **document(event)}).encode()
        assert repr(read_line(line, NOW, "x")) == repr(event)


def test_errors_are_sentences() -> None:
    """Everything that goes wrong with input is an error of ours."""
    with pytest.raises(LeadlineError, match="must be one of"):
        read(record="")
