"""Files and folders on this machine: the hash of what they hold."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .description import Description

MAX_BYTES = 256 * 1024 * 1024
"""What is read whole within the call; of more, pieces are read within the call and the whole by a thread of its own."""
MAX_FILES = 10_000
PIECE = 16 * 1024
_CHUNK = 1024 * 1024


class Seen(NamedTuple):
    """A file as the file system knows it; it changes with the content, on file systems that keep times."""

    name: str
    size: int
    changed_at: int


def describe_file(path: Path) -> Description:
    """Raises OSError."""
    seen = _seen(path, "")
    if seen.size <= MAX_BYTES:
        content = file_hash(path)
        return _checked(Description(version=content, content_hash=content, size_bytes=seen.size), _seen(path, "") == seen)

    def whole() -> str | None:
        content = file_hash(path)
        return content if _seen(path, "") == seen else None

    version = f"sample:{_pieces_hash(path, seen.size)[:32]}"
    return _checked(Description(version=version, size_bytes=seen.size, later=whole), _seen(path, "") == seen)


def describe_folder(path: Path) -> Description:
    """Raises OSError."""
    seen = sorted(_files(path, MAX_FILES + 1), key=lambda file: file.name.encode(errors="surrogateescape"))
    if len(seen) > MAX_FILES:
        return Description(format="inode/directory", attributes={"not hashed": f"more than {MAX_FILES} files"})
    size = sum(file.size for file in seen)
    known = Description(format="inode/directory", size_bytes=size, files=len(seen))

    def whole() -> str | None:
        lines = [(file_hash(path / file.name).removeprefix("sha256:"), file.name) for file in seen]
        return manifest_hash(lines) if _unchanged(path, seen) else None

    if size <= MAX_BYTES:
        content = whole() or ""
        return _checked(_with(known, version=content, content_hash=content), bool(content))
    sampled = manifest_hash([(_pieces_hash(path / file.name, file.size), file.name) for file in seen])
    version = f"sample:{sampled.removeprefix('sha256:')[:32]}"
    return _checked(_with(known, version=version, later=whole), _unchanged(path, seen))


def file_hash(path: Path) -> str:
    """`sha256:` and the SHA-256 of the bytes. Raises OSError."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def manifest_hash(lines: list[tuple[str, str]]) -> str:
    """`sha256:` and the SHA-256 of one line per file, `HASH  NAME`, sorted by the bytes of the names.

    For names without line breaks and backslashes it is what this says:
    `find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum`.
    """
    digest = hashlib.sha256()
    for content, name in lines:
        digest.update(f"{content}  {name}\n".encode(errors="surrogateescape"))
    return f"sha256:{digest.hexdigest()}"


def _pieces_hash(path: Path, size: int) -> str:
    """SHA-256 of the size in decimal and of 16 KiB at the begin, in the middle and at the end."""
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for start in (0, max(0, size // 2 - PIECE // 2), max(0, size - PIECE)):
            file.seek(start)
            digest.update(file.read(PIECE))
    return digest.hexdigest()


def _files(folder: Path, most: int) -> list[Seen]:
    found: list[Seen] = []
    for name in _names(folder):
        found.append(_seen(folder / name, name))
        if len(found) == most:
            break
    return found


def _names(folder: Path) -> Iterator[str]:
    """Of regular files and links to them, relative, with slashes. Links to folders are not followed."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.is_file():
                yield path.relative_to(folder).as_posix()


def _unchanged(folder: Path, seen: list[Seen]) -> bool:
    now = sorted(_files(folder, len(seen) + 1), key=lambda file: file.name.encode(errors="surrogateescape"))
    return now == seen


def _seen(path: Path, name: str) -> Seen:
    stat = path.stat()
    return Seen(name, stat.st_size, stat.st_mtime_ns)


def _checked(description: Description, same: bool) -> Description:
    """What changed while it was read has no version: no hash is of a content that there was."""
    if same:
        return description
    kept = {**description.attributes, "not hashed": "it changed while it was read"}
    return _with(description, version="", content_hash="", attributes=kept, later=None)


def _with(description: Description, **fields: object) -> Description:
    from dataclasses import replace

    return replace(description, **fields)  # type: ignore[arg-type]  # its fields, as the callers write them
