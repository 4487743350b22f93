"""What a stack that `leadline up` runs says of itself in its data directory."""

import json
from pathlib import Path

from .errors import UsageError

ADDRESSES_FILE = "addresses.json"
TOKEN_FILE = "token"  # noqa: S105 - a file's name
STORE_WRITER = "leadline"
"""The user that the local store's token belongs to."""


def addresses(data: Path) -> dict[str, str]:
    """By the names of `Settings`; empty where no stack runs. Raises UsageError for an unreadable file."""
    path = data / ADDRESSES_FILE
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}; stop the stack, remove the file and start it again") from error
    return {str(name): str(address) for name, address in found.items()}


def token(data: Path) -> str:
    """The writer's password; empty where it is not ours to read."""
    try:
        return (data / TOKEN_FILE).read_text().strip()
    except OSError:
        return ""
