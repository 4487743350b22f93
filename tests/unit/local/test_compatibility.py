"""Schema compatibility, against what fastavro can really read."""

import io
import json
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, event, given, reject, settings
from hypothesis import strategies as st

from leadline.events.schemas import canonical, published
from leadline.events.topics import record_types
from leadline.local.registry.compatibility import incompatibilities
from leadline.local.registry.errors import RegistryError
from leadline.local.registry.schema import parse

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")


@st.composite
def avro_schemas(draw: st.DrawFn) -> Any:
    """A record over a small world of names, so that two of them often have something in common."""
    return _record(draw, "Root", set(), 3)


def _node(draw: st.DrawFn, defined: set[str], depth: int) -> Any:
    kinds = ["primitive", "primitive", "enum", "fixed"] + (["array", "map", "record", "union"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "array":
        return {"type": "array", "items": _node(draw, defined, depth - 1)}
    if kind == "map":
        return {"type": "map", "values": _node(draw, defined, depth - 1)}
    if kind == "union":
        return _union(draw, defined, depth - 1)
    if kind == "primitive":
        return draw(st.sampled_from(PRIMITIVES))
    name = draw(st.sampled_from([f"{kind.title()}{number}" for number in (1, 2)]))
    return name if name in defined else _named(draw, kind, name, defined, depth - 1)


def _named(draw: st.DrawFn, kind: str, name: str, defined: set[str], depth: int) -> Any:
    if kind == "record":
        return _record(draw, name, defined, depth)
    defined.add(name)
    if kind == "fixed":
        return {"type": "fixed", "name": name, "size": draw(st.integers(1, 2))}
    symbols = draw(st.lists(st.sampled_from("XYZ"), min_size=1, max_size=3, unique=True))
    default = {"default": symbols[0]} if draw(st.booleans()) else {}
    return {"type": "enum", "name": name, "symbols": symbols, **default}


def _record(draw: st.DrawFn, name: str, defined: set[str], depth: int) -> Any:
    defined.add(name)
    names = draw(st.lists(st.sampled_from("abc"), max_size=3, unique=True))
    aliases = draw(st.lists(st.sampled_from(["Record1", "Record2", "Root"]), max_size=1))
    fields = [_field(draw, field, defined, depth) for field in names]
    return {"type": "record", "name": name, "fields": fields, **({"aliases": aliases} if aliases else {})}


def _field(draw: st.DrawFn, name: str, defined: set[str], depth: int) -> Any:
    kind = _node(draw, defined, max(0, depth))
    field = {"name": name, "type": kind}
    if kind in ("int", "long", "double", "string") and draw(st.booleans()):
        field["default"] = "" if kind == "string" else 0
    if isinstance(kind, list) and kind[0] == "null" and draw(st.booleans()):
        field["default"] = None
    if draw(st.integers(0, 3)) == 0:
        field["aliases"] = [draw(st.sampled_from("abcd"))]
    return field


def _union(draw: st.DrawFn, defined: set[str], depth: int) -> Any:
    branches: list[Any] = []
    seen: set[str] = set()
    for _ in range(draw(st.integers(1, 3))):
        names = set(defined)
        branch = draw(st.sampled_from(PRIMITIVES)) if draw(st.booleans()) else _node(draw, names, max(0, depth))
        label = branch if isinstance(branch, str) else branch.get("name", branch["type"]) if isinstance(branch, dict) else None
        if label and label not in seen:
            seen.add(label)
            defined |= names
            branches.append(branch)
    return branches or ["null"]


@st.composite
def schema_pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """A schema, and one that a few changes made of it."""
    writer = draw(avro_schemas())
    reader = _changed(draw, writer)
    try:
        parse(json.dumps(reader))
    except RegistryError:  # the change took away a type's only definition
        reject()
    return writer, reader


def _changed(draw: st.DrawFn, node: Any) -> Any:
    here = draw(st.integers(0, 4)) == 0
    if isinstance(node, list):
        branches = [_changed(draw, branch) if isinstance(branch, dict) else branch for branch in node]
        more = [extra for extra in PRIMITIVES if here and extra not in node and draw(st.booleans())]
        return [branch for branch in draw(st.permutations(branches)) if not here or draw(st.booleans())] + more or ["null"]
    if isinstance(node, str):
        choices: list[Any] = [*PRIMITIVES, list({"null": 0, node: 0})]
        return draw(st.sampled_from(choices)) if here and node in PRIMITIVES else node
    if node["type"] in ("array", "map"):
        inside = "items" if node["type"] == "array" else "values"
        return {**node, inside: _changed(draw, node[inside])}
    if node["type"] == "enum" and here:
        return {**node, "symbols": draw(st.lists(st.sampled_from("XYZ"), min_size=1, unique=True))}
    if node["type"] == "fixed" and here:
        return {**node, "size": 3}
    return {**node, "fields": _changed_fields(draw, node["fields"], here)} if node["type"] == "record" else node


def _changed_fields(draw: st.DrawFn, fields: list[Any], here: bool) -> list[Any]:
    changed = [{**entry, "type": _changed(draw, entry["type"])} for entry in fields]
    if here and len(changed) > 0 and draw(st.booleans()):
        renamed = changed.pop()
        changed.append({**renamed, "name": "z", "aliases": [renamed["name"]]})
    if here and draw(st.booleans()):
        changed.append({"name": "new", "type": "int", **({"default": 0} if draw(st.booleans()) else {})})
    if here and len(changed) > 1 and draw(st.booleans()):
        changed.pop(0)
    shuffled: list[Any] = draw(st.permutations(changed))
    return shuffled


def _value(draw: st.DrawFn, node: Any, types: dict[str, Any], depth: int) -> Any:
    """Data that the schema can write; recursive types end at `depth` by taking what is not a record."""
    if isinstance(node, list):
        return _branch_value(draw, node, types, depth)
    if isinstance(node, str) and node not in types:
        return draw(_PRIMITIVE_VALUES[node])
    node = types[node] if isinstance(node, str) else node
    kind = node["type"]
    if kind == "record":
        if depth <= 0:
            raise _TooDeep
        return {field["name"]: _value(draw, field["type"], types, depth - 1) for field in node["fields"]}
    if kind in ("array", "map"):
        inside = node["items"] if kind == "array" else node["values"]
        values = [_value(draw, inside, types, depth - 1) for _ in range(draw(st.integers(0, 2)) if depth > 0 else 0)]
        return values if kind == "array" else {str(number): value for number, value in enumerate(values)}
    if kind == "enum":
        return draw(st.sampled_from(node["symbols"]))
    size = node.get("size", 0)
    return draw(st.binary(min_size=size, max_size=size)) if kind == "fixed" else _value(draw, kind, types, depth)


def _branch_value(draw: st.DrawFn, union: list[Any], types: dict[str, Any], depth: int) -> Any:
    """The branch is named, so that each of them is really written."""
    branches = list(union)
    while branches:
        branch = branches.pop(draw(st.integers(0, len(branches) - 1)))
        definition = types.get(branch, branch) if isinstance(branch, str) else branch
        label = definition if isinstance(definition, str) else definition.get("name", definition["type"])
        try:
            return (label, _value(draw, branch, types, depth))
        except _TooDeep:
            continue
    raise _TooDeep


class _TooDeep(Exception):
    """The data would not end."""


_PRIMITIVE_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32, allow_nan=False),
    "double": st.floats(allow_nan=False),
    "bytes": st.binary(max_size=4),
    "string": st.text(max_size=4),
}


