"""Which edges an answer is made of: those that held at a time, as they were known at a time, and seen since a time."""

import msgspec

from leadline.events.records.event import Micros

from .query import MOMENT, where

_IDENTITY = (
    "granularity, source_kind, source_namespace, source_name, source_version, source_field, target_kind, target_namespace, "
    "target_name, target_version, target_field, job_namespace, job_name, run_id, valid_from"
)


class Times(msgspec.Struct, frozen=True):
    """All of these, in microseconds; None: without that restriction."""

    as_of: Micros | None = None
    """What held then. None: what holds now."""
    known_at: Micros | None = None
    """As it was known then: the answer stays the same for ever, whatever comes late."""
    since: Micros | None = None
    """Only what a run confirmed since then."""

    @property
    def past(self) -> bool:
        """What came later must not show: neither that an edge ended since then nor that it was confirmed."""
        return self.as_of is not None and self.known_at is None

    def parameters(self) -> dict[str, Micros | None]:
        return {"as_of": self.as_of, "known_at": self.known_at, "since": self.since}


def edges(times: Times, granularity: str, near: str, *, up: bool) -> str:
    """FROM and WHERE for the edges of `granularity` that fulfil the condition `near`; parameters are those of `times`.

    `up`: `near` is about the targets, which is fast in another table than what is about the sources. At run level an edge is an
    event of one run, which holds for ever from then on.
    """
    held = "" if granularity == "RUN" else "valid_to IS NULL"
    if times.as_of is not None:
        until = "" if granularity == "RUN" else f"AND (valid_to IS NULL OR valid_to > {MOMENT % 'as_of'})"
        held = f"valid_from <= {MOMENT % 'as_of'} {until}"
    of = f"granularity = '{granularity}'"
    seen = _seen(times, of, near)
    if times.known_at is None:
        return f"FROM leadline.{'lineage_edges_by_target' if up else 'lineage_edges'} " + where(of, near, held, seen)
    known = where(of, near, f"recorded_at <= {MOMENT % 'known_at'}")
    # Of equal revisions, sent twice by a worker that was restarted, the first is what was known.
    newest = f"ORDER BY revision DESC, recorded_at LIMIT 1 BY {_IDENTITY}"
    revisions = f"SELECT * FROM leadline.lineage_revisions {known} {newest}"  # noqa: S608 - conditions of ours
    return f"FROM ({revisions}) {where('NOT retracted', held, seen)}"


def _seen(times: Times, of: str, near: str) -> str:
    """Whether a run confirmed it since then; where it is asked as of a time, a run before that."""
    if times.since is None:
        return ""
    since = f"last_seen >= {MOMENT % 'since'}"
    if times.as_of is None:
        return since
    known = f"recorded_at <= {MOMENT % 'known_at'}" if times.known_at is not None else ""
    confirmed = where(of, near, since, f"last_seen <= {MOMENT % 'as_of'}", "NOT retracted", known)
    return f"({_IDENTITY}) IN (SELECT {_IDENTITY} FROM leadline.lineage_revisions {confirmed})"  # noqa: S608 - as above
