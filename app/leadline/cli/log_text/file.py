"""A file of this host. The location is `file://HOST/path` (RFC 8089)."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from leadline.core.errors import LeadlineError, UsageError

from .text import CHUNK, Text, head


def read(location: str, last: int) -> Text:
    """Raises UsageError for a file of another host: the file of that name here is another one."""
    parts = urlsplit(location)
    host, path = parts.netloc, Path(unquote(parts.path))
    here = socket.gethostname()
    if not host:
        raise UsageError(f"{path} is a file on a host that nobody named; this is {here}")
    if host.lower() not in ("localhost", here.lower()):
        raise UsageError(f"{path} is a file on {host}, and this is {here}; read it there, for example: ssh {host} tail {path}")
    try:
        if not path.is_file():  # a pipe or a device would never end
            raise LeadlineError(f"{path} is no file" if path.exists() else f"{path} is not there any more")
        size = path.stat().st_size
        return Text(size > last, head(_chunks(path, max(0, size - last)), last))
    except OSError as error:
        raise LeadlineError(f"{path} cannot be read: {error.strerror}") from error


def on(host: str, location: str) -> str:
    """The location with the host where it names none."""
    path = location if location.startswith("/") else location.removeprefix("file:")
    if path.startswith("//") and not path.startswith("///"):
        return location
    return f"file://{host}{quote('/' + path.lstrip('/'), safe='/%')}"


def _chunks(path: Path, start: int) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            file.seek(start)
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise LeadlineError(f"{path} cannot be read: {error.strerror}") from error
