"""Versions of jobs by content: the code, and what it reads and writes."""

import uuid
from collections.abc import Iterable

import msgspec

_OURS = uuid.UUID("6d0f4c0e-9d0a-5c0b-8d3f-2f6f3b1f0a51")

Io = tuple[str, str, str, str]
"""direction, kind, namespace, name"""


def code_of(code_hash: str, repository: str, path: str, commit: str) -> list[str]:
    """The source alone where its hash is known: a commit that left the job as it was makes no version."""
    return [code_hash] if code_hash else [repository, path, commit]


def job_version(namespace: str, name: str, code: list[str], io: Iterable[Io]) -> str:
    """The same UUID for the same content, whatever the order of `io`."""
    content = msgspec.json.encode([namespace, name, code, sorted(set(io))]).decode()
    return str(uuid.uuid5(_OURS, content))
