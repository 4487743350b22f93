"""Why a version is as it is: who made it, and what happened upstream since the last good one."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from leadline.core.clock import Micros

from ..node import NodeRef
from .answer import Explanation, Made
from .candidates import follows
from .explain import explain
from .facts import Change, Episode, Facts, Reading, RunKey
from .happened import happened
from .reach import Reach


class Measured(Reading, frozen=True):
    """A reading of one version."""

    version: str = ""


class Violation(Episode, frozen=True):
    """An episode that is open or over."""

    dims: dict[str, str] = {}
    closed_at: Micros | None = None


def violations(readings: Iterable[Measured], episodes: Sequence[Violation]) -> dict[str, list[Violation]]:
    """Each measured version with the episodes in which it was measured; none: it was within all bounds."""
    found: dict[str, list[Violation]] = {}
    for reading in readings:
        known = found.setdefault(reading.version, [])
        known += [one for one in episodes if one not in known and _within(reading, one)]
    return found


def _within(reading: Measured, episode: Violation) -> bool:
    if (reading.metric, reading.dims) != (episode.metric, episode.dims) or reading.event_time < episode.opened_at:
        return False
    return episode.closed_at is None or reading.event_time < episode.closed_at


def last_good(made: Made, earlier: Iterable[Made]) -> Made | None:
    """The newest of those before it that was measured and within its bounds."""
    good = (one for one in earlier if one.violated is False and one.made_at < made.made_at)
    return max(good, key=lambda one: one.made_at, default=None)


def explain_made(facts: Facts, made: Made, good: Made | None, since: Micros | None) -> Explanation:
    """Of an alert about the version, where the facts have one, with what happened after `since`, until it was made."""
    found = explain(facts)
    missing = list(found.missing)
    if made.run is None:
        missing.append("the run that made it")
    if good is None:
        missing.append("a good version: none before it was measured and within its bounds")
    return replace(
        found,
        headline=_headline(found, made),
        run=found.run if facts.alert else made.run,
        version=made,
        last_good_version=good,
        changed=_changed(facts, made.run.key if made.run else None, since, made.made_at),
        missing=list(dict.fromkeys(missing)),
    )


def _headline(found: Explanation, made: Made) -> str:
    name = f"version {made.version} of {made.name}"
    if found.failure or found.alert:
        return f"{name}: {found.headline}"
    if made.violated is None:
        return f"{name} was not measured"
    return f"{name} is {'outside of its bounds' if made.violated else 'within its bounds'}"


def _changed(facts: Facts, maker: RunKey | None, since: Micros | None, until: Micros) -> list[Change]:
    """Nearest first, then newest."""
    if maker is None or since is None:
        return []
    reach, end = Reach(facts.runs, facts.run_io), NodeRef("JOB", maker[0], maker[1])
    between = [change for change in happened(facts, reach) if since < change.event_time <= until]
    changed = {change.run for change in between if change.run_id}
    near = [
        (len(path), -change.event_time, change.what, change.subject, change)
        for change in between
        if (path := reach.path(change.job, end)) and not follows(change, changed, reach)
    ]
    return [change for *_, change in sorted(near, key=lambda one: one[:4])]
