"""Whether one Avro schema reads what another wrote, by the specification's rules of schema resolution; pure.

Where it differs it is stricter, never looser: bytes are not read as a string (they need not be text), two logical types on
one field must agree (milliseconds read as microseconds are wrong by a thousand), and two written fields never become one.

Rules: https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .schema import AvroSchema, Node

_PROMOTIONS = {
    *(("int", wider) for wider in ("long", "float", "double")),
    *(("long", wider) for wider in ("float", "double")),
    ("float", "double"),
    ("string", "bytes"),
    ("bytes", "string"),
}
_NAMED = ("record", "error", "enum", "fixed")
_LOGICAL = ("logicalType", "precision", "scale")


def incompatibilities(
    reader: AvroSchema, writer: AvroSchema, names: tuple[str, str] = ("the reader", "the writer")
) -> list[str]:
    """Why `reader` cannot read what `writer` wrote, one line each; empty when it can.

    `names`: what the lines call the reader and the writer.
    """
    lines = _Resolution(reader.types, writer.types).check(reader.root, writer.root, "")
    return [line.replace("{reader}", names[0]).replace("{writer}", names[1]) for line in lines]


@dataclass
class _Resolution:
    reader_types: dict[str, Node]
    writer_types: dict[str, Node]
    seen: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of named types already compared: recursive types end here."""

    def check(self, reader: Node, writer: Node, path: str) -> Iterator[str]:
        reader, writer = self._reader(reader), self._writer(writer)
        if isinstance(writer, list):
            for branch in writer:
                yield from self.check(reader, branch, path)
        elif isinstance(reader, list):
            yield from self._check_union(reader, writer, path)
        elif not self._matches(reader, writer) or (_kind(writer), _kind(reader)) == ("bytes", "string"):
            yield f"{_at(path)}{{writer}} wrote {_describe(writer)}, {{reader}} expects {_describe(reader)}"
        else:
            yield from _check_logical(reader, writer, path)
            yield from self._check_inside(reader, writer, path)

    def _check_union(self, reader: list[Node], writer: Node, path: str) -> Iterator[str]:
        """The specification reads with the first branch that matches by name and type, so that one has to fit."""
        match = next((branch for branch in reader if self._matches(self._reader(branch), writer)), None)
        if match is None:
            expected = ", ".join(_describe(self._reader(branch)) for branch in reader)
            yield f"{_at(path)}{{writer}} wrote {_describe(writer)}, {{reader}} expects one of {expected}"
        else:
            yield from self.check(match, writer, path)

    def _check_inside(self, reader: Node, writer: Node, path: str) -> Iterator[str]:
        kind = _kind(reader)
        if kind == "array":
            yield from self.check(reader["items"], writer["items"], path + "[]")
        elif kind == "map":
            yield from self.check(reader["values"], writer["values"], path + "{}")
        elif kind == "enum":
            yield from _check_enum(reader, writer, path)
        elif kind in ("record", "error") and (reader["name"], writer["name"]) not in self.seen:
            self.seen.add((reader["name"], writer["name"]))
            yield from self._check_fields(reader, writer, path)

    def _check_fields(self, reader: Node, writer: Node, path: str) -> Iterator[str]:
        sources = _sources(reader["fields"], writer["fields"])
        for wanted in reader["fields"]:
            written = sources[wanted["name"]]
            inner = f"{path}.{wanted['name']}" if path else wanted["name"]
            if len(written) > 1:
                names = " and ".join(found["name"] for found in written)
                yield f"{_at(inner)}{{reader}} would read {names} of {{writer}} into it (by its aliases)"
            elif written:
                yield from self.check(wanted["type"], written[0]["type"], inner)
            elif "default" not in wanted:
                yield f"{_at(inner)}{{reader}} requires it (it has no default), {{writer}} does not write it"

    def _matches(self, reader: Node, writer: Node) -> bool:
        """By type and name alone, as a branch of a union is chosen."""
        if isinstance(writer, list) or isinstance(reader, list):
            return True
        reader_kind, writer_kind = _kind(reader), _kind(writer)
        if reader_kind != writer_kind:
            return (writer_kind, reader_kind) in _PROMOTIONS
        if reader_kind == "fixed" and reader["size"] != writer["size"]:
            return False
        if reader_kind in ("array", "map"):
            inside = "items" if reader_kind == "array" else "values"
            return self._matches(self._reader(reader[inside]), self._writer(writer[inside]))
        return reader_kind not in _NAMED or _same_name(reader, writer)

    def _reader(self, node: Node) -> Node:
        return _resolve(node, self.reader_types)

    def _writer(self, node: Node) -> Node:
        return _resolve(node, self.writer_types)


def _resolve(node: Node, types: dict[str, Node]) -> Node:
    """The definition behind a name, also behind `{"type": name}`."""
    if isinstance(node, dict) and (not isinstance(node["type"], str) or node["type"] in types):
        return _resolve(node["type"], types)
    return types.get(node, node) if isinstance(node, str) else node


def _sources(wanted: list[Any], written: list[Any]) -> dict[str, list[Any]]:
    """Reader's field to the writer's fields that would go into it: by name, else by alias."""
    sources: dict[str, list[Any]] = {entry["name"]: [] for entry in wanted}
    for entry in written:
        claims = [entry["name"]] if entry["name"] in sources else []
        claims = claims or [w["name"] for w in wanted if entry["name"] in w.get("aliases", ())][-1:]
        for name in claims:
            sources[name].append(entry)
    return sources


def _check_enum(reader: Node, writer: Node, path: str) -> Iterator[str]:
    unknown = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if unknown and not reader.get("default"):
        yield f"{_at(path)}{{reader}} does not know the symbols {', '.join(unknown)} and has no default"


def _check_logical(reader: Node, writer: Node, path: str) -> Iterator[str]:
    ours, theirs = _logical(reader), _logical(writer)
    if ours and theirs and ours != theirs:
        yield f"{_at(path)}{{writer}} wrote {' '.join(map(str, theirs))}, {{reader}} expects {' '.join(map(str, ours))}"


def _logical(node: Node) -> tuple[Any, ...]:
    if not isinstance(node, dict) or "logicalType" not in node:
        return ()
    return tuple(node[key] for key in _LOGICAL if key in node)


def _kind(node: Node) -> str:
    kind = node["type"] if isinstance(node, dict) else node
    return str(kind)


def _same_name(reader: Node, writer: Node) -> bool:
    """Unqualified names, as the specification has it, or one of the reader's aliases."""
    namespace, _, name = reader["name"].rpartition(".")
    aliases = (alias if "." in alias or not namespace else f"{namespace}.{alias}" for alias in reader.get("aliases", ()))
    return bool(writer["name"].rpartition(".")[2] == name or writer["name"] in aliases)


def _describe(node: Node) -> str:
    kind = _kind(node)
    if kind == "fixed":
        return f"fixed {node['name']} of {node['size']} bytes"
    return f"{kind} {node['name']}" if kind in _NAMED else kind


def _at(path: str) -> str:
    return f"field {path}: " if path else ""
