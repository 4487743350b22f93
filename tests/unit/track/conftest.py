"""A client without Kafka: what a job reports is read back from the spool, byte for byte as it would be sent."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import fastavro
import msgspec
import pytest

from leadline import track
from leadline.core.settings import Settings
from leadline.events.records import Event
from leadline.events.schemas import newest, without_logical_types
from leadline.events.topics import record_types
from leadline.track import api
from leadline.track.entry import Entry
from leadline.track.segment import Segment, spooled

E = TypeVar("E", bound=Event)
OURS = ("KAFKA", "SCHEMA_REGISTRY", "LEADLINE_PARENT_RUN", "OPENLINEAGE_PARENT_ID", "LEADLINE_DISABLED", "TRACEPARENT")
TOOLS = (
    "GITHUB_ACTIONS",
    "GITHUB_SHA",
    "GITLAB_CI",
    "CI_COMMIT_SHA",
    "JENKINS_URL",
    "KUBERNETES_SERVICE_HOST",
    "INVOCATION_ID",
)
"""What tells of the tests' own surroundings."""


class Captured:
    """What was reported so far."""

    def __init__(self, client: track.Client, folder: Path) -> None:
        self.client = client
        self.folder = folder

    def all(self) -> list[Event]:
        """Everything, in order. Closes the client, so that it is on disk."""
        self.client.close()
        return [event for path in spooled(self.folder) for event in read_segment(path)]

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.all() if isinstance(event, kind)]


def read_segment(path: Path) -> list[Event]:
    segment = Segment.adopt(path)
    assert segment is not None, f"{path} is in use"
    events = [decode(entry) for entry in segment.entries()]
    segment.release()
    return events


def decode(entry: Entry) -> Event:
    schema = fastavro.parse_schema(without_logical_types(newest(entry.record)))
    event = msgspec.convert(fastavro.schemaless_reader(io.BytesIO(entry.body), schema, None), record_types()[entry.record])
    assert isinstance(event, Event)
    return event


@pytest.fixture
def captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    for variable in (*OURS, *TOOLS):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LEADLINE_DATA", str(tmp_path / "data"))
    client = track.configure(Settings(), spool=tmp_path / "spool", hold_seconds=60.0)  # however slow the machine
    yield Captured(client, tmp_path / "spool")
    client.close()
    monkeypatch.setattr(api, "_client", None)
