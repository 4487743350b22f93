"""Reading Marquez's nodeId."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.api.marquez.node_id import Way, field_id, node_id, type_of, ways
from leadline.core.errors import UsageError
from leadline.history.node import NodeRef

NAME = st.text(alphabet="a:/#.", min_size=1, max_size=8)


@given(NAME, NAME, NAME)
def test_what_was_meant_is_among_the_ways(namespace: str, name: str, field: str) -> None:
    """Whatever colons are in names, the nodeId that we write can be read as what it was written from."""
    assert Way(namespace, name) in ways(node_id(NodeRef("DATASET", namespace, name)))
    assert Way(namespace, name) in ways(node_id(NodeRef("JOB", namespace, name)))
    assert Way(namespace, name, field) in ways(field_id(namespace, name, field))


@given(NAME, NAME)
def test_the_longest_namespace_comes_first(namespace: str, name: str) -> None:
    """And nothing is read twice."""
    found = ways(f"dataset:{namespace}:{name}")
    assert [len(way.namespace) for way in found] == sorted({len(way.namespace) for way in found}, reverse=True)
    assert all(f"{way.namespace}:{way.name}" == f"{namespace}:{name}" for way in found)


def test_a_usual_namespace() -> None:
    """A scheme, a host and a port."""
    assert ways("job:airflow://prod:8080:etl.load") == [
        Way("airflow://prod:8080", "etl.load"),
        Way("airflow://prod", "8080:etl.load"),
        Way("airflow", "//prod:8080:etl.load"),
    ]


@pytest.mark.parametrize("text", ["", "dataset", "table:a:b", "run:1", "Dataset:a:b"])
def test_another_type(text: str) -> None:
    """Names the three that there are, or lacks a name."""
    with pytest.raises(UsageError, match="nodeId"):
        type_of(text)
        ways(text)


@pytest.mark.parametrize("text", ["dataset:", "dataset:a", "job:a:", "job::a", "datasetField:a:b", "dataset" + 50 * ":a"])
def test_no_way(text: str) -> None:
    """A part is missing, or there are more ways than anybody means."""
    with pytest.raises(UsageError, match="nodeId"):
        ways(text)
