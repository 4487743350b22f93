"""What happens to clients when their process forks: the child begins anew, with a queue, thread and connection of its own."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import Client

_clients: weakref.WeakSet[Client] = weakref.WeakSet()
_held: list[tuple[Client, bool]] = []


def watch(client: Client) -> None:
    _clients.add(client)


def clients() -> list[Client]:
    """All that live in this process."""
    return list(_clients)


def _before() -> None:
    _held[:] = [(client, client.hold()) for client in list(_clients)]


def _after_in_parent() -> None:
    for client, held in _held:
        if held:
            client.resume()
    _held.clear()


def _after_in_child() -> None:
    for client, _ in _held:
        client.begin_anew()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