def read(writer: Any, reader: Any, value: Any) -> Any:
    """What `reader` makes of what `writer` wrote."""
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, writer, value)
    stream.seek(0)
    result = fastavro.schemaless_reader(stream, writer, reader)
    assert stream.read() == b""
    return result


def reasons(reader: Any, writer: Any) -> list[str]:
    return incompatibilities(parse(json.dumps(reader)), parse(json.dumps(writer)))


def check_that_compatible_means_readable(data: st.DataObject, writer: Any, reader: Any) -> None:
    found = reasons(reader, writer)
    parsed = parse(json.dumps(writer))
    try:
        value = data.draw(st.composite(lambda draw: _value(draw, parsed.root, parsed.types, 5))())
    except _TooDeep:
        reject()
    event("incompatible" if found else "compatible")
    if not found:
        read(writer, reader, value)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), writer=avro_schemas(), reader=avro_schemas())
def test_any_schema_called_compatible_reads(data: st.DataObject, writer: Any, reader: Any) -> None:
    """Whatever two schemas look like: if one is said to read the other, it reads what the other wrote."""
    check_that_compatible_means_readable(data, writer, reader)


@settings(max_examples=700, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), pair=schema_pairs())
def test_a_changed_schema_called_compatible_reads(data: st.DataObject, pair: tuple[Any, Any]) -> None:
    """A schema that was changed a little and is said to read its older self reads what that wrote, and the reverse."""
    check_that_compatible_means_readable(data, *pair)
    check_that_compatible_means_readable(data, *reversed(pair))


def record(*fields: Any, **more: Any) -> Any:
    return {"type": "record", "name": "Reading", "fields": list(fields), **more}


def field(name: str, kind: Any, **more: Any) -> Any:
    return {"name": name, "type": kind, **more}


