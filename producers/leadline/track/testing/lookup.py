"""Finding the one thing that a test is about, and saying what there was instead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from leadline.events.records import Event

T = TypeVar("T")

MOST_LISTED = 40


@dataclass(frozen=True)
class Snapshot:
    """What was captured up to one moment; `note` says what was lost, if anything was."""

    events: Sequence[Event]
    note: str = ""


def one(found: Sequence[T], wanted: str, among: Sequence[T], note: str = "", show: Callable[[T], str] = repr) -> T:
    """Raises AssertionError, with a list of `among`, where nothing was found, and of what was found where that is several."""
    __tracebackhide__ = True
    if len(found) == 1:
        return found[0]
    if found:
        listed = _listed([show(thing) for thing in found])
        raise AssertionError(f"{wanted} was captured {len(found)} times; say which, or take all:{listed}{note}")
    instead = f"; there were:{_listed([show(thing) for thing in among])}" if among else ", and nothing like it"
    raise AssertionError(f"{wanted} was not captured{instead}{note}")


def _listed(lines: Sequence[str]) -> str:
    more = len(lines) - MOST_LISTED
    return "".join(f"\n  {line}" for line in lines[:MOST_LISTED]) + (f"\n  and {more} more" if more > 0 else "")


def wanted(kind: str, name: str, **details: object) -> str:
    """For example: metric 'auc' with slot=2013-07-01."""
    said = ", ".join(f"{key}={value}" for key, value in details.items() if value not in (None, ""))
    return " ".join(filter(None, [f"{kind} {name!r}" if name else f"a {kind}", f"with {said}" if said else ""]))
