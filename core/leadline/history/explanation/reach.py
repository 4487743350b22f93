"""Which runs read, through how many hands, what a run wrote: by versions where they are known, else by time."""

from collections import defaultdict, deque
from collections.abc import Iterable

from leadline.core.clock import Micros

from ..node import NodeRef
from .facts import Run, RunIo, RunKey

MAX_HOPS = 20


class Reach:
    """Over the runs and their data that the facts hold."""

    def __init__(self, runs: Iterable[Run], run_io: Iterable[RunIo]) -> None:
        self.runs = {run.key: run for run in runs}
        self._outputs: dict[RunKey, set[tuple[NodeRef, str]]] = defaultdict(set)
        self._readers: dict[tuple[NodeRef, str], set[RunKey]] = defaultdict(set)
        self._read_by_jobs: dict[NodeRef, set[NodeRef]] = defaultdict(set)
        self._writes: dict[NodeRef, set[NodeRef]] = defaultdict(set)
        self._makers: dict[tuple[NodeRef, str], RunKey] = {}
        for io in run_io:
            self._add(io)

    def _add(self, io: RunIo) -> None:
        job = NodeRef("JOB", io.job_namespace, io.job_name)
        if io.direction == "OUTPUT":
            self._outputs[io.run].add((io.node, io.version))
            self._writes[job].add(io.node)
            if io.version:
                self._makers.setdefault((io.node, io.version), io.run)
        else:
            self._readers[io.node, io.version].add(io.run)
            self._read_by_jobs[io.node].add(job)

    def maker(self, node: NodeRef, version: str) -> RunKey | None:
        """The run that first wrote that version."""
        return self._makers.get((node, version))

    def path(self, start: NodeRef, end: NodeRef) -> list[NodeRef] | None:
        """The shortest way of jobs from one to the other, both included; None: nothing that `start` writes gets to `end`."""
        before: dict[NodeRef, NodeRef | None] = {start: None}
        waiting = deque([start])
        while waiting and end not in before:
            job = waiting.popleft()
            for reader in sorted({reader for node in self._writes[job] for reader in self._read_by_jobs[node]}):
                if reader not in before:
                    before[reader] = job
                    waiting.append(reader)
        if end not in before:
            return None
        found: list[NodeRef] = []
        step: NodeRef | None = end
        while step is not None:
            found.append(step)
            step = before[step]
        return found[::-1]

    def reached(self, start: RunKey) -> set[RunKey]:
        """The runs that read, directly or not, a version that this run wrote; and the run itself."""
        found, frontier = {start}, {start}
        for _ in range(MAX_HOPS):
            written = {output for run in frontier for output in self._outputs[run] if output[1]}
            frontier = {reader for output in written for reader in self._readers[output]} - found
            if not frontier:
                break
            found |= frontier
        return found

    def started(self, run: RunKey) -> Micros | None:
        return self.runs[run].started_at if run in self.runs else None
