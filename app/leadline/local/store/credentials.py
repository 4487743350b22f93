"""Who is who: the writer holds the token, everybody else on this machine reads."""

import base64
import contextlib
import hmac
import os
import secrets
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from tempfile import NamedTemporaryFile

from leadline.core.errors import UsageError
from leadline.core.settings import STORE_WRITER

from .engine import Role

READER = "default"


def load_or_create_token(path: Path) -> str:
    """The writer's token; a new one, readable by its owner alone, where there is none.

    Raises UsageError on an empty file, and where it can be neither read nor made.
    """
    try:
        if not path.exists():
            _create(path)
        token = path.read_text().strip()
    except OSError as error:
        raise UsageError(f"cannot read or make the token {path}: {error.strerror}; give --token-file another place") from None
    if not token:
        raise UsageError(f"{path} is empty: remove it, and a new token is made at the next start")
    return token


def _create(path: Path) -> None:
    """Linked into place when it is whole, so that nobody ever reads half of it; the first of two makers wins."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=".token-") as file:  # made with mode 0600
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)


def role_of(headers: Message, parameters: Mapping[str, str], token: str) -> Role | None:
    """None where name or password are wrong. Looks where ClickHouse does: basic auth, its own headers, the URL."""
    user, password = _given(headers, parameters)
    if user == READER and not password:
        return "reader"
    # Both are compared, always, in constant time: nothing is to be learned from how long a refusal takes.
    right_user = hmac.compare_digest(user.encode(), STORE_WRITER.encode())
    right_password = hmac.compare_digest(password.encode(), token.encode())
    return "writer" if right_user and right_password else None


def _given(headers: Message, parameters: Mapping[str, str]) -> tuple[str, str]:
    authorization = headers.get("Authorization") or ""
    if authorization:
        return _basic(authorization)
    if headers.get("X-ClickHouse-User") or headers.get("X-ClickHouse-Key"):
        return headers.get("X-ClickHouse-User") or READER, headers.get("X-ClickHouse-Key") or ""
    return parameters.get("user") or READER, parameters.get("password") or ""


def _basic(authorization: str) -> tuple[str, str]:
    """An unreadable header is nobody's: it must not fall back to the reader, whose caller meant to be somebody."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return (user or READER, password) if colon else ("", "")
