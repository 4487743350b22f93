"""The records of the `_schemas` topic, in Confluent's layout: a real registry can take the topic over.

Keys are compacted by their bytes, so their attributes stand in Confluent's order and without white space.
"""

import json
from typing import Any

Key = dict[str, Any]
Value = dict[str, Any]

SCHEMA = "SCHEMA"
DELETE_SUBJECT = "DELETE_SUBJECT"
CONFIG = "CONFIG"
NOOP = "NOOP"


def schema_key(subject: str, version: int) -> Key:
    return {"keytype": SCHEMA, "subject": subject, "version": version, "magic": 1}


def schema_value(subject: str, version: int, schema_id: int, schema: str) -> Value:
    return {"subject": subject, "version": version, "id": schema_id, "schema": schema, "deleted": False}


def delete_subject_key(subject: str) -> Key:
    return {"keytype": DELETE_SUBJECT, "subject": subject, "magic": 0}


def config_key(subject: str | None) -> Key:
    return {"keytype": CONFIG, "subject": subject, "magic": 0}


def noop_key() -> Key:
    return {"keytype": NOOP, "magic": 0}


def to_bytes(part: Key | Value | None) -> bytes | None:
    return None if part is None else json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode()


def from_bytes(data: bytes | None) -> dict[str, Any] | None:
    """None for a tombstone. Raises ValueError for what is no JSON object."""
    if data is None:
        return None
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError(f"not a JSON object: {data[:80]!r}")  # noqa: TRY004 - as for what is no JSON at all
    return found
