"""What was published of a series' episodes against what its readings say: the steps between the two.

For readings in order that is opened, escalated, deescalated, resolved. A late or a corrected reading may also show that

- an open episode never was, or began with another reading: `retracted`;
- an episode that has ended already ended otherwise, never was, or is learnt of only now: one `resolved` or `retracted` with
  the reason `corrected`. Corrections open nothing and end nothing: each opening keeps exactly one end;
- an episode that has ended goes on: `opened` again, under the same id and a higher ordinal.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from leadline.core.clock import Micros

from .episode import Episode
from .sample import Identity, Sample

OPEN, ENDED, RETRACTED = 0, 1, 2
CORRECTED = "corrected"


class Published(msgspec.Struct, frozen=True, array_like=True):
    """An episode as the world knows it."""

    episode: Episode
    state: int
    ordinal: int


class Step(NamedTuple):
    """One transition to publish. `sample` is the reading that it is about."""

    transition: str
    episode: Episode
    ordinal: int
    sample: Sample
    previous_severity: int = 0
    reason: str = ""
    time: Micros | None = None
    """Where it is not the reading's."""


Ledger = tuple[Published, ...]


def settle(ledger: Ledger, episodes: Sequence[Episode], *, whole: bool, cause: str = "") -> tuple[Ledger, list[Step]]:
    """The new ledger and the steps. `whole`: what is in the ledger and not among `episodes` never was, because `cause`."""
    known = {entry.episode.opening.identity: entry for entry in ledger}
    steps: list[Step] = []
    if whole:
        derived = {episode.opening.identity for episode in episodes}
        for identity, entry in known.items():
            if entry.state != RETRACTED and identity not in derived:
                known[identity] = _retract(entry, cause, steps)
    for episode in episodes:
        identity = episode.opening.identity
        known[identity] = _advance(known.get(identity), episode, cause, steps)
    return tuple(known.values()), steps


def _retract(entry: Published, cause: str, steps: list[Step]) -> Published:
    reason = cause if entry.state == OPEN else CORRECTED
    steps.append(Step("retracted", entry.episode, entry.ordinal + 1, entry.episode.latest, entry.episode.severity, reason))
    return Published(entry.episode, RETRACTED, entry.ordinal + 1)


def _advance(entry: Published | None, episode: Episode, cause: str, steps: list[Step]) -> Published:
    ordinal = entry.ordinal if entry else 0
    if entry is None or entry.state != OPEN:
        if episode.end is not None:
            return _past(entry, episode, steps)
        ordinal += 1
        reason = "" if entry is None else cause
        steps.append(Step("opened", episode, ordinal, episode.latest, 0, reason))
        return Published(episode, OPEN, ordinal)
    before = entry.episode.severity
    if episode.end is not None:
        steps.append(Step("resolved", episode, ordinal + 1, episode.end, before))
        return Published(episode, ENDED, ordinal + 1)
    if episode.severity != before:
        ordinal += 1
        name = "escalated" if episode.severity > before else "deescalated"
        steps.append(Step(name, episode, ordinal, episode.latest, before))
    return Published(episode, OPEN, ordinal)


def _past(entry: Published | None, episode: Episode, steps: list[Step]) -> Published:
    """An episode that is over, and was over or unknown before."""
    if entry is not None and entry.state == ENDED and _same_end(entry.episode, episode):
        return replace(entry, episode=episode)
    assert episode.end is not None
    ordinal = (entry.ordinal if entry else 0) + 1
    steps.append(Step("resolved", episode, ordinal, episode.end, episode.severity, CORRECTED))
    return Published(episode, ENDED, ordinal)


def _same_end(before: Episode, after: Episode) -> bool:
    return before.severity == after.severity and _identity(before.end) == _identity(after.end)


def _identity(sample: Sample | None) -> Identity | None:
    return sample.identity if sample else None


def forget(ledger: Ledger, ring: Sequence[Sample]) -> Ledger:
    """Without the episodes that no reading of the ring can change any more."""
    kept = {sample.identity for sample in ring}
    return tuple(
        entry
        for entry in ledger
        if entry.state == OPEN or _identity(entry.episode.end) in kept or entry.episode.opening.identity in kept
    )
