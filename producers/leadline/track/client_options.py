"""Options of a client as callers give them: checked before anything is begun. All raise UsageError with what to write."""

from __future__ import annotations

import inspect
import math
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.core.errors import UsageError

from .choices import chosen
from .nodes import MAX_NAME, optional_text
from .process import actor
from .redact import Redactor
from .shown import shown
from .switch import switched_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def to_redactor(redact: bool | None, names: Iterable[str], values: Iterable[str]) -> Redactor | None:
    told = [*_texts("redact_names", names), *os.environ.get("LEADLINE_REDACT_NAMES", "").split(",")]
    redactor = Redactor(told, _texts("redact_values", values))
    wanted = switched_on("LEADLINE_REDACT", default=True) if redact is None else to_switch("redact", redact)
    return redactor if wanted else None


def _texts(field: str, values: object) -> list[str]:
    if not isinstance(values, list | tuple | set | frozenset):
        raise UsageError(f"{field} is {shown(values)}; give a list of texts")
    return [optional_text(value, field, MAX_NAME) for value in values]


def check_numbers(**numbers: object) -> None:
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < math.inf:
            raise UsageError(f"{name} is {shown(number)}; give a number from 0")


def to_folder(spool: object) -> Path | None:
    """None for the empty text, which names no folder."""
    if isinstance(spool, str):
        return Path(optional_text(spool, "spool", MAX_NAME)) if str.__len__(spool) else None
    if not isinstance(spool, Path):
        raise UsageError(f"spool is {shown(spool)}; give the path of a folder")
    return spool


def to_switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{name} is {shown(value)}; give True or False, or None: as the environment says")
    return value


def all_ranks(ranks: object) -> bool:
    if ranks is None:
        return os.environ.get("LEADLINE_RANKS", "").strip().lower() == "all"
    return chosen(ranks, ("first", "all"), "ranks") == "all"


def checked_connection(settings: object, arguments: Mapping[str, object]) -> dict[str, str]:
    """The settings by name, checked at once, where the line that is wrong can be shown. Raises UsageError."""
    from leadline.core.option import unknown
    from leadline.core.settings import OPTIONS, Settings, checked_arguments

    from .client import Client

    if isinstance(settings, Client):
        raise UsageError("a client is no settings; write track.configure(client=...)")
    if settings is not None and not isinstance(settings, Settings):
        raise UsageError(
            f"settings are of type Settings, not {type(settings).__name__}; write them by name: kafka=..., or none"
        )
    for name in arguments:
        if name not in OPTIONS:
            raise unknown(name, [*OPTIONS, *inspect.signature(Client.__init__).parameters], "Client")
    return checked_arguments(arguments)


def spool_of_environment() -> Path:
    told = os.environ.get("LEADLINE_SPOOL")
    if told:
        return Path(told)
    try:
        return Path(os.environ.get("LEADLINE_DATA") or Path.home() / ".leadline") / "spool"
    except RuntimeError:  # an account without a home, as containers have them
        return Path(tempfile.gettempdir()) / f"leadline-{actor() or 'nobody'}" / "spool"
