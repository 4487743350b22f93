"""The read side over the real views of a real store."""

import math
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError, Unavailable, UsageError
from leadline.core.settings import Settings
from leadline.events.records import Event, Reading, RunEvent
from leadline.history.alerts import alert_events, find_alert, open_episodes
from leadline.history.connection import connect, reading
from leadline.history.lineage import Lineage, walk
from leadline.history.logs import logs_of_run
from leadline.history.node import NodeRef, job
from leadline.history.nodes import resolve, search, show
from leadline.history.readings import metrics_of, series
from leadline.history.runs import FAILED, RUNNING, find_run, get_run, list_runs, run_details
from leadline.history.watermark import complete_until

from .facts import (
    DAY,
    HOUR,
    JOBS,
    MINUTE,
    NOON,
    alert,
    change,
    edge,
    io,
    log_lines,
    metrics,
    owner,
    put,
    run_event,
    running_store,
)

HOSTILE = ["[bold]x[/]", "\x1b[31mred", "line\nbreak", "'; DROP TABLE x --", '"quoted"\\', "😀 {x:String}", "%(a)s", "]','["]

pytestmark = pytest.mark.stack


def dataset(name: str) -> NodeRef:
    return NodeRef("DATASET", "s3://lake", name)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A team's pipeline: ingest makes raw; features makes features of it; score makes predictions; validate reads those."""
    with running_store(tmp_path_factory.mktemp("history")) as settings:
        put(settings, _pipeline())
        put(settings, _hostile())
        yield settings


def _pipeline() -> Iterator[Event]:
    yield run_event("ingest", "i-1", "START", NOON, outputs=[io("raw", version="v1")], code_commit="aaa")
    yield run_event("ingest", "i-1", "COMPLETE", NOON + MINUTE)
    yield run_event("features", "f-1", "START", NOON + HOUR, inputs=[io("raw", version="v1")], outputs=[io("features")])
    yield run_event("features", "f-1", "COMPLETE", NOON + HOUR + MINUTE)
    yield run_event(
        "score",
        "s-1",
        "START",
        NOON + 2 * HOUR,
        inputs=[io("features")],
        outputs=[io("predictions")],
        nominal_at=NOON - DAY,
        host="worker-7",
        parameters={"threshold": "0.5"},
        root_run_id="dag-1",
        parent_run_id="dag-1",
        parent_job_namespace=JOBS,
        parent_job_name="dag",
    )
    yield run_event("score", "s-1", "FAIL", NOON + 2 * HOUR + MINUTE, error_message="No such file", error_stack="Traceback")
    yield run_event("dag", "dag-1", "START", NOON + 2 * HOUR - MINUTE)
    yield run_event("validate", "v-1", "START", NOON + 3 * HOUR, inputs=[io("predictions")])
    yield edge("raw", "features", "features", NOON + HOUR)
    yield edge("features", "predictions", "score", NOON + 2 * HOUR)
    yield edge("old", "features", "features", NOON - DAY, NOON + HOUR)
    yield edge("predictions", "raw", "feedback", NOON + 3 * HOUR)
    yield change("features", "code.commit", "aaa", "bbb", NOON + HOUR, run_id="f-1")
    yield change("ingest", "parameter.limit", "1", "2", NOON, run_id="i-1")
    yield owner("DATASET", "s3://lake", "predictions", "ml-team", "+49 30 1")
    for day in range(5):
        value = math.nan if day == 4 else 0.1 * day
        yield metrics("predictions", NOON + day * MINUTE, Reading(metric="mean", value=value), slot=NOON + day * DAY)
    yield metrics("predictions", NOON, Reading(metric="rows", value=3.0, unit="1", dims={"b": "2", "a": "1"}))
    yield log_lines("score", "s-1", ("INFO", "start"), ("ERROR", "broke"), ("INFO", "bye"), at=NOON + 2 * HOUR)
    yield log_lines("ingest", "i-1", ("INFO", "one"), ("WARNING", "two"))
    yield alert("aaaa-1", "eeee-1", "opened", NOON)
    yield alert("aaaa-2", "eeee-1", "escalated", NOON + MINUTE, 2)
    yield alert("bbbb-1", "ffff-1", "opened", NOON, name="features")
    yield alert("bbbb-2", "ffff-1", "resolved", NOON + MINUTE, 2, name="features")


def _hostile() -> Iterator[RunEvent]:
    for number, name in enumerate(HOSTILE):
        yield run_event(name, f"hostile-{number}", "START", NOON, outputs=[io(name)])
    yield run_event("twin", "shared-id", "START", NOON)
    yield run_event("other twin", "shared-id", "START", NOON)


@pytest.fixture(scope="module")
def client(store: Settings) -> Iterator[Client]:
    with reading(store) as client:
        yield client


