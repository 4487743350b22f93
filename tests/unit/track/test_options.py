"""What type checkers are told about keyword arguments that are handed on is what is taken where they arrive."""

import inspect
from collections.abc import Callable
from typing import ForwardRef

from leadline import track
from leadline.core.settings import OPTIONS
from leadline.track.options import ClientOptions, Connection, RunOptions


def told(options: type, base: type = object) -> dict[str, str]:
    inherited = getattr(base, "__annotations__", {})
    kinds = {name: kind for name, kind in options.__annotations__.items() if name not in inherited}
    return {name: kind.__forward_arg__ for name, kind in kinds.items() if isinstance(kind, ForwardRef)}


def taken(function: Callable[..., object], besides: set[str]) -> dict[str, str]:
    parameters = inspect.signature(function).parameters.values()
    keywords = [one for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY and one.name not in besides]
    return {one.name: one.annotation for one in keywords}


def test_those_of_a_run() -> None:
    assert told(RunOptions) == taken(track.run, set())


def test_those_of_a_client() -> None:
    """`configure` names the spool itself."""
    assert told(ClientOptions, Connection) == taken(track.Client.__init__, {"spool"})


def test_those_of_a_connection() -> None:
    assert told(Connection).keys() == OPTIONS.keys() - {"spool"}
