"""How one setting is declared: its name, where it is looked for, what it means. docs/settings.md is made of these."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from .errors import UsageError

_ONE_LINE = re.compile(r"[^\r\n\0]*")


@dataclass(frozen=True)
class Option:
    """`name` is the argument's and the file's key; `default` is what holds otherwise, as people say it."""

    name: str
    variable: str
    meaning: str
    default: str = ""
    secret: bool = False
    choices: tuple[str, ...] = ()

    def checked(self, value: object, source: str) -> str:
        """The value in its usual spelling. Raises UsageError for what is no text, none of the choices, or a secret of lines.

        What was given is never repeated: a secret lands in the wrong place easily.
        """
        if not isinstance(value, str):
            raise UsageError(f"{source} must be a text, not {type(value).__name__}")
        if self.secret and not _ONE_LINE.fullmatch(value):
            raise UsageError(f"{source} has a line feed in it; give the secret alone")
        if not self.choices or not value:
            return value
        found = next((choice for choice in self.choices if choice.lower() == value.lower()), None)
        if found is None:
            raise UsageError(f"{source} must be {', '.join(self.choices[:-1])} or {self.choices[-1]}")
        return found


def option(
    meaning: str, *, value: Any = "", variable: str = "", default: str = "", secret: bool = False, choices: Any = ()
) -> Any:
    """A field of `Settings`. `variable`: the environment's name, where it is not the field's in capitals."""
    parts = {"meaning": meaning, "variable": variable, "default": default, "secret": secret, "choices": choices}
    return field(default=value, metadata={"option": parts})


def options_of(kind: type) -> dict[str, Option]:
    """By name, in the order of their declaration."""
    found = {}
    for one in fields(kind):
        parts = dict(one.metadata["option"])
        parts["variable"] = parts["variable"] or one.name.upper()
        found[one.name] = Option(name=one.name, **parts)
    return found


def unknown(name: str, known: Iterable[str], place: str) -> UsageError:
    """The error about a name that is none of ours, with the nearest that is."""
    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    hint = f"; is it {near[0]}?" if near else "; docs/settings.md lists all"
    return UsageError(f"{place} has no setting {name!r}{hint}")
