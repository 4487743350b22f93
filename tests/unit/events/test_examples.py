"""Every message under examples/messages is read by Python's codec and by ClickHouse's Avro reader, with the same values."""

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest

from leadline.events.codec import Codec, encode_body
from leadline.events.keys import key_of
from leadline.events.records import Event
from leadline.events.schemas import newest, without_logical_types
from leadline.events.topics import home_topic, load_topics, record_types
from leadline.events.validate import validate

from .registry_in_memory import MemoryRegistry

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "messages").glob("*/*.json"))


def _read(path: Path) -> Event:
    fields = json.loads(path.read_text())
    return msgspec.convert(fields, record_types()[fields.pop("record")])


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def test_every_topic_has_an_example() -> None:
    """A topic without an example message is a contract that nobody can see."""
    assert {path.parent.name for path in EXAMPLES} == {topic.name for topic in load_topics() if topic.records}


@pytest.mark.parametrize("path", EXAMPLES, ids=_name)
def test_example_through_the_codec(path: Path) -> None:
    """The example is valid, belongs to its topic, has a key, and survives encoding."""
    event = _read(path)
    validate(event)
    assert home_topic(type(event)) == path.parent.name
    key_of(event).decode("utf-8")
    codec = Codec(MemoryRegistry())
    assert codec.decode(codec.encode(event), type(event).__name__) == event


@pytest.mark.parametrize("path", EXAMPLES, ids=_name)
def test_example_through_clickhouse(path: Path, tmp_path: Path) -> None:
    """ClickHouse's own Avro reader sees the values that were written, field by field."""
    chdb = pytest.importorskip("chdb", reason="the ClickHouse engine has no wheel for this platform")
    event = _read(path)
    file = tmp_path / "example.avro"
    file.write_bytes(_container(event))
    columns = [field.name for field in msgspec.structs.fields(type(event))]
    row = json.loads(
        chdb.query(
            f"SELECT {', '.join(_as_text(c, event) for c in columns)} FROM file('{file}', Avro) "
            "SETTINGS output_format_json_quote_64bit_integers = 0",
            "JSONEachRow",
        ).bytes()
    )
    assert row == _expected(event)


def _container(event: Event) -> bytes:
    out = io.BytesIO()
    record = type(event).__name__
    schema = fastavro.parse_schema(without_logical_types(newest(record)))
    fields = fastavro.schemaless_reader(io.BytesIO(encode_body(event)), schema, None)
    fastavro.writer(out, schema, [fields])
    return out.getvalue()


def _as_text(column: str, event: Event) -> str:
    if isinstance(getattr(event, column), bytes):
        return f"hex({column}) AS {column}"
    if column == "headers":
        return "arrayMap(h -> tuple(h.1, hex(h.2))::Tuple(key String, value String), headers) AS headers"
    return column


def _expected(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, msgspec.Struct):
        return {field: _expected(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, list):
        return [_expected(part) for part in value]
    return value
