"""Pointers to log text that stays elsewhere, and the count of what was cut."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline import track
from leadline.core.errors import UsageError
from leadline.events.records import LogsReported
from leadline.track.pointers import to_pointer
from leadline.track.testing import Captured, capture

RATE = sys.modules["leadline.track.line_rate"]
HOST = socket.gethostname()
STREAM = "arn:aws:logs:eu-west-1:123456789012:log-group:/ml/train:log-stream:job/default/1"


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capture() as everything:
        yield everything


@pytest.mark.parametrize(
    ("location", "kind", "written"),
    [
        ("s3://bucket/a key?with#signs", "s3", "s3://bucket/a key?with#signs"),
        ("gs://bucket/object", "gcs", "gs://bucket/object"),
        ("https://ada:pw@logs.example.org/1?page=2", "url", "https://logs.example.org/1?page=2"),
        ("https://b.s3.amazonaws.com/k?X-Amz-Signature=abc&X-Amz-Date=1", "url", "https://b.s3.amazonaws.com/k"),
        (STREAM, "cloudwatch", STREAM),
        ("/var/log/my job.log", "file", f"file://{HOST}/var/log/my%20job.log"),
        (Path("/var/log/x.log"), "file", f"file://{HOST}/var/log/x.log"),
        ("file:///var/log/x.log", "file", f"file://{HOST}/var/log/x.log"),
        ("file://worker-7/var/log/x.log", "file", "file://worker-7/var/log/x.log"),
    ],
)
def test_a_location_says_its_kind(location: str | Path, kind: str, written: str) -> None:
    """Files name their host, and credentials are left out."""
    pointer = to_pointer(location)
    assert (pointer.kind, pointer.location) == (kind, written)


def test_a_relative_path_is_where_the_job_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows the working directory afterwards."""
    monkeypatch.chdir(tmp_path)
    assert to_pointer("train.log").location == f"file://{HOST}{tmp_path}/train.log"


@pytest.mark.parametrize("wrong", ["ftp://x/y", "", "s3://", "arn:aws:logs:eu-west-1:1:log-group:/ml/train", 5])
def test_a_place_that_cannot_be_read_is_refused(wrong: str) -> None:
    """With those that can."""
    with pytest.raises(UsageError, match=r"s3://bucket/key|not empty"):
        to_pointer(wrong)


def test_pointers_belong_to_their_run(captured: Captured) -> None:
    """In the order in which they were given."""
    with track.run("j") as run:
        run.log_pointer("s3://logs/1.txt")
        run.log_pointer(STREAM)
    assert [pointer.location for pointer in captured.run("j").log_pointers()] == ["s3://logs/1.txt", STREAM]
    assert captured.run("j").log_pointer("cloudwatch").location == STREAM
    with pytest.raises(
        AssertionError, match=r"log pointer 'url' of .* was not captured; there were:\n  <log pointer s3: s3://"
    ):
        captured.run("j").log_pointer("url")


def test_the_count_of_what_was_cut_arrives_even_where_nothing_follows(
    captured: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the run's end a line of its own says it."""
    monkeypatch.setattr(RATE, "LINES_PER_SECOND", 0)
    monkeypatch.setattr(RATE, "LINES_AT_ONCE", 3)
    with track.run("j") as run:
        for number in range(10):
            run.log(f"line {number}")
    lines = captured.run("j").logs()
    assert [line.message for line in lines][:3] == ["line 0", "line 1", "line 2"]
    assert [line.message for line in lines][3:] == ["7 lines were cut: a run keeps 0 a second"]
    assert sum(event.dropped for event in captured.of(LogsReported)) == 7
    assert captured.dropped == {"LogsReported": {"rate_limit": 7}}


def test_the_count_comes_with_the_next_sign_of_life(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that flooded and then works for hours says it before its end."""
    monkeypatch.setattr(RATE, "LINES_PER_SECOND", 0)
    monkeypatch.setattr(RATE, "LINES_AT_ONCE", 0)
    monkeypatch.setattr("leadline.track.worker.ADDITIONS_EVERY_SECONDS", 0.0)
    with track.run("j") as run:
        run.log("lost")
        run.tag("x")
        assert [line.message for line in captured.run("j").logs()] == ["1 lines were cut: a run keeps 0 a second"]
