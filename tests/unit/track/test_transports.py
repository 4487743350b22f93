"""How events leave a job: which way is chosen, and the two that end on this machine."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadline import track
from leadline.cli.emit import command as emit
from leadline.core.errors import Unavailable, Unreadable, UsageError
from leadline.core.settings import Settings, load_settings
from leadline.events.codec import encode_body
from leadline.events.records import (
    ColumnProfile,
    Event,
    LogLine,
    LogsReported,
    MetricsReported,
    Reading,
    RunEvent,
    VersionDescribed,
)
from leadline.events.records.bound import BOUND_STATES, INCLUSIVE, ON_INVALID, ORIGINS, BoundSpec
from leadline.events.records.event import MODES, NODE_KINDS
from leadline.events.records.metric import DIRECTIONS
from leadline.events.records.run import DEPENDENCIES, EVENT_TYPES, JobDependency
from leadline.events.times import time_fields
from leadline.events.validate import MAX_TIME, validate
from leadline.track.console_link import ConsoleLink, readable
from leadline.track.entry import to_entry
from leadline.track.file_link import FileLink
from leadline.track.lines import RECORDS, read_line, write_line
from leadline.track.segment import spooled
from leadline.track.stats import Counters
from leadline.track.transport import chosen, connect

from .conftest import Captured, read_segment
from .ingress import ingress
from .test_client import python, reported

NOW = 1_795_000_000_000_000


def event(number: int, text: str = "") -> RunEvent:
    return RunEvent(
        event_id=f"e{number}",
        event_time=NOW,
        producer="test/1",
        run_id="r",
        job_namespace="n",
        job_name="churn.score",
        event_type="COMPLETE",
        error_message=text,
    )


def lines(path: Path) -> list[Event]:
    return [read_line(line, NOW, "other/1") for line in path.read_bytes().splitlines()]


# -- the choice


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({}, "kafka"),
        ({"KAFKA": "broker:1"}, "kafka"),
        ({"LEADLINE_URL": "http://ingress"}, "http"),
        ({"LEADLINE_URL": "http://ingress", "KAFKA": "broker:1"}, "kafka"),
        ({"LEADLINE_URL": "http://ingress", "KAFKA": "broker:1", "LEADLINE_TRANSPORT": "http"}, "http"),
        ({"KAFKA": "broker:1", "LEADLINE_TRANSPORT": "file"}, "file"),
        ({"LEADLINE_TRANSPORT": "console"}, "console"),
    ],
)
def test_kafka_unless_only_an_ingress_is_set(tmp_path: Path, environ: dict[str, str], way: str) -> None:
    """A local stack that happens to run does not count: who sets LEADLINE_URL means it."""
    (tmp_path / "addresses.json").write_text('{"kafka": "local:1", "schema_registry": "http://local:3"}')
    assert chosen(load_settings({"LEADLINE_CONFIG": "/dev/null", "LEADLINE_DATA": str(tmp_path), **environ})) == way


def test_by_argument_and_by_settings(tmp_path: Path) -> None:
    """The same words; what is none of them is said at once."""
    assert isinstance(connect(Settings(transport="file", file=str(tmp_path / "x")), Counters()), FileLink)
    assert isinstance(connect(Settings(transport="console"), Counters()), ConsoleLink)
    assert chosen(Settings(url="http://ingress")) == "http"
    with pytest.raises(UsageError, match="transport must be kafka, http, file or console"):
        track.Client(transport="carrier pigeon")
    with pytest.raises(UsageError, match=r"no address for url: .* set LEADLINE_URL"):
        connect(Settings(transport="http"), Counters())


# -- file

_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": tuple(NODE_KINDS),
    "source_kind": tuple(NODE_KINDS),
    "target_kind": tuple(NODE_KINDS),
    "mode": tuple(MODES),
    "event_type": tuple(EVENT_TYPES),
    "origin": tuple(ORIGINS),
    "state": tuple(BOUND_STATES),
    "inclusive": tuple(INCLUSIVE),
    "on_invalid": tuple(ON_INVALID),
}
_texts = st.text(st.characters(exclude_categories=["Cs"]))


def _values(kind: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one line a type
    match kind:
        case msgspec.inspect.Metadata():
            return _values(kind.type)
        case msgspec.inspect.StrType():
            return _texts
        case msgspec.inspect.IntType():
            return st.integers(0, 2**31 - 1)
        case msgspec.inspect.FloatType():
            return st.floats(allow_nan=False) | st.just(float("nan"))
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.UnionType():
            return st.one_of([_values(part) for part in kind.types])
        case msgspec.inspect.ListType():
            return st.lists(_values(kind.item_type), max_size=2)
        case msgspec.inspect.DictType():
            return st.dictionaries(_texts, _values(kind.value_type), max_size=2)
        case msgspec.inspect.StructType() if kind.cls is BoundSpec:
            return st.builds(
                BoundSpec, bound_id=st.just("b"), metric=st.just("auc"), error_upper=st.floats(0, 1), message=_texts
            )
        case msgspec.inspect.StructType():
            return st.builds(kind.cls, **{field.name: _field(kind.cls, field) for field in kind.fields})
    raise AssertionError(kind)


def _field(record: type[msgspec.Struct], field: msgspec.inspect.Field) -> st.SearchStrategy[Any]:
    if field.name in time_fields(record):
        return st.integers(0, MAX_TIME - 1)
    if field.name == "direction":
        return st.sampled_from(DEPENDENCIES if record is JobDependency else DIRECTIONS)
    if field.name in _CHOICES:
        return st.sampled_from(_CHOICES[field.name])
    return _texts.map(lambda text: text or "x") if field.required and _values(field.type) is _texts else _values(field.type)


def values_of(record: type[Event]) -> st.SearchStrategy[Any]:
    """Events of the record, with anything that its fields can hold."""
    return _values(msgspec.inspect.type_info(record))


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS.keys())
def test_every_record_survives_the_file(record: type[Event]) -> None:
    """What is read from its line is, byte for byte as Avro, what was written."""

    @settings(max_examples=30)
    @given(values_of(record))
    def survives(one: Event) -> None:
        try:
            validate(one)
        except Unreadable:
            assume(False)
        line = write_line(one)
        assert line.count(b"\n") == 1
        assert encode_body(read_line(line.strip(), NOW, "other/1")) == encode_body(one)

    survives()


def test_what_a_job_wrote_is_delivered_by_emit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that a job can report, from the file to the ingress, as the job itself would have sent it."""
    path = tmp_path / "out" / "events.jsonl"
    done = python(
        """
import logging
track.configure(transport="file")
with track.run("churn.score", parameters={"a": 1}) as run:
    model = run.input(track.model("mlflow://prod", "churn"))
    run.output("s3://lake", "x", data={"a": 1})
    run.metric("auc", float("nan"), of=model).bound(lower=0.5)
    run.log("a line"); run.decision(model, "PROMOTE"); track.owner(model, "me")
assert track.flush() and not track.stats().dropped, track.stats()
""",
        tmp_path / "spool",
        LEADLINE_FILE=str(path),
    )
    assert (done.returncode, done.stderr) == (0, "")
    written = lines(path)
    assert {type(one).__name__ for one in written} == set(RECORDS) - {"BoundDeclared"}
    assert spooled(tmp_path / "spool") == []
    with ingress() as server:
        monkeypatch.setenv("LEADLINE_DATA", str(tmp_path / "none"))
        monkeypatch.setenv("LEADLINE_TRANSPORT", "file")
        monkeypatch.setenv("LEADLINE_URL", server.url)
        monkeypatch.setenv("LEADLINE_TOKEN", "correct-horse")
        result = CliRunner().invoke(emit, [str(path)])
        assert (result.exit_code, result.output) == (0, f"{len(written)} sent\n")
        assert server.entries == [to_entry(one) for one in written]


