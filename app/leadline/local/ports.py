"""The block of loopback ports that one stack uses (DESIGN.md)."""

import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

from leadline.core.errors import UsageError
from leadline.core.roles import ROLES

DEFAULT_BASE = 19090
HOST = "127.0.0.1"
_GRACE_SECONDS = 3.0
"""What a killed stack still held is free again within this time."""


@dataclass(frozen=True)
class Ports:
    """`base` 1024 to 65516."""

    base: int = DEFAULT_BASE

    @property
    def kafka(self) -> int:
        return self.base

    @property
    def controller(self) -> int:
        return self.base + 1

    @property
    def registry(self) -> int:
        return self.base + 2

    @property
    def store(self) -> int:
        return self.base + 3

    @property
    def api(self) -> int:
        return self.base + 4

    def health(self, role: str) -> int:
        return self.base + 10 + list(ROLES).index(role)

    def of(self, services: Iterable[str]) -> dict[int, str]:
        """Port to who needs it, for the services named."""
        fixed = {
            "broker": (self.kafka, self.controller),
            "registry": (self.registry,),
            "store": (self.store,),
            "api": (self.api, self.health("api")),
        }
        return {port: name for name in services for port in fixed.get(name) or (self.health(name),)}


def check_free(ports: dict[int, str]) -> None:
    """Raises UsageError naming the first port that is taken, and for whom it is needed."""
    deadline = time.monotonic() + _GRACE_SECONDS
    for port, name in ports.items():
        while not _free(port):
            if time.monotonic() > deadline:
                raise UsageError(
                    f"port {port} (for {name}) is taken by another process; stop that one, "
                    "or choose another block of ports with --port-base"
                )
            time.sleep(0.05)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