COMPATIBLE = {
    "a field with a default is added": (record(field("a", "int"), field("b", "string", default="")), record(field("a", "int"))),
    "a field is removed": (record(), record(field("a", "int"))),
    "fields change their order": (
        record(field("a", "int"), field("b", "int")),
        record(field("b", "int"), field("a", "int")),
    ),
    "a field is renamed with an alias": (record(field("b", "int", aliases=["a"])), record(field("a", "int"))),
    "a number is widened": (record(field("a", "double")), record(field("a", "int"))),
    "a string is read as bytes": (record(field("a", "bytes")), record(field("a", "string"))),
    "a union gains a branch": (record(field("a", ["null", "int", "string"])), record(field("a", ["null", "int"]))),
    "a type becomes optional": (record(field("a", ["null", "int"])), record(field("a", "int"))),
    "an enum gains a symbol": (
        {"type": "enum", "name": "E", "symbols": ["X", "Y"]},
        {"type": "enum", "name": "E", "symbols": ["X"]},
    ),
    "an unknown symbol has a default": (
        {"type": "enum", "name": "E", "symbols": ["X"], "default": "X"},
        {"type": "enum", "name": "E", "symbols": ["X", "Y"]},
    ),
    "a record takes another's name as alias": (record(aliases=["Old"]), {"type": "record", "name": "Old", "fields": []}),
    "items are widened": ({"type": "array", "items": "long"}, {"type": "array", "items": "int"}),
    "a logical type is added": ({"type": "long", "logicalType": "timestamp-micros"}, "long"),
}

INCOMPATIBLE = {
    "a field without a default is added": (
        record(field("a", "int")),
        record(),
        "field a: the reader requires it (it has no default), the writer does not write it",
    ),
    "a number is narrowed": (record(field("a", "int")), record(field("a", "long")), "field a: the writer wrote long"),
    "bytes need not be text": ("string", "bytes", "the writer wrote bytes, the reader expects string"),
    "bytes beside a string": (["string", "bytes"], ["string", "bytes"], "the writer wrote bytes, the reader expects string"),
    "a nested field": (
        record(field("list", {"type": "array", "items": record(field("x", "int"), name="Item")})),
        record(field("list", {"type": "array", "items": record(field("x", "string"), name="Item")})),
        "field list[].x: the writer wrote string, the reader expects int",
    ),
    "an optional type becomes required": (
        record(field("a", "int")),
        record(field("a", ["null", "int"])),
        "field a: the writer wrote null, the reader expects int",
    ),
    "a union loses a branch": ("null", ["null", "int"], "the writer wrote int, the reader expects null"),
    "no branch fits": (["null", "int"], "string", "the reader expects one of null, int"),
    "a symbol is unknown": (
        {"type": "enum", "name": "E", "symbols": ["X"]},
        {"type": "enum", "name": "E", "symbols": ["X", "Y"]},
        "the reader does not know the symbols Y and has no default",
    ),
    "a fixed changes its size": (
        {"type": "fixed", "name": "F", "size": 4},
        {"type": "fixed", "name": "F", "size": 8},
        "the writer wrote fixed F of 8 bytes, the reader expects fixed F of 4 bytes",
    ),
    "another record": (record(), {"type": "record", "name": "Other", "fields": []}, "the writer wrote record Other"),
    "two fields would become one": (
        record(field("b", "int", aliases=["a"])),
        record(field("a", "int"), field("b", "int")),
        "field b: the reader would read a and b of the writer into it",
    ),
    "milliseconds as microseconds": (
        {"type": "long", "logicalType": "timestamp-micros"},
        {"type": "long", "logicalType": "timestamp-millis"},
        "the writer wrote timestamp-millis, the reader expects timestamp-micros",
    ),
    "a map's values": ({"type": "map", "values": "int"}, {"type": "map", "values": "string"}, "expects map"),
}


@pytest.mark.parametrize("case", COMPATIBLE)
def test_allowed_changes_are_allowed(case: str) -> None:
    """What the specification allows is allowed."""
    assert reasons(*COMPATIBLE[case]) == []


@pytest.mark.parametrize("case", INCOMPATIBLE)
def test_refused_changes_name_field_and_fault(case: str) -> None:
    """What cannot be read is refused with the field and what is wrong."""
    reader, writer, expected = INCOMPATIBLE[case]
    assert expected in "\n".join(reasons(reader, writer))


def test_recursive_types_end() -> None:
    """A type that holds itself is compared once."""
    tree = record(field("children", {"type": "array", "items": "Reading"}), field("x", "int"))
    other = record(field("children", {"type": "array", "items": "Reading"}), field("x", "string"))
    assert reasons(tree, tree) == []
    assert reasons(tree, other) == ["field x: the writer wrote string, the reader expects int"]


def test_our_own_versions_are_fully_compatible() -> None:
    """Every version of every record reads every other."""
    for name in record_types():
        for one in published(name):
            for other in published(name):
                assert incompatibilities(parse(canonical(one)), parse(canonical(other))) == []
