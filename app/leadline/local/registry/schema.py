"""An Avro schema's text, parsed, and what makes two of them the same."""

import json
from dataclasses import dataclass
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException, UnknownType

from .errors import invalid_schema

Node = Any
"""A parsed schema: a primitive's or a named type's full name, a list (union) or a dict with full names."""


@dataclass(frozen=True)
class AvroSchema:
    """`types`: every named type by its full name."""

    root: Node
    types: dict[str, Node]


def parse(text: str) -> AvroSchema:
    """Raises RegistryError 42201 for what is no Avro schema."""
    types: dict[str, Node] = {}
    try:
        root = fastavro.parse_schema(json.loads(text), named_schemas=types, expand=False)
    except (SchemaParseException, UnknownType, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise invalid_schema(f"{type(error).__name__}: {error}") from error
    _check_unions(root)
    return AvroSchema(root, types)


def _check_unions(node: Node) -> None:
    """fastavro lets pass what the specification forbids: a union within a union, and one type twice."""
    if isinstance(node, dict):
        for inside in (*(entry["type"] for entry in node.get("fields", ())), node.get("items"), node.get("values")):
            _check_unions(inside)
    if isinstance(node, list):
        names = [_label(branch) for branch in node]
        if len(set(names)) < len(names) or any(isinstance(branch, list) for branch in node):
            raise invalid_schema(f"the union of {', '.join(names)} holds a union or one type twice")
        for branch in node:
            _check_unions(branch)


def _label(branch: Node) -> str:
    if isinstance(branch, list):
        return "union"
    return branch if isinstance(branch, str) else str(branch.get("name", branch["type"]))


def fingerprint(text: str) -> str:
    """The same for the same schema, whatever its white space and the order of its attributes.

    Not Avro's parsing canonical form: that drops defaults, aliases and logical types, so that a schema which differs in
    nothing else would get the older one's id and lose what is new in it.
    """
    try:
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    except ValueError:
        return text
