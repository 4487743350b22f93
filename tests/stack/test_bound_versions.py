"""Every content of every bound, from when to when: the view, and `leadline trend` over it."""

import random
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from leadline.core.settings import Settings
from leadline.events.records import BoundDeclared, BoundSpec, Event, MetricsReported, Reading
from leadline.history.bounds import BoundVersion, bound_versions, bounds_of_series, list_bounds
from leadline.history.connection import connect_reader
from leadline.history.node import NodeRef

from .facts import MINUTE, NOON, PRODUCER, metrics, put, running_store

pytestmark = pytest.mark.stack
NODE = NodeRef("DATASET", "s3://lake", "predictions")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("bounds")) as settings:
        yield settings


@pytest.fixture
def client(store: Settings) -> Iterator[Client]:
    client = connect_reader(store)
    yield client
    client.close()


def at(minute: int) -> int:
    return NOON + minute * MINUTE


def measured(name: str, minute: int, *limits: float, mode: str = "LIVE", **more: float) -> MetricsReported:
    """A reading with a bound next to it; the event's own id, so that the same minute can be told twice."""
    specs = [BoundSpec(bound_id="mean", metric="mean", error_lower=limit, **more) for limit in limits]  # type: ignore[arg-type]
    return metrics(name, at(minute), Reading(metric="mean", value=0.9), bounds=specs, mode=mode)


def declared(name: str, minute: int, version: int, limit: float, state: str = "ACTIVE") -> BoundDeclared:
    return BoundDeclared(
        event_id=f"{name}/{version}", event_time=at(minute), producer=PRODUCER, origin="OPERATOR", version=version,
        kind="DATASET", namespace="s3://lake", name=name, actor="ada", reason=f"reason {version}",
        spec=BoundSpec(bound_id="mean", metric="mean", error_lower=limit, state=state),
    )  # fmt: skip


def spans(versions: list[BoundVersion]) -> list[tuple[str, float | None, int, int | None]]:
    """Origin, limit, from and to in minutes."""
    minutes = [(v.valid_from - NOON) // MINUTE for v in versions]
    ends = [None if v.valid_to is None else (v.valid_to - NOON) // MINUTE for v in versions]
    return [(v.origin, v.error_lower, since, end) for v, since, end in zip(versions, minutes, ends, strict=True)]


def test_a_bound_that_changed_twice(store: Settings, client: Client) -> None:
    """Code that goes to another limit and back leaves three versions, numbered as alerts name them; repeats make none."""
    limits = [0.8, 0.8, 0.85, 0.85, 0.8, 0.8]
    put(store, [measured("predictions", minute, limit) for minute, limit in enumerate(limits)])
    found = bound_versions(client, NODE)
    assert spans(found) == [("CODE", 0.8, 0, 2), ("CODE", 0.85, 2, 4), ("CODE", 0.8, 4, None)]
    assert [v.version for v in found] == [at(0), at(2), at(4)]
    assert {v.state for v in found} == {"ACTIVE"}


def test_order_and_repeats_change_nothing(store: Settings, client: Client) -> None:
    """Shuffled, doubled and late events give the same versions as those in order."""
    events: list[Event] = [measured("shuffled", minute, limit) for minute, limit in enumerate([0.8, 0.85, 0.85, 0.8, 0.9])]
    events += [declared("shuffled", 1, 1, 0.5), declared("shuffled", 2, 2, 0.6), declared("shuffled", 3, 3, 0.6, "DELETED")]
    events *= 2
    random.Random(7).shuffle(events)
    put(store, events)
    node = NodeRef("DATASET", "s3://lake", "shuffled")
    assert spans(bound_versions(client, node)) == [
        ("CODE", 0.8, 0, 1),
        ("CODE", 0.85, 1, 3),
        ("OPERATOR", 0.5, 1, 2),
        ("OPERATOR", 0.6, 2, 3),
        ("CODE", 0.8, 3, 4),
        ("OPERATOR", 0.6, 3, None),
        ("CODE", 0.9, 4, None),
    ]
    assert spans(bounds_of_series(client, node, "mean", {"any": "dimension"})) == [
        ("CODE", 0.8, 0, 1),
        ("OPERATOR", 0.5, 1, 2),
        ("OPERATOR", 0.6, 2, 3),
        ("CODE", 0.8, 3, 4),
        ("CODE", 0.9, 4, None),
    ]


def test_who_and_why(store: Settings, client: Client) -> None:
    """An operator's versions carry number, actor and reason, even where nothing else changed; a lower number never counts."""
    put(store, [declared("said", 0, 1, 0.5), declared("said", 5, 7, 0.5), declared("said", 6, 3, 0.1)])
    found = bound_versions(client, NodeRef("DATASET", "s3://lake", "said"))
    assert [(v.version, v.actor, v.reason) for v in found] == [(1, "ada", "reason 1"), (7, "ada", "reason 7")]
    assert spans(found) == [("OPERATOR", 0.5, 0, 5), ("OPERATOR", 0.5, 5, None)]


def test_tests_declare_nothing(store: Settings, client: Client) -> None:
    """As for the processor, what a run in mode TEST says about bounds holds nowhere."""
    put(store, [measured("tried", 0, 0.8), measured("tried", 1, 0.1, mode="TEST"), measured("only-tried", 0, 0.1, mode="TEST")])
    assert spans(bound_versions(client, NodeRef("DATASET", "s3://lake", "tried"))) == [("CODE", 0.8, 0, None)]
    assert bound_versions(client, NodeRef("DATASET", "s3://lake", "only-tried")) == []
    assert list_bounds(client, node=NodeRef("DATASET", "s3://lake", "only-tried")) == []


def test_of_two_at_one_time_the_one_with_more_limits_holds(store: Settings, client: Client) -> None:
    """A limit added next to the same reading in a second event does not depend on which event came first."""
    both = measured("twice", 0, 0.8, warn_lower=0.9)
    one = measured("twice", 0, 0.8)
    for events in ([one, both], [both, one]):
        put(store, events)
        found = bound_versions(client, NodeRef("DATASET", "s3://lake", "twice"))
        assert [(v.error_lower, v.warn_lower) for v in found] == [(0.8, 0.9)]


def test_the_present_version_is_the_bound(store: Settings, client: Client) -> None:
    """What bound_versions calls present is what bounds says, slot by slot."""
    columns = "bound_id, origin, kind, namespace, name, state, metric, error_lower, warn_lower, owner, actor, reason"
    present = f"SELECT {columns} FROM leadline.bound_versions WHERE valid_to IS NULL ORDER BY ALL"
    assert client.query(present).result_rows == client.query(f"SELECT {columns} FROM leadline.bounds ORDER BY ALL").result_rows
