"""leadline diff over a real store: two runs, and the upstream of a node at two times."""

from collections.abc import Iterator

import pytest

from leadline.core.settings import Settings
from leadline.events.records import Event, Reading

from .commands import Run, commands
from .facts import DAY, HOUR, JOBS, MINUTE, NOON, change, edge, io, metrics, owner, put, run_event, running_store

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Two trainings, a day apart, of a model that is made from features, which are made from raw."""
    with running_store(tmp_path_factory.mktemp("diff")) as settings:
        put(settings, _trainings())
        put(settings, _upstream())
        yield settings


@pytest.fixture
def leadline(store: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    return commands(store, monkeypatch, capfd)


def _trainings() -> Iterator[Event]:
    for number, at in enumerate((NOON, NOON + DAY)):
        run_id, version = f"aaa{number}-train", f"m{number}"
        yield run_event(
            "train",
            run_id,
            "START",
            at,
            inputs=[io("features", version=f"f{number}"), io("calendar", version="2026")],
            outputs=[io("churn", "MODEL", version=version)],
            code_repository="https://git/churn.git",
            code_commit="aaa" if number == 0 else "bbb",
            code_branch="main",
            code_dirty=bool(number),
            packages={"numpy": "2.1.0", "scipy": f"1.{number}"} | ({"attrs": "25.1"} if number else {}),
            parameters={"depth": str(5 + number), "seed": str(7 + number), "loss": "log"},
            engine="python/3.12.1",
            container="churn@sha256:12",
            host="worker-7",
            resource={"cloud.region": f"eu-{number}"},
            command="python train.py",
            actor="ada",
        )
        yield run_event("train", run_id, "COMPLETE", at + MINUTE)
        fields = {"job_namespace": JOBS, "job_name": "train", "run_id": run_id, "kind": "MODEL"}
        for step, auc in enumerate((0.5, 0.8 + number * 0.02)):
            yield metrics("churn", at + step, Reading(metric="auc", value=auc), **fields)
        yield metrics("churn", at, Reading(metric="size", value=4.0, unit="MB" if number else "By"), **fields)
        yield metrics("churn", at, Reading(metric="nan", value=float("nan")), **fields)
        yield metrics("churn", at, Reading(metric="zero", value=float(number)), **fields)
    yield metrics("churn", NOON, Reading(metric="f1", value=0.3), **(fields | {"run_id": "aaa0-train"}))


def _upstream() -> Iterator[Event]:
    yield run_event("score", "s-1", "START", NOON - DAY, inputs=[io("raw"), io("old")], outputs=[io("scored")])
    yield edge("raw", "scored", "score", NOON - DAY)
    yield edge("old", "scored", "score", NOON - DAY, NOON + HOUR)
    yield edge("older", "old", "clean", NOON - DAY)
    yield edge("new", "scored", "score", NOON + HOUR)
    for name, at in (("v1", NOON - HOUR), ("v2", NOON + HOUR), ("v3", NOON + 2 * HOUR), ("v4", NOON + 9 * DAY)):
        yield run_event("ingest", f"i-{name}", "START", at, outputs=[io("raw", version=name)])
        yield run_event("ingest", f"i-{name}", "COMPLETE", at + MINUTE, outputs=[io("raw", version=name)])
    yield change("score", "code.commit", "aaa", "bbb", NOON + HOUR, run_id="s-2")
    yield change("score", "code.commit", "bbb", "ccc", NOON + 9 * DAY, run_id="s-3")
    yield change("elsewhere", "code.commit", "aaa", "bbb", NOON + HOUR)
    yield owner("DATASET", "s3://lake", "raw", "data-team")


def test_two_runs(leadline: Run) -> None:
    """Code, packages, parameters, seeds and place that differ, data by version, and what is only in one of the runs."""
    found = leadline("diff", "aaa0", "aaa1", "--json").json()
    told = {(one["section"], one["name"]): (one["first"], one["second"]) for one in found["differences"]}
    assert told.pop(("time", "started"))[0] == "2026-11-21T12:00:00Z"
    assert told.pop(("time", "ended"))[1] == "2026-11-22T12:01:00Z"
    assert told == {
        ("code", "commit"): ("aaa", "bbb"),
        ("code", "uncommitted changes"): ("no", "yes"),
        ("package", "attrs"): (None, "25.1"),
        ("package", "scipy"): ("1.0", "1.1"),
        ("parameter", "depth"): ("5", "6"),
        ("seed", "seed"): ("7", "8"),
        ("place", "cloud.region"): ("eu-0", "eu-1"),
    }
    data = {(one["section"], one["node"]["name"]): (one["first"], one["second"]) for one in found["data"]}
    assert data == {("input", "features"): (["f0"], ["f1"]), ("output", "churn"): (["m0"], ["m1"])}
    assert found["same"]["parameter"] == ["loss"]
    assert found["same"]["input"] == ['["DATASET","s3://lake","calendar"]']
    assert found["same"]["process"] == ["command", "actor"]


def test_metrics_of_two_runs(leadline: Run) -> None:
    """The last value of each run, the difference in the unit and in percent; units that differ are not subtracted."""
    found = {one["metric"]: one for one in leadline("diff", "aaa0", "aaa1", "--json").json()["metrics"]}
    assert [found["auc"]["first"], found["auc"]["second"]] == pytest.approx([0.8, 0.82])
    assert found["auc"]["difference"] == pytest.approx(0.02)
    assert found["auc"]["percent"] == pytest.approx(2.5)
    assert (found["size"]["first_unit"], found["size"]["second_unit"], found["size"]["difference"]) == ("By", "MB", None)
    assert (found["zero"]["difference"], found["zero"]["percent"]) == (1.0, None)
    assert (found["nan"]["first"], found["nan"]["difference"]) == ("NaN", None)
    assert (found["f1"]["first"], found["f1"]["second"]) == (0.3, None)


def test_two_runs_as_text(leadline: Run) -> None:
    """What differs is a table, what is the same is counted."""
    text = leadline("diff", "aaa0", "aaa1").out
    for part in ("aaa0-train", "aaa1-train", "depth", "eu-1", "+0.02", "+2.5 %", "4 By", "4 MB", "the same: ", "1 package"):
        assert part in text
    assert "numpy" not in text
    assert "what differs" not in leadline("diff", "aaa0", "aaa0").out


def test_upstream_between_two_times(leadline: Run) -> None:
    """Edges that came and went with their times, versions then and now, changes and owners of the interval."""
    found = leadline("diff", "scored", "--from", "2026-11-21T11:30", "--to", "2026-11-23", "--json").json()
    assert [(one["source"]["name"], one["event_time"]) for one in found["came"]] == [("new", "2026-11-21T13:00:00Z")]
    assert {one["source"]["name"]: one["event_time"] for one in found["went"]} == {"old": "2026-11-21T13:00:00Z", "older": None}
    (raw,) = found["versions"]
    assert (raw["name"], raw["before"], raw["after"], raw["versions"]) == ("raw", "v1", "v3", 2)
    assert [(one["what"], one["after"]) for one in found["changes"]] == [("code.commit", "bbb")]
    assert [(one["name"], one["before"], one["after"]) for one in found["owners"]] == [("raw", "", "data-team")]
    assert (found["as_of"], found["truncated"]) == ("2026-11-23T00:00:00Z", "")
    assert "watermark" in found
    text = leadline("diff", "scored", "--from", "2026-11-21T11:30", "--to", "2026-11-23").out
    for part in (
        "came",
        "went",
        "still holds, elsewhere",
        "v1",
        "v3",
        "code.commit",
        "data-team",
        "as of 2026-11-23T00:00:00Z",
    ):
        assert part in text


def test_nothing_changed(leadline: Run) -> None:
    """An interval in which nothing happened says so; a walk that is cut off says that there may be more."""
    quiet = leadline("diff", "scored", "--from", "2026-11-21T15:00", "--to", "2026-11-21T16:00")
    assert "nothing changed that is known of" in quiet.out
    short = leadline("diff", "scored", "--from", "2026-11-21T11:30", "--to", "2026-11-23", "--depth", "1", "--json").json()
    assert short["truncated"] == "depth"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("aaa0",), "two runs, or one node and --from"),
        (("aaa0", "aaa1", "--from", "7d"), "two runs, or one node and --from"),
        (("aaa0", "aaa1", "--to", "7d"), "--to goes with"),
        (("scored", "--from", "1d", "--job", "score"), "--job goes with"),
        (("scored", "--from", "1d", "--to", "2d"), "--from must be before --to"),
    ],
)
def test_wrong_use(leadline: Run, words: tuple[str, ...], said: str) -> None:
    """Exit code 2 and what to give instead."""
    ended = leadline("diff", *words)
    assert ended.code == 2
    assert said in ended.err


def test_a_run_that_is_not_there(leadline: Run) -> None:
    """Exit code 1."""
    assert leadline("diff", "aaa0", "nothing-starts-so").code == 1
