"""A client of a schema registry's REST interface, as small as our use of it.

Ours because confluent-kafka's own brings some twenty packages into every producing job.
"""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from leadline.core.errors import Unavailable, UsageError
from leadline.core.settings import Settings

from .kafka_security import check_readable
from .schemas import canonical, newest
from .topics import load_topics, subject

_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_NOT_FOUND = 404
_REFUSED = (401, 403, 407)


class RegistryClient:
    """Talks to one registry over HTTP. Answers are kept: an id never changes its schema.

    `url` may hold user and password. `token` wins over them. `ca`: file of the CA that the registry is trusted by.
    """

    def __init__(
        self, url: str, timeout_seconds: float = 5.0, *, username: str = "", password: str = "", token: str = "", ca: str = ""
    ) -> None:
        """Raises UsageError for what is no URL."""
        self._url, user, secret = _split(url)
        self._timeout = timeout_seconds
        self._schemas: dict[int, str] = {}
        self._authorization = _authorization(username or user, password or secret, token)
        self._opener = urllib.request.build_opener(*_handlers(self._url, ca))

    @classmethod
    def of(cls, settings: Settings, timeout_seconds: float = 5.0) -> "RegistryClient":
        """Raises UsageError without an address, or where the CA's file cannot be read."""
        check_readable(settings.require("schema_registry"), "schema_registry_ca")
        return cls(
            settings.schema_registry,
            timeout_seconds,
            username=settings.schema_registry_username,
            password=settings.schema_registry_password,
            token=settings.schema_registry_token,
            ca=settings.schema_registry_ca,
        )

    def register(self, subject: str, schema: str) -> int:
        """Raises Unavailable, or UsageError with the registry's reason where it refuses the schema."""
        status, answer = self._call("POST", f"/subjects/{urllib.parse.quote(subject, safe='')}/versions", {"schema": schema})
        if status != 200:
            raise UsageError(f"the registry refuses the schema of {subject}: {answer.get('message', status)}")
        return int(answer["id"])

    def schema(self, schema_id: int) -> str | None:
        known = self._schemas.get(schema_id)
        if known is not None:
            return known
        status, answer = self._call("GET", f"/schemas/ids/{schema_id}")
        if status == _NOT_FOUND:
            return None
        if status != 200:
            raise Unavailable(f"the registry at {self._url} answers {status}: {answer.get('message', '')}")
        self._schemas[schema_id] = str(answer["schema"])
        return self._schemas[schema_id]

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": _CONTENT_TYPE, "Accept": _CONTENT_TYPE},
        )
        if self._authorization:  # not for whomever a redirect leads to
            request.add_unredirected_header("Authorization", self._authorization)
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code in _REFUSED:
                raise Unavailable(_refused(self._url, error.code, bool(self._authorization))) from error
            if error.code >= 500:
                raise Unavailable(f"the registry at {self._url} answers {error.code}") from error
            return error.code, _json_or_empty(error.read())
        except (OSError, ValueError) as error:
            raise Unavailable(f"no schema registry at {self._url}: {_reason(error)}") from error


def _split(url: str) -> tuple[str, str, str]:
    """The address, user and password. No message repeats what was given: it may be all password."""
    try:
        parts = urllib.parse.urlsplit(url.rstrip("/"))
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        parts = urllib.parse.urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            "SCHEMA_REGISTRY is no URL such as https://registry.example.org; write / and @ in a password as %2F, %40"
        )
    host = parts.netloc.rpartition("@")[2]
    user, password = (urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
    return urllib.parse.urlunsplit((parts.scheme, host, parts.path, "", "")), user, password


def _authorization(username: str, password: str, token: str) -> str:
    if not (token.isascii() and token.isprintable()):  # the error of http.client would repeat it
        raise UsageError("the registry's token has signs that no header takes; is there a line feed in it?")
    if token:
        return f"Bearer {token}"
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}" if username else ""


def _handlers(url: str, ca: str) -> list[urllib.request.BaseHandler]:
    parts = urllib.parse.urlsplit(url)
    found: list[urllib.request.BaseHandler] = []
    if parts.hostname in ("127.0.0.1", "::1", "localhost"):
        found.append(urllib.request.ProxyHandler({}))  # a proxy is for the world outside, never for a registry on loopback
    if parts.scheme == "https" and ca:
        import ssl

        try:
            context = ssl.create_default_context(cafile=Path(ca).expanduser())
        except (OSError, ValueError) as error:
            raise UsageError(f"SCHEMA_REGISTRY_CA names {ca}, which holds no certificates in PEM: {error}") from error
        found.append(urllib.request.HTTPSHandler(context=context))
    return found


def _refused(url: str, status: int, named: bool) -> str:
    wanted = "refuses our credentials" if named else "asks for credentials"
    return f"the registry at {url} {wanted} ({status}): look at SCHEMA_REGISTRY_USERNAME, _PASSWORD and _TOKEN"


def _reason(error: BaseException) -> str:
    """The cause within urllib's wrapping, and what to do about it."""
    cause = getattr(error, "reason", error)
    distrust = getattr(cause, "verify_message", "")
    if distrust:
        return f"its certificate is not trusted ({distrust}): look at SCHEMA_REGISTRY_CA"
    return f"{cause}; is the stack up?"


def register_schemas(settings: Settings) -> None:
    """Every record under the subject of every topic that carries it. Raises Unavailable, UsageError (refused)."""
    client = RegistryClient.of(settings)
    for topic in load_topics(settings.environment):
        for record in (*topic.records, *topic.control):
            client.register(subject(topic.name, record), canonical(newest(record)))


def _json_or_empty(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
