"""Where the API listens: LEADLINE_LISTEN, `host:port`."""

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from leadline.core.errors import UsageError

DEFAULT = "127.0.0.1:19094"
_BACKLOG = 512


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)

    def bind(self) -> socket.socket:
        """A socket that listens. Raises UsageError where that is not possible."""
        try:
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            return socket.create_server((self.host, self.port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise UsageError(f"cannot listen on {self.host}:{self.port}: {error.strerror}; set LEADLINE_LISTEN") from None


def load_address(environ: Mapping[str, str]) -> Address:
    """Raises UsageError for what is no `host:port`."""
    text = environ.get("LEADLINE_LISTEN", "") or DEFAULT
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"LEADLINE_LISTEN is {text!r}; it must be host:port, for example {DEFAULT} or [::1]:19094")
    return Address(host.strip("[]"), int(port))


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
