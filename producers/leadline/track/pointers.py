"""Where log text stays that is not sent: as a kind and a location that anybody can follow later, from another machine."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from leadline.core.errors import UsageError
from leadline.events.records import LogPointer

from .nodes import required_text
from .redact import without_credentials
from .shown import shown

KINDS = {"s3": "s3", "gs": "gcs", "http": "url", "https": "url", "file": "file"}
"""By the scheme of the URL."""
_CLOUDWATCH = re.compile(r"arn:[\w-]+:logs:[\w-]+:\d*:log-group:[^:]+:log-stream:[^:]+")
_FIX = (
    "give s3://bucket/key, gs://bucket/object, https://..., the path of a file, or CloudWatch's "
    "arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:STREAM"
)


def to_pointer(location: str | Path) -> LogPointer:
    """A file's location names this host too (RFC 8089). Credentials in URLs are left out. Raises UsageError."""
    if isinstance(location, Path):
        return _file(location)
    location = required_text(location, "location of the log")
    if _CLOUDWATCH.fullmatch(location):
        return LogPointer(kind="cloudwatch", location=location)
    scheme, separator, rest = location.partition("://")
    if not separator:
        if scheme.startswith("arn:"):
            raise UsageError(f"{shown(location)} names no log stream; {_FIX}")
        return _file(Path(location))
    kind = KINDS.get(scheme.lower())
    if kind is None or not rest:
        raise UsageError(f"{shown(location)} is no place that a log can be read from; {_FIX}")
    if kind == "file":
        parts = urlsplit(location)
        return _file(Path(unquote(parts.path)), parts.hostname or "")
    return LogPointer(kind=kind, location=without_credentials(location))


def _file(path: Path, host: str = "") -> LogPointer:
    host = socket.gethostname() if host in ("", "localhost") else host
    return LogPointer(kind="file", location=f"file://{host}{quote(str(path.expanduser().absolute()))}")
