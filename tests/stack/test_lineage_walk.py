"""The walk over nodes of several kinds and namespaces, and over names with any text in them."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from leadline.core.settings import Settings
from leadline.events.records import EdgeObserved
from leadline.history.connection import reading
from leadline.history.lineage import walk
from leadline.history.node import NodeRef

from .facts import NOON, edge, io, put, run_event, running_store

pytestmark = pytest.mark.stack
QUOTED = 'it\'s "raw" \\ 😀\n{names:String}'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("walk")) as settings:
        yield settings


def _edge(source: NodeRef, target: NodeRef) -> EdgeObserved:
    return replace(
        edge(source.name, target.name, f"makes {target.name}", NOON),
        event_id=f"{source}>{target}",
        source_kind=source.kind,
        source_namespace=source.namespace,
        target_kind=target.kind,
        target_namespace=target.namespace,
    )


def test_nodes_of_one_name_are_not_mixed_up(store: Settings) -> None:
    """A frontier of one kind and namespace, and one of several, find exactly their own neighbours."""
    score, churn, twin = NodeRef("DATASET", "lake", "score"), NodeRef("MODEL", "prod", "x"), NodeRef("MODEL", "test", "x")
    raw, features = NodeRef("DATASET", "lake", QUOTED), NodeRef("DATASET", "lake", "x")
    elsewhere = NodeRef("DATASET", "elsewhere", "y")
    pairs = [(churn, score), (features, score), (raw, churn), (raw, features), (elsewhere, twin)]
    put(store, [_edge(source, target) for source, target in pairs])
    put(
        store,
        [run_event("writes", "r-1", "START", NOON, outputs=[io(QUOTED, namespace="lake"), io("y", namespace="elsewhere")])],
    )
    with reading(store) as client:
        up, down = walk(client, score, "up"), walk(client, raw, "down")
    assert {(found.node, found.distance) for found in up.nodes if found.kind != "JOB"} == {(churn, 1), (features, 1), (raw, 2)}
    assert {(found.node, found.distance) for found in down.nodes if found.kind != "JOB"} == {
        (churn, 1),
        (features, 1),
        (score, 2),
    }
    assert [(use.job.name, use.node) for use in up.uses] == [("writes", raw)]
    assert up.unresolved == 0
