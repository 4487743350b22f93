"""What is remembered of one job. Everything but `revision` is a set union, a maximum or the newest by time, so that order and
repetition of the events do not matter."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec

from leadline.core.clock import Micros
from leadline.events.records import RunIo, Transformation

OPEN, LOST, ENDED = 0, 1, 2
_RANK = {"COMPLETE": 1, "ABORT": 2, "FAIL": 3}
"""Decides between ends at the very same time, as the store does."""


class Node(NamedTuple):
    """A node that a run reads or writes; of control flow: a job."""

    kind: str
    namespace: str
    name: str


class Edge(NamedTuple):
    """From data to data, from column to column (`target_field` empty: to all of the target), or from job to job."""

    source: Node
    target: Node
    source_field: str = ""
    target_field: str = ""

    @property
    def granularity(self) -> str:
        if self.source_field:
            return "COLUMN"
        return "CONTROL" if self.source.kind == self.target.kind == "JOB" else "JOB"


Transformations = tuple[Transformation, ...]
Columns = tuple[tuple[Edge, Transformations], ...]
"""Edges between columns as one event says them, in the order of their names."""


class Ending(msgspec.Struct, frozen=True, array_like=True):
    """One event that ended the run; a run that is tried again under the same id has several."""

    type: str
    time: Micros
    duration_seconds: float | None = None
    peak_memory_bytes: int | None = None

    @property
    def standing(self) -> tuple[int, Micros, int]:
        """The greatest wins: a late COMPLETE beats LOST, of two ends the later counts."""
        return (LOST if self.type == "LOST" else ENDED, self.time, _RANK.get(self.type, 0))


class Said(msgspec.Struct, frozen=True, array_like=True):
    """What events of one time were the first to say; `columns` are digests in Job.columns."""

    inputs: frozenset[RunIo] = frozenset()
    outputs: frozenset[RunIo] = frozenset()
    columns: frozenset[str] = frozenset()
    controls: frozenset[Edge] = frozenset()
    partial: bool = False


class Run(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run, as its events so far add up.

    `descriptions` says when which description (a digest in Job.descriptions) was last given; later ones win field by field.
    `said`, by event time, is what it read and wrote; `endless`: it is not expected to end.
    """

    run_id: str
    first_at: Micros
    started_at: Micros | None = None
    last_recorded_at: Micros
    endings: tuple[Ending, ...] = ()
    descriptions: dict[str, Micros] = {}
    said: dict[Micros, Said] = {}
    endless: bool = False
    nominal_at: Micros | None = None
    mode: str = ""
    attempt: int = 1
    heartbeat_seconds: float | None = None
    deadline_at: Micros | None = None
    declared_lost: bool = False
    late: bool = False
    """What it would be compared with was summed up when it was first heard of: it may be one that was forgotten."""

    @property
    def inputs(self) -> frozenset[RunIo]:
        return whole([said.inputs for said in self.said.values()])

    @property
    def outputs(self) -> frozenset[RunIo]:
        return whole([said.outputs for said in self.said.values()])

    @property
    def start(self) -> Micros:
        return self.first_at if self.started_at is None else self.started_at

    @property
    def order(self) -> tuple[Micros, str]:
        """Runs of a job follow each other by start."""
        return (self.start, self.run_id)

    @property
    def ending(self) -> Ending | None:
        """What the run's state is, None while it is open."""
        return max(self.endings, key=lambda ending: ending.standing, default=None)

    @property
    def ended(self) -> bool:
        return any(ending.type != "LOST" for ending in self.endings)

    @property
    def succeeded(self) -> bool:
        ending = self.ending
        return ending is not None and ending.type == "COMPLETE"


class Interval(msgspec.Struct, frozen=True, array_like=True):
    """The edge was in every successful run from `valid_from` on; the newest of them ended at `last_seen`.

    It holds while the runs have it (`ran`) or the definition of the job does (`designed`).
    """

    edge: Edge
    valid_from: Micros
    last_seen: Micros
    transformations: Transformations = ()
    ran: bool = True
    designed: bool = False


class Known(msgspec.Struct, frozen=True, array_like=True):
    """What a run older than the window said of one category, the last that said anything."""

    run_id: str
    values: dict[str, str]


class Past(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is left of the runs and definitions older than the window: `until` is the newest of the runs by start.

    `intervals` are what their words came to (edges.py), `words_until` is the newest of these.
    """

    until: tuple[Micros, str] | None = None
    words_until: tuple[Micros, str] | None = None
    known: dict[str, Known] = {}
    intervals: tuple[Interval, ...] = ()


class Design(msgspec.Struct, frozen=True, array_like=True):
    """What the job reads and writes by one of its definitions; `columns` is a digest in Job.columns, empty for none."""

    at: Micros
    event_id: str
    inputs: frozenset[RunIo]
    outputs: frozenset[RunIo]
    columns: str = ""

    @property
    def order(self) -> tuple[Micros, str]:
        return (self.at, self.event_id)


class Job(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`runs` are ordered by start; `longest` is the longest known duration of an ended run.

    `designs` are ordered by time.
    """

    namespace: str
    name: str
    runs: tuple[Run, ...] = ()
    past: Past = Past()
    descriptions: dict[str, dict[str, str]] = {}
    columns: dict[str, Columns] = {}
    designs: tuple[Design, ...] = ()
    longest: Micros = 0
    revision: int = 0

    def run(self, run_id: str) -> Run | None:
        return next((run for run in reversed(self.runs) if run.run_id == run_id), None)

    def in_window(self, run: Run) -> bool:
        """Whether the run takes part in job-level edges and changes: not a test, and not older than what is summed up."""
        return run.mode != "TEST" and (self.past.until is None or run.order > self.past.until)


Item = TypeVar("Item")


def whole(parts: Sequence[frozenset[Item]]) -> frozenset[Item]:
    """Their union; the very same set where only one has anything, so that its hash is counted once."""
    some = [part for part in parts if part]
    return some[0] if len(some) == 1 else frozenset().union(*some)
