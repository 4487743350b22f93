"""OTEL_RESOURCE_ATTRIBUTES: what whoever deployed the job says about its place."""

from collections.abc import Mapping
from urllib.parse import unquote

_MOST = 50
_LONGEST = 1_000


def attributes(environ: Mapping[str, str]) -> dict[str, str]:
    """`key=value,key=value`, values percent-encoded; what is no pair is left out."""
    pairs = [part.partition("=") for part in environ.get("OTEL_RESOURCE_ATTRIBUTES", "").split(",")]
    named = [(name.strip(), unquote(value.strip())[:_LONGEST]) for name, equals, value in pairs if equals]
    return {name: value for name, value in named[:_MOST] if name and value}
