"""Events survive the wire, and what is no event is named for what is wrong with it."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.core.errors import Unreadable
from leadline.events.codec import Codec, frame
from leadline.events.derive import records
from leadline.events.records import Event, MetricsReported, Reading, RunEvent

from .registry_in_memory import MemoryRegistry

_texts = st.text(st.characters(exclude_categories=["Cs"]))


def _values(kind: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one line a type
    """Values of a field's type, by msgspec's description of it."""
    match kind:
        case msgspec.inspect.Metadata():
            return _values(kind.type)
        case msgspec.inspect.StrType():
            return _texts
        case msgspec.inspect.IntType():
            return st.integers(-(2**63), 2**63 - 1)
        case msgspec.inspect.FloatType():
            return st.floats(allow_nan=False)
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.BytesType():
            return st.binary()
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.UnionType():
            return st.one_of([_values(part) for part in kind.types])
        case msgspec.inspect.ListType():
            return st.lists(_values(kind.item_type), max_size=3)
        case msgspec.inspect.DictType():
            return st.dictionaries(_texts, _values(kind.value_type), max_size=3)
        case msgspec.inspect.StructType():
            return st.builds(kind.cls, **{field.name: _values(field.type) for field in kind.fields})
    raise AssertionError(kind)


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_every_record_survives_the_wire(record: type[Event]) -> None:
    """decode(encode(event)) is the event, whatever text and numbers it holds."""
    codec = Codec(MemoryRegistry())
    topic = "leadline.any"

    @given(_values(msgspec.inspect.type_info(record)))
    def survives(event: Event) -> None:
        assert codec.decode(codec.encode(event, topic), record.__name__) == event

    survives()


def _metrics(value: float = 0.81) -> MetricsReported:
    return MetricsReported(
        event_id="0190",
        event_time=1_763_712_000_000_000,
        producer="test/1",
        kind="MODEL",
        namespace="mlflow://prod",
        name="churn",
        readings=[Reading(metric="auc", value=value)],
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_non_finite_values_survive(value: float) -> None:
    """NaN and infinities reach the reader, who must see them as violations."""
    codec = Codec(MemoryRegistry())
    decoded = codec.decode(codec.encode(_metrics(value)), "MetricsReported")
    assert isinstance(decoded, MetricsReported)
    assert repr(decoded.readings[0].value) == repr(value)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: b"", "not_avro"),
        (lambda data: b"{}", "not_avro"),
        (lambda data: b"\x01" + data[1:], "not_avro"),
        (lambda data: data[:-3], "truncated"),
        (lambda data: data + b"\x00", "trailing_bytes"),
        (lambda data: data + data[5:], "trailing_bytes"),
        (lambda data: frame(999, data[5:]), "unknown_schema"),
    ],
)
def test_damage_is_named(damage: Any, reason: str) -> None:
    """Each kind of damage gives its own reason, which dead letters are grouped by."""
    codec = Codec(MemoryRegistry())
    with pytest.raises(Unreadable) as caught:
        codec.decode(damage(codec.encode(_metrics())), "MetricsReported")
    assert caught.value.reason == reason


def test_header_and_schema_must_agree() -> None:
    """A body of one record under the header of another is refused rather than misread."""
    codec = Codec(MemoryRegistry())
    with pytest.raises(Unreadable, match="header says RunEvent"):
        codec.decode(codec.encode(_metrics()), "RunEvent")
    with pytest.raises(Unreadable, match="does not know"):
        codec.decode(codec.encode(_metrics()), "Nonsense")


def test_reader_reads_an_older_writer() -> None:
    """A field that the writer did not have yet takes its default."""
    registry = MemoryRegistry()
    codec = Codec(registry)
    run = RunEvent(event_id="1", event_time=1, producer="t/1", run_id="r", job_namespace="n", job_name="j", event_type="START")
    codec.encode(run)
    old = msgspec.json.decode(registry.schemas[0])
    old["fields"] = [field for field in old["fields"] if field["name"] != "facets"]
    registry.schemas.append(msgspec.json.encode(old).decode())
    import io

    import fastavro

    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(old), msgspec.to_builtins(run))
    assert codec.decode(frame(2, out.getvalue()), "RunEvent") == run