APPEND = """
import sys
from leadline.track.entry import to_entry
from leadline.track.file_link import FileLink
from leadline.track.stats import Counters
from tests.unit.track.test_transports import event
counters = Counters()
link = FileLink(sys.argv[1], counters)
for number in range(200):
    link.send(to_entry(event(number, sys.argv[2] * 3_000)))
    if number % 3 == 0:
        link.poll(0)
        assert not link.failure, link.failure
link.poll(0)
assert counters.sent == 200, counters
"""


def test_many_processes_write_whole_lines(tmp_path: Path) -> None:
    """No line is torn and none is lost; each process's own stay in order."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"record": "half of a line that a machine which failed left')
    processes = [subprocess.Popen([sys.executable, "-c", APPEND, str(path), sign]) for sign in "abcd"]
    assert [process.wait(60) for process in processes] == [0] * 4
    first, *rest = path.read_bytes().splitlines()
    assert first.endswith(b"left")
    found = [one for one in (read_line(line, NOW, "other/1") for line in rest) if isinstance(one, RunEvent)]
    for sign in "abcd":
        assert [one.event_id for one in found if one.error_message == sign * 3_000] == [f"e{n}" for n in range(200)]
    assert len(found) == 800


def test_a_full_file_takes_no_more_until_it_is_taken_away(tmp_path: Path) -> None:
    """Nothing of a batch that has no room is written; what was not taken is given back."""
    path = tmp_path / "events.jsonl"
    link = FileLink(str(path), Counters(), max_bytes=1_000)
    link.send(to_entry(event(1)))
    link.poll(0)
    size = path.stat().st_size
    link.send(to_entry(event(2, "x" * 1_000)))
    link.poll(0)
    assert "holds" in link.failure
    assert "send it with `leadline emit` and remove it" in link.failure
    with pytest.raises(Unavailable, match="cannot be written"):
        link.send(to_entry(event(3)))
    assert link.recall() == [to_entry(event(2, "x" * 1_000))]
    assert path.stat().st_size == size
    path.rename(tmp_path / "taken.jsonl")
    link.send(to_entry(event(4)))
    link.poll(0)
    assert (link.failure, [one.event_id for one in lines(path)]) == ("", ["e4"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_disk_that_is_full_leaves_whole_lines(tmp_path: Path) -> None:
    """What was written of a batch that has no room is taken back."""
    path = tmp_path / "events.jsonl"
    done = python(
        """
