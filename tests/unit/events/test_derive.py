"""The committed Avro schemas are what the records say, and evolve so that every reader can read every writer."""

from typing import Any

import fastavro
import pytest

from leadline.events.derive import avro_schema, records
from leadline.events.records import Event
from leadline.events.schemas import newest


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_newest_schema_equals_the_record(record: type[Event]) -> None:
    """A record changed without a new schema version is caught here; `python -m leadline.events.derive` writes it."""
    assert newest(record.__name__) == avro_schema(record)


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_schema_is_valid_avro(record: type[Event]) -> None:
    """fastavro accepts every schema, defaults included."""
    parsed: Any = fastavro.parse_schema(newest(record.__name__))
    assert parsed["name"] == f"leadline.events.{record.__name__}"
