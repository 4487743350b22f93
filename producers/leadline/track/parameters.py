"""Parameters as jobs have them: nested dictionaries, omegaconf, argparse, dataclasses, as flat names and texts."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from leadline.core.errors import UsageError

from .shown import shown
from .texts import to_texts

if TYPE_CHECKING:
    from argparse import Namespace

    from _typeshed import DataclassInstance

    Parameters = Mapping[str, object] | Namespace | SimpleNamespace | DataclassInstance

MAX_DEPTH = 16
"""What is nested deeper is one text; so is what holds itself."""
MAX_LEAVES = 10_000
"""Of one nested parameter."""


def to_parameters(values: object, field: str = "parameters") -> dict[str, str]:
    """Nested names are joined by dots: `{"optimizer": {"lr": 0.1}}` is `optimizer.lr`. Lists stay one text.

    Takes mappings (omegaconf's too), argparse.Namespace, SimpleNamespace and dataclasses. Raises UsageError for what is none
    of these, and for names that are no texts.
    """
    top = _parts(values)
    if top is None:
        raise UsageError(
            f"{field} is {shown(values)}; give a mapping, for example {{'name': 'value'}}, a namespace or a dataclass"
        )
    flat: dict[Any, object] = {}
    for name, value in top:
        if not isinstance(name, str) or not name or len(flat) >= MAX_LEAVES:
            flat[name] = value
            continue
        leaves = _leaves(name, value, MAX_DEPTH)
        flat |= islice(leaves, MAX_LEAVES)
        if next(leaves, None):
            flat[name] = f"<more than {MAX_LEAVES:,} values>"
    return to_texts(flat, field)


def _leaves(name: str, value: object, depth: int) -> Iterator[tuple[str, object]]:
    parts = _parts(value) if depth else None
    if not parts:
        yield name, value
        return
    for part, inner in parts:
        yield from _leaves(f"{name}.{part}", inner, depth - 1)


def _parts(value: object) -> list[tuple[Any, object]] | None:
    """Names and values of something nested; None for everything else."""
    if isinstance(value, Mapping):
        with contextlib.suppress(Exception):  # omegaconf raises where the whole is missing
            return [(name, _item(value, name)) for name in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name, None)) for field in dataclasses.fields(value)]
    if isinstance(value, SimpleNamespace) or any(base.__module__ == "argparse" for base in type(value).__mro__):
        return list(vars(value).items())
    return None


def _item(values: Mapping[Any, Any], name: object) -> object:
    """omegaconf looks a value up when it is asked for it, and raises where it is missing or refers to nothing."""
    try:
        return values[name]
    except Exception as error:
        return f"<{type(error).__name__}>"
