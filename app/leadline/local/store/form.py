"""Requests as a form (multipart/form-data): clients send them where the bound values are too long for a URL."""

import re
from email.message import Message

from .body import BodyError

_NAME = re.compile(rb'\bname="([^"]*)"', re.IGNORECASE)
_FILE = re.compile(rb"\bfilename", re.IGNORECASE)


def is_form(headers: Message) -> bool:
    return headers.get_content_type() == "multipart/form-data"


def fields_of(headers: Message, body: bytes) -> dict[str, str]:
    """The form's fields by name, which count like parameters of the URL.

    Raises BodyError where it is no form, and for files: external tables would need an engine of their own.
    """
    boundary = headers.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise BodyError(400, "a form needs a boundary in its Content-Type")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if parts[0].strip() or not parts[-1].startswith(b"--"):
        raise BodyError(400, "the form does not begin and end with its boundary")
    return dict(_field(part) for part in parts[1:-1])


def _field(part: bytes) -> tuple[str, str]:
    head, separator, value = part.partition(b"\r\n\r\n")
    name = _NAME.search(head)
    if not separator or name is None:
        raise BodyError(400, "a part of the form has no name")
    if _FILE.search(head):
        raise BodyError(415, "external tables are not supported: send the values as a bound array")
    return name[1].decode(errors="surrogateescape"), value.decode(errors="surrogateescape")
