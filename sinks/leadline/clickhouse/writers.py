"""What stands behind a writer schema id: its record, its staging table, its container header."""

import threading
from dataclasses import dataclass
from typing import Any

import msgspec

from leadline.core.errors import Unavailable, Unreadable
from leadline.events.codec import Registry
from leadline.events.schemas import Schema
from leadline.events.topics import topic_named

from .framing import Body, container, container_header
from .insert import Inserter, StagingMissing
from .shape import Shape, from_clickhouse
from .staging import DATABASE, StoreLacks, inlet, staging
from .statements import for_cluster

_COLUMNS = (
    "SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String} ORDER BY position"
)


@dataclass(frozen=True)
class Writer:
    """One writer schema, ready to be inserted."""

    record: str
    schema: Schema
    table: str
    header: bytes

    def block(self, bodies: list[Body]) -> bytes:
        return container(self.header, bodies)


class Writers:
    """Finds writers by schema id, and makes their staging at first sight. Thread-safe."""

    def __init__(self, registry: Registry, store: Inserter, cluster: str = "") -> None:
        self._registry = registry
        self._store = store
        self._cluster = cluster
        self._known: dict[int, Writer] = {}
        self._lock = threading.Lock()

    def of(self, topic: str, schema_id: int) -> Writer:
        """Raises Unreadable (nobody knows the id, or its record does not belong here), StoreLacks, Unavailable."""
        writer = self._known.get(schema_id)
        if writer is None:
            with self._lock:
                writer = self._known.get(schema_id) or self._make(topic, schema_id)
                self._known[schema_id] = writer
        if writer.record not in topic_named(topic).records:
            raise Unreadable("unknown_record", f"{writer.record} does not belong on {topic}")
        return writer

    def insert(self, writer: Writer, bodies: list[Body]) -> None:
        """Raises Refused, Unavailable (also where the staging was gone: it is made anew at the next try)."""
        try:
            self._store.insert(writer.table, writer.block(bodies))
        except StagingMissing as error:
            with self._lock:
                self._known.clear()
            raise Unavailable(str(error)) from error

    def _make(self, topic: str, schema_id: int) -> Writer:
        schema = self._schema(topic, schema_id)
        record = schema["name"]
        columns = self._inlet(record)
        if not columns:
            raise StoreLacks(f"the store has no place for {record}: run `leadline migrate`")
        try:
            table, statements = staging(record, schema_id, schema, columns)
        except (ValueError, KeyError) as error:
            raise StoreLacks(f"schema {schema_id} of {record} has a field that no column can hold: {error}") from error
        for statement in statements:
            for made in for_cluster(statement, self._cluster):
                self._store.command(made)
        return Writer(record, schema, table, container_header(schema))

    def _schema(self, topic: str, schema_id: int) -> Schema:
        text = self._registry.schema(schema_id)
        if text is None:
            raise Unreadable("unknown_schema", f"the registry has no schema with id {schema_id}")
        schema: Any = msgspec.json.decode(text)
        if not isinstance(schema, dict) or schema.get("name") not in topic_named(topic).records:
            raise Unreadable("unknown_record", f"schema {schema_id} is of no record that belongs on {topic}")
        return schema

    def _inlet(self, record: str) -> dict[str, Shape]:
        table = inlet(record).removeprefix(f"{DATABASE}.")
        rows = self._store.query(_COLUMNS, {"database": DATABASE, "table": table})
        return {name: from_clickhouse(kind) for name, kind in rows}
