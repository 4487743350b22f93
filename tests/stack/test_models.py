"""leadline models over a real store: the list, one model's versions, two of them side by side."""

from collections.abc import Iterator

import pytest

from leadline.core.settings import Settings
from leadline.events.records import BoundSpec, DecisionRecorded, Event, Reading, VersionDescribed

from .commands import Run, commands
from .facts import DAY, HOUR, JOBS, MINUTE, NOON, io, metrics, owner, put, run_event, running_store

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("models")) as settings:
        put(settings, _facts())
        yield settings


@pytest.fixture
def leadline(store: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    return commands(store, monkeypatch, capfd)


def _facts() -> Iterator[Event]:
    """Three versions of churn, one a day, each measured when it was made and twenty times after; of spam only a reading."""
    for number in range(3):
        at, version = NOON + number * DAY, f"v{number}"
        churn = io("churn", "MODEL", version=version)
        yield run_event(
            "train",
            f"t-{number}",
            "COMPLETE",
            at,
            inputs=[io("features", version=f"f{number}")],
            outputs=[churn],
            code_commit=f"{number}{number}{number}",
            parameters={"depth": str(number), "loss": "log"},
        )
        yield VersionDescribed(
            event_id=version,
            event_time=at,
            producer="tests/1",
            kind="MODEL",
            namespace="s3://lake",
            name="churn",
            version=version,
            parameters={"C": str(number), "penalty": "l2"},
        )
        for hour in range(21):
            bounds = [BoundSpec(bound_id="auc", metric="auc", error_lower=0.5)]
            reading = Reading(metric="auc", value=0.6 + number * 0.1 + hour * 0.001)
            yield metrics("churn", at + hour * HOUR, reading, kind="MODEL", version=version, bounds=bounds)
    yield metrics("churn", NOON + 3 * DAY, Reading(metric="auc", value=float("nan")), kind="MODEL", version="v2")
    yield metrics("churn", NOON, Reading(metric="size", value=9.0, unit="MB"), kind="MODEL", version="v0")
    yield metrics("spam", NOON, Reading(metric="f1", value=0.5), kind="MODEL")
    yield metrics("churn features", NOON, Reading(metric="rows", value=1.0))
    yield owner("MODEL", "s3://lake", "churn", "ml-team")
    for number, (version, action) in enumerate((("v0", "PROMOTE"), ("v1", "PROMOTE"), ("v1", "DEPLOY"), ("v0", "ROLL_BACK"))):
        yield DecisionRecorded(
            event_id=f"d-{number}",
            event_time=NOON + DAY + number * MINUTE,
            producer="tests/1",
            kind="MODEL",
            namespace="s3://lake",
            name="churn",
            version=version,
            action=action,
            actor="ada",
            reason=f"reason {number}",
        )


def test_the_list(leadline: Run) -> None:
    """Every model with its owner, versions, newest decisions and last values; other nodes are none."""
    found = {one["node"]["name"]: one for one in leadline("models", "--json").json()}
    assert set(found) == {"churn", "spam"}
    churn = found["churn"]
    assert (churn["owner"], churn["newest_version"], churn["versions"]) == ("ml-team", "v2", 3)
    assert (churn["promoted"]["version"], churn["promoted"]["reason"]) == ("v1", "reason 1")
    assert churn["deployed"]["version"] == "v1"
    assert [(one["metric"], one["value"], one["version"]) for one in churn["metrics"]] == [
        ("auc", "NaN", "v2"),
        ("size", 9.0, "v0"),
    ]
    spam = found["spam"]
    assert (spam["versions"], spam["promoted"], spam["newest_version"]) == (0, None, "")
    text = leadline("models").out
    for part in ("churn", "ml-team", "auc NaN, size 9 MB", "unowned"):
        assert part in text


def test_one_model(leadline: Run) -> None:
    """Each version with its run, code, data and metrics, the newest first; the usual range is that of the finite readings."""
    found = leadline("models", "churn", "--json").json()
    assert [one["version"] for one in found["versions"]] == ["v2", "v1", "v0"]
    newest, middle, oldest = found["versions"]
    assert (newest["run_id"], newest["code_commit"], newest["inputs"][0]["version"]) == ("t-2", "222", "f2")
    assert [(one["metric"], round(one["value"], 3)) for one in middle["metrics"]] == [("auc", 0.72)]
    assert [(one["metric"], one["unit"]) for one in oldest["metrics"]] == [("auc", ""), ("size", "MB")]
    auc, size = found["usual"]
    assert (auc["readings"], size["readings"]) == (63, 1)
    assert (auc["lower"], auc["upper"]) == (pytest.approx(0.6031), pytest.approx(0.8169))
    assert ([bound["error_lower"] for bound in auc["bounds"]], size["bounds"]) == ([0.5], [])
    assert [one["action"] for one in found["decisions"]] == ["ROLL_BACK", "DEPLOY", "PROMOTE", "PROMOTE"]
    assert found["truncated"] == ""
    text = leadline("models", "churn").out
    for part in ("0.6031 to 0.8169", "< 0.5", "features f2", "t-2", "▁█!", "ROLL_BACK", "reason 3"):
        assert part in text


def test_two_versions(leadline: Run) -> None:
    """What differs of the models, of the runs that made them and of what was measured; what is the same is left out."""
    found = leadline("models", "churn", "--compare", "v0", "v1", "--json").json()
    assert [(one["name"], one["first"], one["second"]) for one in found["parameters"]] == [("C", "0", "1")]
    told = {(one["section"], one["name"]) for one in found["runs"]["differences"]}
    assert {("code", "commit"), ("parameter", "depth")} <= told
    assert ("parameter", "loss") not in told
    data = {one["node"]["name"]: (one["first"], one["second"]) for one in found["runs"]["data"]}
    assert data["features"] == (["f0"], ["f1"])
    auc, size = found["metrics"]
    assert auc["difference"] == pytest.approx(0.1)
    assert (size["first"], size["second"], size["difference"]) == (9.0, None, None)
    text = leadline("models", "churn", "--compare", "v0", "v1").out
    for part in ("parameter C", "depth", "commit", "features", "+0.1"):
        assert part in text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--compare", "v0", "v1"), 2, "needs the model's NAME"),
        (("churn", "--compare", "v", "v1"), 2, "several versions begin with 'v'"),
        (("churn", "--compare", "v0", "w"), 1, "no version of"),
        (("nobody",), 1, "no model fits 'nobody'"),
        (("lake",), 2, "several models fit 'lake'"),
        (('["DATASET","s3://lake","churn features"]',), 1, "no model fits"),
    ],
)
def test_wrong_use(leadline: Run, words: tuple[str, ...], code: int, said: str) -> None:
    """A sentence that says what to give, and the exit code."""
    ended = leadline("models", *words)
    assert (ended.code, said in ended.err) == (code, True), ended.err


def test_exactly_one_model(leadline: Run) -> None:
    """A model is also found by its node as JSON."""
    found = leadline("models", '["MODEL","s3://lake","churn"]', "--json").json()
    assert (found["node"]["name"], found["versions"][0]["job_namespace"]) == ("churn", JOBS)
