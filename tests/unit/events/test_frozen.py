"""Published schemas stay as they are, and each reads what every other of its record wrote."""

import hashlib
import itertools
import sys
from pathlib import Path

import pytest

import leadline.events
from leadline.events.derive import records
from leadline.events.schemas import canonical, published
from leadline.local.registry.compatibility import incompatibilities
from leadline.local.registry.schema import parse

AVRO = Path(leadline.events.__file__).parent / "avro"

PIN = Path(__file__).with_name("frozen_schemas.txt")
"""`SHA-256  FILE`, as sha256sum writes it. A new version is a new line: `python tests/unit/events/test_frozen.py` adds it."""


def digests() -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(AVRO.glob("*.avsc"))}


def pinned() -> dict[str, str]:
    return {name: digest for digest, name in (line.split() for line in PIN.read_text().splitlines())}


def test_no_published_schema_ever_changes() -> None:
    """Messages of years ago are read by it, and a registry would take a changed one for another schema."""
    assert digests() == pinned(), "a change is a new version: python -m leadline.events.derive, then add its line to the pins"


@pytest.mark.parametrize("record", [kind.__name__ for kind in records()])
def test_every_version_reads_every_other(record: str) -> None:
    """FULL_TRANSITIVE: whoever is upgraded last still reads, and what was written first is still read."""
    versions = [(f"{record}.v{number}", parse(canonical(schema))) for number, schema in enumerate(published(record), 1)]
    assert versions, f"{record} has no published schema"
    for (reader, reads), (writer, wrote) in itertools.permutations(versions, 2):
        assert incompatibilities(reads, wrote, (reader, writer)) == []


if __name__ == "__main__":
    known = pinned() if PIN.exists() else {}
    PIN.write_text("".join(f"{digest}  {name}\n" for name, digest in {**digests(), **known}.items()))
    sys.stdout.write(f"{PIN} has a line for each published schema; the lines that were there are as they were\n")
