"""What a run has different from the run of the same job before it that said anything about it."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from leadline.core.clock import Micros

from .accumulate import facts
from .edges import nodes
from .state import Job, Known, Node, Run

_VERSIONED = ("MODEL", "ARTIFACT", "FEATURE_VIEW")
"""Kinds whose new version is news; of datasets every run reads a new one."""
_SINGLE = ("code.commit", "code.dirty", "code.hash", "engine", "container")


class ChangeKey(NamedTuple):
    run_id: str
    what: str
    subject: str


class Difference(NamedTuple):
    """What is said of a change; `event_time` is the start of the run that shows it."""

    before: str
    after: str
    previous_run_id: str
    event_time: Micros
    actor: str
    mode: str
    slot: Micros | None


Said = dict[str, dict[str, str]]
"""Category to names and values; for `io` the names are "input" or "output" and the node, the values versions and schemas."""


def changes(job: Job, run: Run) -> dict[ChangeKey, Difference]:
    """All differences of the run; empty for a run that takes no part in the comparison."""
    if not job.in_window(run):
        return {}
    now = said(job, run)
    about = (run.start, facts(job, run).get("actor", ""), run.mode, run.nominal_at)
    found = {
        ChangeKey(run.run_id, what, subject): Difference(before, after, previous.run_id, *about)
        for category, previous in _previous(job, run, now).items()
        for what, subject, before, after in _differences(category, previous.values, now[category])
    }
    if ChangeKey(run.run_id, "code.commit", "") in found:  # says the same, and people can look it up
        found.pop(ChangeKey(run.run_id, "code.hash", ""), None)
    return found


def followers(job: Job, run: Run) -> set[str]:
    """The runs that are compared with this one: of each category the next that says anything about it."""
    later = [other for other in job.runs if other.order > run.order and job.in_window(other)]
    if not later or not job.in_window(run):
        return set()
    found, open_categories = set(), set(said(job, run))
    for other in later:
        answered = open_categories & said(job, other).keys()
        if answered:
            found.add(other.run_id)
            open_categories -= answered
        if not open_categories:
            break
    return found


def said(job: Job, run: Run) -> Said:
    """What the run says. A category that it says nothing about is missing, which is no change."""
    found: Said = {}
    for name, value in facts(job, run).items():
        category = name if name in _SINGLE else name.partition(".")[0]
        found.setdefault(category, {})[name] = value
    found.pop("actor", None)
    if run.started_at is not None:
        found.setdefault("parameter", {})  # a started run without parameters has none
    if run.succeeded and (run.inputs or run.outputs):
        found["io"] = _io(run)
    return found


def _previous(job: Job, run: Run, now: Said) -> dict[str, Known]:
    """Of each category the last run before this one that says anything about it."""
    found: dict[str, Known] = {}
    for earlier in reversed(job.runs):
        if len(found) == len(now):
            break
        if earlier.order < run.order and job.in_window(earlier):
            then = said(job, earlier)
            for category in now.keys() & then.keys() - found.keys():
                found[category] = Known(earlier.run_id, then[category])
    return {category: job.past.known[category] for category in now.keys() & job.past.known.keys()} | found


def _differences(category: str, then: dict[str, str], now: dict[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """(what, subject, before, after) of each."""
    if then == now:
        return
    for name in sorted(then.keys() | now.keys()):
        before, after = then.get(name, ""), now.get(name, "")
        if before != after:
            if category == "io":
                yield from _io_difference(name, before, after)
            else:
                yield name, "", before, after


def _io(run: Run) -> dict[str, str]:
    """As text, so that it compares and stores as the other categories do."""
    return {
        msgspec.json.encode((direction, *node)).decode(): msgspec.json.encode(
            (
                sorted({io.version for io in known if io.version}),
                sorted({io.schema_version for io in known if io.schema_version}),
            )
        ).decode()
        for direction, ios in (("input", run.inputs), ("output", run.outputs))
        for node, known in nodes(ios).items()
    }


def _io_difference(name: str, before: str, after: str) -> Iterator[tuple[str, str, str, str]]:
    direction, *parts = msgspec.json.decode(name, type=tuple[str, str, str, str])
    node = Node(*parts)
    subject = msgspec.json.encode(node).decode()
    if not before or not after:
        yield direction, subject, before and node.name, after and node.name
        return
    (versions_then, schemas_then), (versions_now, schemas_now) = (
        msgspec.json.decode(text, type=tuple[list[str], list[str]]) for text in (before, after)
    )
    if direction == "input" and node.kind in _VERSIONED and versions_then and versions_now and versions_then != versions_now:
        yield "input_version", subject, ", ".join(versions_then), ", ".join(versions_now)
    if schemas_then and schemas_now and schemas_then != schemas_now:
        yield "schema", subject, ", ".join(schemas_then), ", ".join(schemas_now)
