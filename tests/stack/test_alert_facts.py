"""What alerts ask of history for many transitions at once: each learns what it would learn alone."""

import math
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from leadline.core.settings import Settings
from leadline.events.records import Event, LogPointer, LogsReported, Reading
from leadline.history.alert_facts import (
    RunKey,
    Window,
    changes_in,
    contacts_of,
    excerpts,
    moment,
    oldest_open,
    readings_at,
    runs_by_key,
)
from leadline.history.connection import reading
from leadline.history.lineage import Direction, walk, walks
from leadline.history.node import NodeRef, job

from .facts import HOUR, JOBS, NOON, PRODUCER, alert, change, edge, io, log_lines, metrics, owner, put, run_event, running_store

pytestmark = pytest.mark.stack

STRANGE = "'; DROP TABLE x -- \"\\\t\n{a:String} ☃ 😀"
SEED, NODES, EDGES = 7, 20, 30


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(Path(tmp_path_factory.mktemp("alert-facts"))) as settings:
        put(settings, [*_graph(), *_history()])
        yield settings


@pytest.fixture
def client(store: Settings) -> Iterator[Client]:
    with reading(store) as found:
        yield found


def _graph() -> Iterator[Event]:
    """Anyhow: cycles, nodes that nobody makes, jobs that only read."""
    chance = random.Random(SEED)
    for number in range(EDGES):
        source, target, maker = (chance.randrange(NODES) for _ in range(3))
        yield edge(f"d{source}", f"d{target}", f"j{maker}", NOON)
        if number % 3 == 0:
            yield run_event(f"j{maker}", f"g-{number}", "COMPLETE", NOON, inputs=[io(f"d{source}")], outputs=[io(f"d{target}")])
    yield run_event("reader", "g-r", "COMPLETE", NOON, inputs=[io("d1"), io("d2")])


def _history() -> Iterator[Event]:
    for number in range(4):
        for name, what in (("near", "code.commit"), ("near", "input_version"), ("far", "parameter.depth")):
            yield change(name, what, str(number), str(number + 1), NOON + number * HOUR, run_id=f"r-{number}")
        opened = alert(f"open-{number}", f"episode-{number}", "opened", NOON, name="broken")
        yield replace(opened, opened_at=NOON + number * HOUR)
    yield replace(alert("ended-1", "ended", "opened", NOON, name="broken"), opened_at=NOON - HOUR)
    yield replace(alert("ended-2", "ended", "resolved", NOON, ordinal=2, name="broken"), opened_at=NOON - HOUR)
    yield run_event(STRANGE, STRANGE, "FAIL", NOON, host=STRANGE, error_message=STRANGE)
    yield owner("JOB", JOBS, STRANGE, STRANGE, STRANGE)
    yield metrics(STRANGE, NOON, Reading(metric="m", value=math.nan, dims={"b": STRANGE, "a": ""}), run_id="one")
    yield metrics(STRANGE, NOON, Reading(metric="n", value=1.0), run_id="two")
    yield log_lines("near", "calm", *(("INFO", f"line {number}") for number in range(15)))
    yield log_lines("near", "loud", ("ERROR", "broke"), *(("INFO", f"line {number}") for number in range(15)))
    yield LogsReported(
        event_id="pointer", event_time=NOON, producer=PRODUCER, run_id="away", job_namespace=JOBS, job_name="near",
        pointers=[LogPointer(kind="s3", location="s3://logs/away")],
    )  # fmt: skip


def data(number: int) -> NodeRef:
    return NodeRef("DATASET", "s3://lake", f"d{number}")


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("max_nodes", [4, 1000])
def test_walks_together_reach_what_each_reaches_alone(client: Client, direction: Direction, max_nodes: int) -> None:
    """From data and from jobs, whole and cut off: the same nodes, edges, uses, and the same reasons for stopping."""
    jobs = [job(JOBS, name) for name in (*(f"j{number}" for number in range(0, NODES, 3)), "reader", "nowhere")]
    starts = [*map(data, range(NODES)), *jobs]
    together = walks(client, starts, direction, depth=3, max_nodes=max_nodes, watermark=None)
    alone = {start: walk(client, start, direction, depth=3, max_nodes=max_nodes) for start in starts}
    assert together == alone
    assert len({way.truncated for way in alone.values()}) > 1


def test_changes_of_each_window(client: Client) -> None:
    """Open at its start and closed at its end; the nearest first, then the newest, new versions of inputs last; cut by rank."""
    near, far = job(JOBS, "near"), job(JOBS, "far")
    windows = [
        Window(NOON, NOON + 2 * HOUR, ((near, 1), (far, 0))),
        Window(NOON - HOUR, NOON, ((near, 0), (far, 4))),
        Window(NOON, NOON + 9 * HOUR, ()),
    ]
    found = [
        (change.window, change.distance, change.what, (change.event_time - NOON) // HOUR)
        for change in changes_in(client, windows, limit=5)
    ]
    assert found == [
        (0, 0, "parameter.depth", 2), (0, 0, "parameter.depth", 1), (0, 1, "code.commit", 2), (0, 1, "code.commit", 1),
        (0, 1, "input_version", 2),
        (1, 0, "code.commit", 0), (1, 4, "parameter.depth", 0), (1, 0, "input_version", 0),
    ]  # fmt: skip


def test_open_episodes_of_each_node(client: Client) -> None:
    """The oldest first, so many of each node; what has ended is not among them."""
    broken = NodeRef("DATASET", "s3://lake", "broken")
    found = oldest_open(client, [broken, data(1)], limit=3)
    assert {node: [one.episode_id for one in many] for node, many in found.items()} == {
        broken: ["episode-0", "episode-1", "episode-2"]
    }


def test_any_text_is_found_as_it_is(client: Client) -> None:
    """Names, ids and dimensions are bound, never pasted; NaN is a value; other dimensions are another series."""
    key, node = RunKey(JOBS, STRANGE, STRANGE), NodeRef("DATASET", "s3://lake", STRANGE)
    run = runs_by_key(client, [key, RunKey(JOBS, "near", "nowhere")])[key]
    assert (run.state, run.host, run.error_message) == ("FAIL", STRANGE, STRANGE)
    assert contacts_of(client, [job(JOBS, STRANGE)])[job(JOBS, STRANGE)].on_call == STRANGE
    asked = [moment(node, "m", {"a": "", "b": STRANGE}, NOON), moment(node, "m", {}, NOON), moment(node, "n", {}, NOON)]
    found = readings_at(client, asked)
    assert {at: [one.run_id for one in many] for at, many in found.items()} == {asked[0]: ["one"], asked[2]: ["two"]}
    assert math.isnan(found[asked[0]][0].value)


def test_the_log_of_each_run(client: Client) -> None:
    """The errors, else the last ten lines in the order in which they were written, else where the log is."""
    calm, loud, away = (RunKey(JOBS, "near", run) for run in ("calm", "loud", "away"))
    found = excerpts(client, [calm, loud, away, RunKey(JOBS, "near", "silent")])
    assert found == {
        calm: [f"INFO root: line {number}" for number in range(5, 15)],
        loud: ["ERROR root: broke"],
        away: ["s3: s3://logs/away"],
    }


def test_nothing_asked_is_nothing_found(client: Client) -> None:
    """An empty batch asks nothing."""
    assert walks(client, [], "up", watermark=None) == {}
    assert (runs_by_key(client, []), readings_at(client, []), changes_in(client, [], 5)) == ({}, {}, [])
    assert (contacts_of(client, []), oldest_open(client, [], 5), excerpts(client, [])) == ({}, {}, {})
