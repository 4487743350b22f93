"""The way to a server over HTTP: direct or through the machine's proxy, verified where it is TLS."""

import base64
import http.client
import urllib.parse
import urllib.request

from leadline.core.errors import UsageError
from leadline.core.settings import shown

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Route:
    """To `url`, `http[s]://host[:port][/prefix]`. Raises UsageError for anything else."""

    def __init__(self, url: str) -> None:
        self.url = shown(url).rstrip("/")
        parts = _parts(url)
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        self._proxy = _proxy(parts.scheme, self._host)

    def connection(self, seconds: float) -> http.client.HTTPConnection:
        """Not yet connected; `seconds` bound each step on the network."""
        if self._proxy is None:
            return self._to(self._host, self._port, seconds, tls=self._tls)
        connection = self._to(self._proxy.hostname or "", self._proxy.port or 80, seconds, tls=self._tls)
        if self._tls:
            connection.set_tunnel(self._host, self._port, self._proxy_headers())
        return connection

    def target(self, path: str) -> str:
        """What the request line names: a proxy without a tunnel has to be told the whole address."""
        local = f"{self._prefix}{path}"
        return local if self._proxy is None or self._tls else f"http://{self._name()}{local}"

    def headers(self) -> dict[str, str]:
        if self._proxy is None or self._tls:
            return {}
        return {"Host": self._name(), **self._proxy_headers()}

    def _to(self, host: str, port: int, seconds: float, *, tls: bool) -> http.client.HTTPConnection:
        if tls:
            return http.client.HTTPSConnection(host, port, timeout=seconds)  # verifies, by the machine's certificates
        return http.client.HTTPConnection(host, port, timeout=seconds)

    def _name(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    def _proxy_headers(self) -> dict[str, str]:
        if self._proxy is None or not self._proxy.username:
            return {}
        user = f"{urllib.parse.unquote(self._proxy.username)}:{urllib.parse.unquote(self._proxy.password or '')}"
        return {"Proxy-Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}


def _parts(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        good = False
    if not good or parts.username or parts.query or parts.fragment:
        raise UsageError(f"Leadline's address is {shown(url)!r}; it must look like https://leadline.example.com")
    return parts


def _proxy(scheme: str, host: str) -> urllib.parse.SplitResult | None:
    """By HTTP_PROXY, HTTPS_PROXY and NO_PROXY. None: direct, as loopback always is."""
    if host in _LOOPBACK or urllib.request.proxy_bypass(host):
        return None
    proxy = urllib.request.getproxies().get(scheme, "")
    return urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}") if proxy else None