def names(found: Lineage) -> dict[tuple[str, str], int]:
    return {(node.kind, node.name): node.distance for node in found.nodes}


def test_up_reaches_everything_it_was_made_from(client: Client) -> None:
    """Data and jobs upstream come with their distance, jobs that only write among them, and cycles end."""
    found = walk(client, dataset("predictions"), "up")
    assert names(found) == {
        ("JOB", "score"): 0,
        ("DATASET", "features"): 1,
        ("JOB", "features"): 1,
        ("DATASET", "raw"): 2,
        ("JOB", "ingest"): 2,
        ("JOB", "feedback"): 2,
    }
    assert (found.truncated, found.unresolved) == ("", 0)


def test_down_reaches_what_was_made_of_it(client: Client) -> None:
    """Downstream has the jobs that only read too."""
    found = walk(client, dataset("features"), "down")
    assert names(found) == {
        ("JOB", "score"): 1,
        ("DATASET", "predictions"): 1,
        ("JOB", "validate"): 2,
        ("JOB", "feedback"): 2,
        ("DATASET", "raw"): 2,
        ("JOB", "features"): 3,
    }


def test_a_job_starts_from_its_data(client: Client) -> None:
    """The walk from a job begins with what it read, or wrote."""
    assert names(walk(client, job(JOBS, "score"), "up", depth=1)) == {("DATASET", "features"): 1, ("JOB", "features"): 1}
    assert ("DATASET", "predictions") in names(walk(client, job(JOBS, "score"), "down", depth=1))


def test_as_of_asks_for_the_edges_of_then(client: Client) -> None:
    """An edge that was superseded is found as of a time at which it held, and not now."""
    assert ("DATASET", "old") in names(walk(client, dataset("features"), "up", as_of=NOON))
    assert ("DATASET", "old") not in names(walk(client, dataset("features"), "up"))


def test_bounds_of_the_walk_are_said(client: Client) -> None:
    """Depth, nodes and time each say that they cut the answer off; what has no maker is counted."""
    assert walk(client, dataset("predictions"), "up", depth=1).truncated == "depth"
    assert walk(client, dataset("predictions"), "up", max_nodes=2).truncated == "nodes"
    clock = iter([0.0, 0.0, 100.0, 100.0])
    assert walk(client, dataset("predictions"), "up", monotonic=lambda: next(clock)).truncated == "time"
    assert walk(client, dataset("features"), "up", as_of=NOON).unresolved == 1


def test_runs_by_state_job_and_time(client: Client) -> None:
    """Filters narrow, and the newest come first."""
    assert [run.run_id for run in list_runs(client, states=FAILED)] == ["s-1"]
    assert {run.job_name for run in list_runs(client, states=RUNNING, since=NOON + HOUR)} == {"dag", "validate"}
    assert [run.run_id for run in list_runs(client, job_name="features")] == ["f-1"]
    assert [run.run_id for run in list_runs(client, limit=1)] == ["v-1"]


def test_a_run_with_all_that_belongs_to_it(client: Client) -> None:
    """State, slot, duration, data, parameters, parent and children of one run, found by a part of its id."""
    run = find_run(client, "s-1")
    assert (run.state, run.nominal_at, run.duration_seconds, run.host) == ("FAIL", NOON - DAY, 60.0, "worker-7")
    details = run_details(client, run)
    assert [(part.direction, part.name) for part in details.io] == [("INPUT", "features"), ("OUTPUT", "predictions")]
    assert details.extent.parameters == {"threshold": "0.5"}
    assert details.parent is not None
    assert details.parent.run_id == "dag-1"
    assert [child.run_id for child in run_details(client, details.parent).children] == ["s-1"]
    assert [found.what for found in run_details(client, find_run(client, "f-1")).changes] == ["code.commit"]


def test_ambiguous_and_unknown_runs(client: Client) -> None:
    """A prefix that fits several, or a shared id, asks for more; one that fits none says so."""
    with pytest.raises(UsageError, match="several runs"):
        find_run(client, "hostile-")
    with pytest.raises(UsageError, match="--job"):
        find_run(client, "shared-id")
    assert find_run(client, "shared-id", "twin").job_name == "twin"
    with pytest.raises(LeadlineError, match="no run"):
        find_run(client, "nothing-like-it")
    with pytest.raises(UsageError, match="too short"):
        find_run(client, "zz")
    assert get_run(client, job(JOBS, "score"), "i-1") is None


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_found_and_kept(client: Client, name: str) -> None:
    """Quotes, line breaks, escapes, emoji, markup and SQL in a name reach the store and come back unchanged."""
    ref = dataset(name)
    assert resolve(client, str(ref)) == ref
    assert name in {node.name for node in search(client, (name,))}
    assert list_runs(client, job_name=name)[0].job_name == name
    assert [node.name for node in walk(client, ref, "up").nodes] == [name]


