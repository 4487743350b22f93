"""Who is who."""

import threading
from base64 import b64encode
from email.message import Message
from pathlib import Path

import pytest

from leadline.core.errors import UsageError
from leadline.local.store.credentials import load_or_create_token, role_of

TOKEN = "right"


def headers(**given: str) -> Message:
    message = Message()
    for name, value in given.items():
        message[name.replace("_", "-")] = value
    return message


def basic(text: str) -> Message:
    return headers(Authorization="Basic " + b64encode(text.encode()).decode())


@pytest.mark.parametrize(
    ("given", "parameters", "role"),
    [
        (headers(), {}, "reader"),
        (basic("default:"), {}, "reader"),
        (basic(":"), {}, "reader"),
        (basic("leadline:right"), {}, "writer"),
        (headers(X_ClickHouse_User="leadline", X_ClickHouse_Key="right"), {}, "writer"),
        (headers(), {"user": "leadline", "password": "right"}, "writer"),
        (basic("leadline:right:more"), {}, None),
        (basic("leadline:"), {}, None),
        (basic("leadline"), {}, None),
        (basic("other:right"), {}, None),
        (basic("default:right"), {}, None),
        (headers(Authorization="Basic "), {}, None),
        (headers(Authorization="Basic ÿ"), {}, None),
        (headers(Authorization="Bearer right"), {}, None),
        (headers(X_ClickHouse_Key="right"), {}, None),
        (headers(X_ClickHouse_User="leadline"), {"password": "right"}, None),
        (basic("leadline:wrong"), {"user": "leadline", "password": "right"}, None),
    ],
)
def test_a_role_needs_the_right_name_and_password(given: Message, parameters: dict[str, str], role: str | None) -> None:
    """From one place only; half of it, or a wrong first place, is nobody."""
    assert role_of(given, parameters, TOKEN) == role


def test_a_token_is_made_once(tmp_path: Path) -> None:
    """Long, for the owner's eyes only, and the same from then on."""
    path = tmp_path / "token"
    token = load_or_create_token(path)
    assert len(token) >= 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_token(path) == token


def test_an_empty_or_unreadable_token_is_refused(tmp_path: Path) -> None:
    """It would let everybody write."""
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(UsageError, match="is empty: remove it"):
        load_or_create_token(tmp_path / "empty")
    with pytest.raises(UsageError, match="cannot read or make the token"):
        load_or_create_token(tmp_path / "missing" / "token")


def test_two_starts_at_once_agree_on_a_token(tmp_path: Path) -> None:
    """One makes it, all read it."""
    found: set[str] = set()
    threads = [threading.Thread(target=lambda: found.add(load_or_create_token(tmp_path / "token"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
