"""What every event carries, and the spellings shared by all of them."""

from typing import Annotated

import msgspec
from msgspec import Meta

Micros = Annotated[int, Meta(extra={"avro": {"type": "long", "logicalType": "timestamp-micros"}})]
"""Microseconds since 1970-01-01T00:00:00Z."""

NODE_KINDS = ("JOB", "DATASET", "MODEL", "FEATURE_VIEW", "DEPLOYMENT", "ARTIFACT")
MODES = ("", "LIVE", "BACKFILL", "TEST")
"""The empty mode means: judge by when the run ended (bounds.md 5.4)."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record within an event."""


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all events."""

    event_id: Annotated[str, Meta(description="UUID; a retry of the same event keeps it")]
    event_time: Annotated[Micros, Meta(description="When it happened, UTC")]
    producer: Annotated[str, Meta(description="Name and version of the writing program, as name/version")]
    source: Annotated[str, Meta(description="The tool that it happened in, for example airflow or python")] = ""