def test_a_word_that_fits_one_node_names_it(client: Client) -> None:
    """Exact names win over parts; several ask for the exact form and list it; none says so."""
    assert resolve(client, "predictions") == dataset("predictions")
    assert resolve(client, "s3://lake/raw") == dataset("raw")
    assert resolve(client, "PREDICT") == dataset("predictions")
    with pytest.raises(UsageError, match='"JOB","airflow://prod","features"'):
        resolve(client, "features")
    with pytest.raises(LeadlineError, match="no node"):
        resolve(client, "nowhere")
    with pytest.raises(UsageError, match="no kind of node"):
        resolve(client, '["TABLE", "a", "b"]')


def test_show_says_who_owns_it_and_how_it_is(client: Client) -> None:
    """A node comes with owner, on-call, runs that wrote it, its metrics and its open episodes."""
    shown = show(client, dataset("predictions"))
    assert (shown.node.owner, shown.node.on_call) == ("ml-team", "+49 30 1")
    assert [run.run_id for run in shown.runs] == ["s-1"]
    assert {metric.metric: metric.readings for metric in shown.metrics} == {"mean": 5, "rows": 1}
    assert [episode.episode_id for episode in shown.open] == ["eeee-1"]
    assert [version.version for version in show(client, dataset("raw")).versions] == ["v1"]


def test_series_by_slot_with_nan(client: Client) -> None:
    """A series comes in the order of its slots, NaN among its values; dimensions match in any order."""
    points = series(client, dataset("predictions"), "mean")
    assert [point.slot for point in points] == [NOON + day * DAY for day in range(5)]
    assert math.isnan(points[-1].value)
    assert len(series(client, dataset("predictions"), "mean", since=NOON + 3 * DAY)) == 2
    assert series(client, dataset("predictions"), "mean", limit=2)[0].value == pytest.approx(0.3)
    assert len(series(client, dataset("predictions"), "rows", dims={"a": "1", "b": "2"})) == 1
    assert series(client, dataset("predictions"), "rows") == []


def test_known_at_hides_what_came_later(client: Client) -> None:
    """As known at a time before the store had it, there is nothing."""
    assert series(client, dataset("predictions"), "mean", as_known_at=NOON - 1) == []
    assert len(series(client, dataset("predictions"), "mean", as_known_at=NOON)) == 5


def test_last_value_of_each_metric(client: Client) -> None:
    """The last by slot, which here is NaN."""
    mean, rows = metrics_of(client, dataset("predictions"))
    assert math.isnan(mean.last_value)
    assert (rows.last_value, rows.dims, rows.unit) == (3.0, {"a": "1", "b": "2"}, "1")


def test_open_episodes_and_steps(client: Client) -> None:
    """Only what has not ended is open; steps come newest first; prefixes of both ids find an alert."""
    assert [episode.episode_id for episode in open_episodes(client)] == ["eeee-1"]
    assert open_episodes(client, [dataset("features")]) == []
    assert len(alert_events(client)) == 4
    assert find_alert(client, "aaaa-2").transition == "escalated"
    assert find_alert(client, "eeee").alert_id in ("aaaa-1", "aaaa-2")
    with pytest.raises(UsageError, match="several"):
        find_alert(client, "aaaa")
    with pytest.raises(LeadlineError, match="no alert"):
        find_alert(client, "cccc")


def test_logs_of_a_run(client: Client) -> None:
    """Lines in the order written, by level; of too many the last."""
    score = job(JOBS, "score")
    assert [row.message for row in logs_of_run(client, score, "s-1")] == ["start", "broke", "bye"]
    assert [row.message for row in logs_of_run(client, score, "s-1", level="WARNING")] == ["broke"]
    assert [row.message for row in logs_of_run(client, score, "s-1", limit=1)] == ["bye"]


def test_no_watermark_is_no_promise(client: Client) -> None:
    """Where the sink has never looked, nothing is said about completeness."""
    assert complete_until(client) is None
    assert walk(client, dataset("raw"), "up").watermark is None


def test_a_store_that_is_away_is_one_sentence() -> None:
    """A refused connection is Unavailable, with the address and what to do."""
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1 does not answer: Connection refused; is the stack up\?"):
        connect(Settings(clickhouse="http://127.0.0.1:1"))
    with pytest.raises(UsageError, match="must be a URL"):
        connect(Settings(clickhouse="127.0.0.1:8123"))
    with pytest.raises(UsageError, match="leadline up"):
        connect(Settings())


def test_text_that_is_none_is_refused(store: Settings) -> None:
    """Bytes that are no UTF-8 on the command line are an error in one sentence."""
    with pytest.raises(UsageError, match="UTF-8"), reading(store) as client:
        resolve(client, "\udcff")
