"""An object in Google Cloud Storage, through google-cloud-storage with its own settings and credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.core.errors import LeadlineError, UsageError

from .installed import library
from .text import CHUNK, Text, head

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(location: str, last: int) -> Text:
    """`gs://bucket/object`."""
    bucket, _, name = location.removeprefix("gs://").partition("/")
    if not bucket or not name:
        raise UsageError(f"{location} names no object; an object is gs://bucket/object")
    storage = library("google.cloud.storage", "google-cloud-storage")
    try:
        blob = storage.Client().bucket(bucket).blob(name)
        blob.reload()
    except Exception as error:  # of Google's API, of its credentials, of HTTP: they have no base in common
        raise LeadlineError(f"{location} cannot be read: {error}") from None
    start = max(0, blob.size - last)
    return Text(start > 0, head(_chunks(blob, start, location), last))


def _chunks(blob: Any, start: int, location: str) -> Iterator[bytes]:
    try:
        with blob.open("rb") as file:
            file.seek(start)
            while chunk := file.read(CHUNK):
                yield chunk
    except Exception as error:
        raise LeadlineError(f"{location} broke off: {error}") from None
