"""Confluent's REST interface, as far as its clients use it: method and path to an answer."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .errors import RegistryError, invalid_schema, schema_not_found
from .registry import Registry, no_level
from .schema import parse
from .state import DEFAULT_LEVEL, Version


@dataclass(frozen=True)
class Call:
    """One request: what the path's placeholders stood for, the query, the JSON body."""

    names: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]

    def __getitem__(self, name: str) -> str:
        return self.names[name]

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def schema(self) -> str:
        """Raises RegistryError 42201 for what we do not keep: other schema languages, references."""
        kind = self.body.get("schemaType") or "AVRO"
        if kind != "AVRO" or self.body.get("references"):
            raise invalid_schema(f"this registry keeps Avro schemas without references, not {kind}")
        if not isinstance(self.body.get("schema"), str):
            raise invalid_schema("the request has no text under 'schema'")
        return str(self.body["schema"])


Answer = Callable[[Registry, Call], Any]


def _schema_of_id(registry: Registry, call: Call) -> str:
    schema = registry.state.schema(_id(call))
    if schema is None:
        raise schema_not_found(call["id"])
    return schema


def _uses(registry: Registry, call: Call) -> list[Version]:
    _schema_of_id(registry, call)
    return registry.state.uses(_id(call), call.flag("deleted"))


def _id(call: Call) -> int:
    return int(call["id"]) if call["id"].isascii() and call["id"].isdigit() else -1


def _described(version: Version) -> dict[str, Any]:
    return {"subject": version.subject, "version": version.number, "id": version.id, "schema": version.schema}


def _register(registry: Registry, call: Call) -> Any:
    return {"id": registry.register(call["subject"], call.schema())}


def _lookup(registry: Registry, call: Call) -> Any:
    return _described(registry.lookup(call["subject"], call.schema(), call.flag("deleted")))


def _version(registry: Registry, call: Call) -> Version:
    return registry.version(call["subject"], call["version"], call.flag("deleted"))


def _numbers(registry: Registry, call: Call) -> list[int]:
    return [version.number for version in registry.versions(call["subject"], call.flag("deleted"))]


def _check_one(registry: Registry, call: Call) -> Any:
    return _verdict(registry, call, [registry.version(call["subject"], call["version"])])


def _check_all(registry: Registry, call: Call) -> Any:
    return _verdict(registry, call, registry.state.versions(call["subject"]))


def _verdict(registry: Registry, call: Call, against: list[Version]) -> Any:
    reasons = registry.check(call["subject"], parse(call.schema()), against)
    return {"is_compatible": not reasons, **({"messages": reasons} if call.flag("verbose") else {})}


def _level(registry: Registry, call: Call) -> Any:
    subject = call.names.get("subject")
    level = registry.state.level(subject)
    if level is None and subject is not None:
        if not call.flag("defaultToGlobal"):
            raise no_level(subject)
        level = registry.state.effective_level(subject)
    return {"compatibilityLevel": level or DEFAULT_LEVEL}


def _set_level(registry: Registry, call: Call) -> Any:
    level = str(call.body.get("compatibility", "")).upper()
    registry.set_level(call.names.get("subject"), level)
    return {"compatibility": level}


def _subjects(registry: Registry, call: Call) -> list[str]:
    prefix = call.query.get("subjectPrefix", "")
    return [name for name in registry.state.subjects(call.flag("deleted")) if name.startswith(prefix)]


def _delete_version(registry: Registry, call: Call) -> int:
    return registry.delete_version(call["subject"], call["version"], call.flag("permanent"))


def _always(value: Any) -> Answer:
    return lambda *_: value


_S, _V, _I = "(?P<subject>[^/]+)", "(?P<version>[^/]+)", "(?P<id>[^/]+)"
_ROUTES: list[tuple[str, re.Pattern[str], Answer]] = [
    (method, re.compile(path), answer)
    for method, path, answer in (
        ("GET", "/", _always({})),
        ("GET", "/subjects", _subjects),
        ("GET", f"/subjects/{_S}/versions", _numbers),
        ("POST", f"/subjects/{_S}/versions", _register),
        ("GET", f"/subjects/{_S}/versions/{_V}", lambda r, c: _described(_version(r, c))),
        ("GET", f"/subjects/{_S}/versions/{_V}/schema", lambda r, c: json.loads(_version(r, c).schema)),
        ("DELETE", f"/subjects/{_S}/versions/{_V}", _delete_version),
        ("POST", f"/subjects/{_S}", _lookup),
        ("DELETE", f"/subjects/{_S}", lambda r, c: r.delete_subject(c["subject"], c.flag("permanent"))),
        ("GET", "/schemas/types", _always(["AVRO"])),
        ("GET", f"/schemas/ids/{_I}", lambda r, c: {"schema": _schema_of_id(r, c)}),
        ("GET", f"/schemas/ids/{_I}/schema", lambda r, c: json.loads(_schema_of_id(r, c))),
        ("GET", f"/schemas/ids/{_I}/subjects", lambda r, c: sorted({v.subject for v in _uses(r, c)})),
        ("GET", f"/schemas/ids/{_I}/versions", lambda r, c: [{"subject": v.subject, "version": v.number} for v in _uses(r, c)]),
        ("POST", f"/compatibility/subjects/{_S}/versions", _check_all),
        ("POST", f"/compatibility/subjects/{_S}/versions/{_V}", _check_one),
        ("GET", f"/config(/{_S})?", _level),
        ("PUT", f"/config(/{_S})?", _set_level),
        ("DELETE", f"/config(/{_S})?", lambda r, c: {"compatibilityLevel": r.clear_level(c.names.get("subject"))}),
        ("GET", f"/mode(/{_S})?", _always({"mode": "READWRITE"})),
        ("GET", "/healthz", _always({"ok": True})),
    )
]


def answer(registry: Registry, method: str, target: str, body: dict[str, Any]) -> Any:
    """The answer as JSON data. Raises RegistryError, Unavailable."""
    url = urlsplit(target)
    path = url.path if url.path == "/" else url.path.rstrip("/")
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    known = False
    for wanted, pattern, handle in _ROUTES:
        match = pattern.fullmatch(path)
        known = known or match is not None
        if match and wanted == method:
            return handle(registry, Call({k: unquote(v) for k, v in match.groupdict().items() if v}, query, body))
    raise RegistryError(405, f"{method} is not possible here") if known else RegistryError(404, f"there is no {path}")
