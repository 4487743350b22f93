"""A URL that fsspec can open: what the store tells of it, rather than its bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from leadline.core.errors import LeadlineError

from .description import Description
from .files import MAX_FILES, manifest_hash
from .local import MAX_METADATA, media_type, read_metadata
from .stores import describe_object, lakefs_commit
from .tables import delta_version, describe_iceberg, newest_iceberg_metadata

T = TypeVar("T")

SECONDS = 2.0
"""How long a call waits for a store at most."""
MAX_READ = 8 * 1024 * 1024
"""Bytes that are read, where the store tells neither a version nor a tag."""


def describe_url(url: str, *, seconds: float = SECONDS) -> Description:
    """Raises what fsspec raises, and LeadlineError where it has not answered in time."""
    location = {"location": url}
    if commit := lakefs_commit(url):
        return Description(version=commit, attributes=location)
    found = _within(seconds, lambda: _ask(url), url)
    return replace(found, format=found.format or media_type(url), attributes={**found.attributes, **location})


def _within(seconds: float, ask: Callable[[], T], url: str) -> T:
    """In a thread of its own: a store that hangs must not hold the job."""
    answer: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            answer.append(ask())
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="leadline-describe", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answer:
        raise LeadlineError(f"{url} did not answer within {seconds:g} s")
    return answer[0]


def _ask(url: str) -> Description:
    import fsspec  # type: ignore[import-untyped]  # has no types

    files, path = fsspec.core.url_to_fs(url)
    files.invalidate_cache()  # it is the job's too, and may know a listing from before the job wrote by another way
    info = files.info(path)
    if info.get("type") != "directory":
        return _file(files, path, info)
    return _table(files, path) or _folder(files, path)


def _file(files: Any, path: str, info: dict[str, Any]) -> Description:
    found = describe_object(info)
    if found.version or found.size_bytes is None or found.size_bytes > MAX_READ:
        return found
    import hashlib

    content = f"sha256:{hashlib.sha256(files.cat_file(path)).hexdigest()}"
    return replace(found, version=content, content_hash=content)


def _table(files: Any, path: str) -> Description | None:
    if version := delta_version(_names(files, f"{path}/_delta_log")):
        return Description(version=version, format="delta")
    names = _names(files, f"{path}/metadata")
    hint = files.cat_file(f"{path}/metadata/version-hint.text").decode() if "version-hint.text" in names else ""
    newest = newest_iceberg_metadata(names, hint)
    if newest and files.info(f"{path}/metadata/{newest}")["size"] <= MAX_METADATA:
        return describe_iceberg(read_metadata(files.cat_file(f"{path}/metadata/{newest}")))
    return None


def _folder(files: Any, path: str) -> Description:
    """By the tags that the store has of the objects below; without them, only number and size."""
    known = Description(format="inode/directory")
    lines, size = list[tuple[str, str]](), 0
    for _, _, found in files.walk(path, detail=True):
        for info in found.values():
            entry = describe_object(info)
            lines.append((entry.version, str(info["name"]).removeprefix(path).strip("/")))
            size += entry.size_bytes or 0
        if len(lines) > MAX_FILES:
            return replace(known, attributes={"not hashed": f"more than {MAX_FILES} files"})
    lines.sort(key=lambda line: line[1].encode(errors="surrogateescape"))
    tagged = lines and all(tag for tag, _ in lines)
    return replace(known, version=manifest_hash(lines) if tagged else "", size_bytes=size, files=len(lines))


def _names(files: Any, path: str) -> list[str]:
    try:
        return [str(name).rstrip("/").rpartition("/")[2] for name in files.ls(path, detail=False)]
    except FileNotFoundError:
        return []
