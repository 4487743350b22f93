"""One series under one bound: its recent readings, where it stands, and what was published of it.

Readings within the ring are judged anew when a late or a replacing one joins them. What left the ring, or came before the
bound was last changed, is settled for good.
"""

from bisect import bisect_left
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from leadline.core.clock import SECOND, Micros
from leadline.events.records import BoundSpec

from .attempts import ABSORBED, Ring, counting, evict, may_replace
from .episode import Standing, derive, ended_by, step
from .judge import OK, distance, judge
from .sample import Key, Sample
from .settle import OPEN, Ledger, Published, Step, forget, settle

RING = 64
"""Readings that are kept and can still be judged anew."""
ALLOWED_LATENESS: Micros = 600 * SECOND


class Series(msgspec.Struct, frozen=True, array_like=True):
    """`base` is where it stood before the ring, `now` after it; readings up to `settled` are not judged any more.

    `revised`: a reading of the ring may replace others.
    """

    metric: str
    unit: str = ""
    base: Standing = Standing()
    now: Standing = Standing()
    ring: Ring = ()
    settled: Key | None = None
    ledger: Ledger = ()
    revised: bool = False


class Observed(NamedTuple):
    """`late`: the reading came too late to count."""

    series: Series
    steps: list[Step]
    late: bool = False


def observe(series: Series, sample: Sample, spec: BoundSpec) -> Observed:
    """The series after one more reading. A duplicate changes nothing."""
    last = series.ring[-1].key if series.ring else series.settled
    replacing = series.revised or may_replace(series.metric, sample)
    if not replacing and (last is None or sample.key > last):
        return _in_order(series, sample, spec)
    return _out_of_order(series, sample, spec, replacing)


def ignore(series: Series, sample: Sample) -> Observed:
    """The bound is paused: what comes meanwhile is not judged later either, should it come again."""
    if series.settled is not None and sample.key <= series.settled:
        return Observed(series, [])
    return Observed(replace(series, settled=sample.key), [])


def _in_order(series: Series, sample: Sample, spec: BoundSpec) -> Observed:
    before, after = series.now, step(series.now, sample, spec)
    ledger, steps = series.ledger, list[Step]()
    if before.episode or after.episode:
        touched = ended_by(before, sample) or after.episode
        assert touched is not None
        ledger, steps = settle(ledger, (touched,), whole=False)
    ring = (*series.ring, sample)
    moved = Series(series.metric, series.unit, series.base, after, ring, series.settled, ledger, series.revised)
    return Observed(moved if len(ring) <= RING else _shortened(moved, spec), steps)


def _out_of_order(series: Series, sample: Sample, spec: BoundSpec, replacing: bool) -> Observed:
    key, old = sample.key, series.ring
    at = bisect_left(old, key, key=_key)
    if at < len(old) and old[at].key == key:
        return Observed(series, [])
    if (series.settled is not None and key <= series.settled) or (old and key[0] < old[-1].key[0] - ALLOWED_LATENESS):
        return Observed(series, [], late=True)
    ring = (*old[:at], sample, *old[at:])
    now, episodes = derive(series.base, counting(series.metric, ring), spec)
    ledger, steps = settle(series.ledger, episodes, whole=True, cause="late" if at < len(old) else "superseded")
    moved = replace(series, ring=ring, now=now, ledger=ledger, revised=replacing)
    return Observed(moved if len(ring) <= RING else _shortened(moved, spec), steps)


def _key(sample: Sample) -> Key:
    return sample.key


def _shortened(series: Series, spec: BoundSpec) -> Series:
    """Without the oldest reading of the ring, which is settled now."""
    oldest, ring = series.ring[0], series.ring[1:]
    leaving: Sample | None = oldest
    if series.revised or oldest.level == ABSORBED:
        leaving, ring = evict(series.metric, series.ring)
    return replace(
        series,
        base=step(series.base, leaving, spec) if leaving else series.base,
        ring=ring,
        settled=oldest.key,
        ledger=forget(series.ledger, ring) if series.ledger else (),
        revised=series.revised and any(may_replace(series.metric, sample) for sample in ring),
    )


def respecify(series: Series, spec: BoundSpec, at: Micros, event_id: str) -> Observed:
    """The bound changed, by the event `event_id`: an open episode is judged anew by its last reading; what came before is
    settled, except for a reading of that very event: it came again to be judged by the bound that was added to it.
    """
    entry = _open(series)
    if entry is None:
        own = bool(series.ring) and series.ring[-1].report.event_id == event_id
        return Observed(_settled(_before_last(series) if own else series), [])
    episode = entry.episode
    last, time = episode.latest, max(at, episode.latest.report.event_time)
    level = judge(spec, last.value) or OK
    ordinal, before = entry.ordinal + 1, episode.severity
    if level == OK:
        ended = replace(episode, end=last)
        settled = _settled(series, Standing(None, replace(last, level=OK)))
        return Observed(settled, [Step("resolved", ended, ordinal, last, before, "spec_changed", time)])
    now = replace(episode, severity=level, worst=last, distance=distance(spec, last.value))
    settled = _settled(series, Standing(now, series.now.good), Published(now, OPEN, ordinal))
    return Observed(settled, [Step("respecified", now, ordinal, last, before, "spec_changed", time)])


def _before_last(series: Series) -> Series:
    good = next((sample for sample in reversed(series.ring[:-1]) if sample.level == OK), series.base.good)
    return replace(series, ring=series.ring[:-1], now=Standing(None, good))


def close(series: Series, reason: str, at: Micros) -> Observed:
    """The bound is gone or paused: an open episode ends without having been resolved."""
    entry = _open(series)
    settled = _settled(series, Standing(None, series.now.good))
    if entry is None:
        return Observed(settled, [])
    episode = entry.episode
    time = max(at, episode.latest.report.event_time)
    return Observed(settled, [Step("closed", episode, entry.ordinal + 1, episode.latest, episode.severity, reason, time)])


def _open(series: Series) -> Published | None:
    return next((entry for entry in series.ledger if entry.state == OPEN), None)


def _settled(series: Series, standing: Standing | None = None, entry: Published | None = None) -> Series:
    """Nothing so far will be judged again."""
    standing = standing or series.now
    last = series.ring[-1].key if series.ring else series.settled
    ledger = (entry,) if entry else ()
    return Series(series.metric, series.unit, standing, standing, (), last, ledger)
