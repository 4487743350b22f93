"""One tree for both sides: what a writer's schema is in the store, and what the store says it has."""

import pytest

from leadline.clickhouse.shape import Shape, columns, from_avro, from_clickhouse
from leadline.clickhouse.staging import StoreLacks, staging
from leadline.events.schemas import newest
from leadline.events.topics import record_types


@pytest.mark.parametrize("record", sorted(set(record_types()) - {"Tick"}))
def test_a_shape_survives_being_written(record: str) -> None:
    """Every column of every record reads back as the same tree."""
    for shape in columns(newest(record)).values():
        assert from_clickhouse(str(shape)) == shape


@pytest.mark.parametrize(
    ("avro", "clickhouse"),
    [
        ("string", "String"),
        (["null", "double"], "Nullable(Float64)"),
        ({"type": "long", "logicalType": "timestamp-micros"}, "DateTime64(6, 'UTC')"),
        ({"type": "array", "items": {"type": "map", "values": "long"}}, "Array(Map(String, Int64))"),
        (["null", {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}], "Tuple(a Int32)"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, "String"),
    ],
)
def test_avro_types_have_columns(avro: object, clickhouse: str) -> None:
    """A record that may be null is the empty one, since not every server has nullable tuples."""
    assert from_avro(avro) == from_clickhouse(clickhouse)


def test_a_union_of_several_types_has_none() -> None:
    """It stops its schema, with a sentence, instead of being stored half."""
    with pytest.raises(ValueError, match="union of 2"):
        from_avro(["string", "long"])


def test_the_path_of_a_missing_field_is_named() -> None:
    """Down into nested records."""
    store = columns(newest("RunEvent"))
    inputs = dict(store["inputs"].of.fields) if store["inputs"].of else {}
    del inputs["version"]
    with pytest.raises(StoreLacks, match=r"RunEvent\.inputs\.version of schema 7"):
        staging("RunEvent", 7, newest("RunEvent"), {**store, "inputs": Shape("Array", of=Shape("Tuple", fields=inputs))})


def test_equal_shapes_pass_as_they_are() -> None:
    """Nothing is converted where nothing differs, and both shapes decide the name."""
    store = columns(newest("LogsReported"))
    table, (_, view) = staging("LogsReported", 7, newest("LogsReported"), store)
    assert "CAST" not in view
    other, _ = staging("LogsReported", 7, newest("LogsReported"), {**store, "dropped": Shape("Int32")})
    assert table != other
