"""Versions of jobs by content, the code and what it reads and writes: those of the view leadline.job_versions."""

import hashlib
import uuid
from collections.abc import Iterable

Io = tuple[str, str, str, str]
"""direction, kind, namespace, name"""


def code_of(code_hash: str, repository: str, path: str, commit: str) -> list[str]:
    """The source alone where its hash is known: a commit that left the job as it was makes no version."""
    return [code_hash] if code_hash else [repository, path, commit]


def job_version(namespace: str, name: str, code: list[str], io: Iterable[Io]) -> str:
    """The same UUID for the same content, whatever the order of `io`.

    The first 16 bytes of the SHA-256 of all parts, each after its length in bytes, as the view computes it.
    """
    parts = [namespace, name, *code, *(part for use in sorted(set(io)) for part in use)]
    content = b"".join(b"%d:%b" % (len(encoded), encoded) for encoded in map(str.encode, parts))
    return str(uuid.UUID(bytes=hashlib.sha256(content).digest()[:16]))
