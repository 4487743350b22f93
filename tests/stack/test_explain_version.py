"""Explanations of versions: who made one, the last good one before it, and what happened between."""

import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from leadline.cli import main
from leadline.core.clock import Micros
from leadline.core.errors import LeadlineError
from leadline.core.settings import Settings
from leadline.events.records import Event, Reading, RunIo
from leadline.history.connection import reading
from leadline.history.explain_version import explain_version
from leadline.history.explanation.answer import Explanation
from leadline.history.explanation.text import render
from leadline.history.node import NodeRef

from .facts import DAY, HOUR, JOBS, NOON, alert, change, edge, io, metrics, owner, put, run_event, running_store

pytestmark = pytest.mark.stack

PREDICTIONS = NodeRef("DATASET", "s3://lake", "predictions")
MODEL = NodeRef("MODEL", "s3://lake", "churn")
FIRST = NOON - 2 * DAY
"""p1 and p2 were good, p3 opens an alert, p4 is as bad; p5 was not measured."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """clean -> features -> score -> predictions, and features -> train -> the model, each day."""
    with running_store(tmp_path_factory.mktemp("versions")) as settings:
        put(settings, _events())
        yield settings


def _events() -> Iterator[Event]:
    for day in range(5):
        at, number = FIRST + day * DAY, day + 1
        yield from _run("clean", number, at - 4 * HOUR, [], [io("clean", version=f"c{number}")])
        features = io("features", version=f"f{number}")
        yield from _run("features", number, at - 3 * HOUR, [io("clean", version=f"c{number}")], [features])
        yield from _run("train", number, at - 2 * HOUR, [features], [io("churn", "MODEL", version=f"m{number}")])
        yield from _run("score", number, at - HOUR, [features], [io("predictions", version=f"p{number}")])
        if number < 5:
            value = Reading(metric="mean", value=0.3 if number >= 3 else 0.1)
            yield metrics("predictions", at, value, version=f"p{number}", **_measured("score", number))
    for source, target, job in (("clean", "features", "features"), ("features", "predictions", "score")):
        yield edge(source, target, job, FIRST - DAY)
    yield replace(edge("features", "churn", "train", FIRST - DAY), target_kind="MODEL")
    yield change("features", "parameter.window", "7", "14", NOON - 3 * HOUR, run_id="features-3")
    yield change("score", "package.numpy", "1", "2", NOON - HOUR, run_id="score-3")
    yield change("clean", "code.commit", "a", "b", NOON - DAY - 4 * HOUR, run_id="clean-2")
    yield change("train", "parameter.depth", "3", "4", NOON - 2 * HOUR, run_id="train-3")
    yield alert("alert-1", "episode-1", "opened", NOON, version="p3", threshold=0.25, **_measured("score", 3))
    yield owner("JOB", JOBS, "score", "team-scores")
    yield owner("DATASET", "s3://lake", "predictions", "team-predictions", "#predictions")


def _run(job: str, number: int, at: Micros, inputs: list[RunIo], outputs: list[RunIo]) -> Iterator[Event]:
    yield run_event(job, f"{job}-{number}", "START", at)
    yield run_event(job, f"{job}-{number}", "COMPLETE", at + HOUR // 2, inputs=inputs, outputs=outputs)


def _measured(job: str, number: int) -> dict[str, Any]:
    return {"job_namespace": JOBS, "job_name": job, "run_id": f"{job}-{number}"}


def _explained(store: Settings, node: NodeRef, version: str | None = None) -> Explanation:
    with reading(store) as client:
        return explain_version(client, node, version)


def test_version_that_is_violated(store: Settings) -> None:
    """Its run, the last good version with its run, what happened upstream between, nearest first, and the alert about it."""
    found = _explained(store, PREDICTIONS, "p3")
    assert found.version is not None
    assert found.version.run is not None
    assert (found.version.run.run_id, found.version.violated) == ("score-3", True)
    assert found.last_good_version is not None
    assert (found.last_good_version.version, found.last_good_version.violated) == ("p2", False)
    assert [(one.job_name, one.what) for one in found.changed] == [
        ("score", "package.numpy"),
        ("features", "parameter.window"),
    ]
    assert found.alert is not None
    assert found.alert.episode_id == "episode-1"


def test_version_measured_during_an_episode_is_violated(store: Settings) -> None:
    """The episode that the version before opened is open still: the last good one is the one before both."""
    found = _explained(store, PREDICTIONS, "p4")
    assert found.version is not None
    assert found.version.violated
    assert found.last_good_version is not None
    assert found.last_good_version.version == "p2"


def test_good_version(store: Settings) -> None:
    """Within its bounds: said so, without alert, with what happened since the good one before."""
    found = _explained(store, PREDICTIONS, "p2")
    assert "within its bounds" in found.headline
    assert found.alert is None
    assert found.run is not None
    assert found.run.run_id == "score-2"
    assert [(one.job_name, one.what) for one in found.changed] == [("clean", "code.commit")]


def test_newest_version_of_a_model(store: Settings) -> None:
    """Without a version the newest counts; where none was measured, that is said, and what happened since the one before."""
    found = _explained(store, MODEL)
    assert found.version is not None
    assert (found.version.version, found.version.violated) == ("m5", None)
    assert found.last_good_version is None
    assert any("a good version" in line for line in found.missing)
    changed = _explained(store, MODEL, "m3").changed
    assert [(one.job_name, one.what) for one in changed] == [("train", "parameter.depth"), ("features", "parameter.window")]


def test_text(store: Settings) -> None:
    """What a person needs is in the text: both versions and their runs, what happened, whose it is."""
    text = render(_explained(store, PREDICTIONS, "p3"))
    for part in ("version p3 of predictions", "last good    version p2", "score-2", "parameter.window of features: 7 -> 14"):
        assert part in text


def test_version_that_is_not_known(store: Settings) -> None:
    """A sentence that says so, and where to look."""
    with pytest.raises(LeadlineError, match="leadline show"):
        _explained(store, PREDICTIONS, "p77")


def test_command(store: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """`leadline explain predictions --version p3`, and the newest without --version, as JSON too."""
    monkeypatch.setenv("CLICKHOUSE", store.clickhouse)
    monkeypatch.setenv("CLICKHOUSE_USER", store.clickhouse_user)
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", store.clickhouse_password)
    monkeypatch.setenv("LEADLINE_DATA", str(store.data / "elsewhere"))

    def said(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["leadline", "explain", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        assert int(end.value.code or 0) == code, err
        return out + err

    assert "version p3 of predictions" in said("predictions", "--version", "p3")
    assert msgspec.json.decode(said("predictions", "--json"))["version"]["version"] == "p5"
    assert "not known" in said("predictions", "--version", "p77", code=1)
    assert "exclude each other" in said("predictions", "--version", "p3", "--job", "score", code=2)