import resource
track.configure(transport="file", hold_seconds=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
with track.run("job") as run:
    for number in range(30):
        run.metric(f"m{number}", number, dims={"x": "y" * 400})
        track.flush()
""",
        tmp_path / "spool",
        LEADLINE_FILE=str(path),
    )
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stderr
    assert path.read_bytes().endswith(b"\n")
    assert lines(path)


def test_what_cannot_be_written_waits_in_the_spool(tmp_path: Path, captured: Captured) -> None:
    """And is written once it can be."""
    (tmp_path / "taken").write_text("a file where a folder should be")
    file = tmp_path / "taken" / "events.jsonl"
    client = track.Client(transport="file", file=str(file), spool=tmp_path / "waiting")
    with track.Run(client, "job"):
        pass
    assert not client.flush(1)
    assert f"{file} cannot be written" in client.last_warning
    client.close()
    (tmp_path / "taken").unlink()
    again = track.Client(transport="file", file=str(file), spool=tmp_path / "waiting")
    kept = [one for path in spooled(tmp_path / "waiting") for one in read_segment(path)]
    assert [one.event_type for one in kept if isinstance(one, RunEvent)] == ["START", "COMPLETE"]
    again.close()


# -- console


def test_the_console_shows_a_line_for_each_event(tmp_path: Path) -> None:
    """On standard error; nothing is spooled, and no server is needed."""
    done = python(
        """
with track.run("churn.score", parameters={"a": 1}) as run:
    run.metric("auc", 0.81, of=track.model("mlflow://prod", "churn"))
    run.log("two\\nlines")
""",
        tmp_path / "spool",
        LEADLINE_TRANSPORT="console",
    )
    assert done.returncode == 0
    said = done.stderr.splitlines()
    assert all(line.startswith("leadline 20") for line in said)
    for part in ("START churn.score a=1", "COMPLETE churn.score", "model:mlflow://prod/churn auc=0.81", r"INFO two\nlines"):
        assert part in done.stderr
    assert spooled(tmp_path / "spool") == []


def test_a_line_is_one_line_and_has_an_end() -> None:
    """Whatever a job reports, a terminal is not led by it."""
    hostile = event(1, "\x1b[31m\n\r\u2028" + "x" * 10_000)
    assert readable(hostile).isprintable()
    assert len(readable(hostile)) < 450
    logs = LogsReported(
        event_id="1",
        event_time=NOW,
        producer="p",
        run_id="r",
        job_namespace="n",
        job_name="j",
        lines=[LogLine(time=NOW, level="INFO", logger="x", message="hello")],
    )
    assert readable(logs).endswith("Z j INFO hello")
    version = VersionDescribed(
        event_id="1",
        event_time=NOW,
        producer="p",
        kind="DATASET",
        namespace="s3://lake",
        name="features",
        version="7",
        format="parquet",
        rows=1_200,
        columns=[ColumnProfile(name="age")],
    )
    assert readable(version).endswith("Z dataset:s3://lake/features version 7 parquet 1,200 rows, 1 columns")


@pytest.mark.parametrize("closing", ["sys.stderr.close()", "os.close(2)", "sys.stderr = None"])
def test_without_a_standard_error_nothing_is_wrong(tmp_path: Path, closing: str) -> None:
    """A daemon has none."""
    done = python(
        f"import os, sys\n{closing}\nwith track.run('job'): pass\nassert track.flush()\nprint(track.stats().sent)",
        tmp_path / "spool",
        LEADLINE_TRANSPORT="console",
    )
    assert done.stdout == "2\n"


# -- what is wrong with the configuration never hurts the job


@pytest.mark.parametrize(
    ("file", "environ", "says"),
    [
        ("kafka = ", {}, "cannot read the settings in"),
        ("kafca = 'x'", {}, "has no setting 'kafca'; is it kafka?"),
        ("", {"LEADLINE_CONFIG": "/none.toml"}, "LEADLINE_CONFIG names /none.toml, which is not there"),
        ("", {"LEADLINE_TRANSPORT": "pigeon"}, "LEADLINE_TRANSPORT must be kafka, http, file or console"),
        ("", {"LEADLINE_TRANSPORT": "http"}, "no address for url"),
        ("", {"LEADLINE_URL": "http://127.0.0.1:1"}, "set LEADLINE_TOKEN"),
        ("", {"KAFKA_SASL_PASSWORD_FILE": "/none"}, "KAFKA_SASL_PASSWORD_FILE names /none, which cannot be read"),
        (
            "",
            {"KAFKA": "x:1", "SCHEMA_REGISTRY": "http://x", "KAFKA_SECURITY_PROTOCOL": "SASL_SSL"},
            "KAFKA_SASL_MECHANISM is missing",
        ),
    ],
)
def test_a_wrong_configuration_is_one_warning(tmp_path: Path, file: str, environ: dict[str, str], says: str) -> None:
    """The job goes on and its events are kept for when it is right."""
    (tmp_path / "told.toml").write_text(file)
    done = python(
        "with track.run('job'): pass\nprint(track.flush(), 'done')",
        tmp_path / "spool",
        **{"LEADLINE_CONFIG": str(tmp_path / "told.toml"), **environ},
    )
    assert (done.returncode, done.stdout) == (0, "False done\n")
    (said,) = done.stderr.splitlines()
    assert says in said
    assert [one.event_type for one in reported(tmp_path / "spool") if isinstance(one, RunEvent)] == ["START", "COMPLETE"]


def test_wrong_arguments_are_said_at_once(captured: Captured) -> None:
    """By the line that has them; the client before stays."""
    with pytest.raises(UsageError, match=r"a client is no settings; write track.configure\(client=...\)"):
        track.configure(track.Client(disabled=True))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"Client has no setting 'kafak'; is it kafka\?"):
        track.configure(kafak="broker:1")  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="write them by name: kafka="):
        track.configure({"kafka": "broker:1"})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="kafka_sasl_password has a line feed") as raised:
        track.configure(kafka_sasl_password="hunter22\n")
    assert "hunter22" not in str(raised.value)
    assert track.Run(captured.client, "job").node.name == "job"


def test_reading_of_a_metric() -> None:
    """Not a number is shown as such."""
    metrics = MetricsReported(
        event_id="1",
        event_time=NOW,
        producer="p",
        kind="MODEL",
        namespace="n",
        name="m",
        readings=[Reading(metric="auc", value=float("nan"))],
    )
    assert readable(metrics).endswith("Z model:n/m auc=nan")
