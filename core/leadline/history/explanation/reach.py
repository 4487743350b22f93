"""Which runs read, through how many hands, what a run wrote: by versions where they are known, else by time."""

from collections import defaultdict, deque
from collections.abc import Iterable

from leadline.core.clock import Micros

from ..node import NodeRef
from .facts import FAILED, Run, RunIo, RunKey

MAX_HOPS = 20


class Reach:
    """Over the runs and their data that the facts hold."""

    def __init__(self, runs: Iterable[Run], run_io: Iterable[RunIo]) -> None:
        self.runs = {run.key: run for run in runs}
        self._outputs: dict[RunKey, set[tuple[NodeRef, str]]] = defaultdict(set)
        self._readers: dict[tuple[NodeRef, str], set[RunKey]] = defaultdict(set)
        self._read_by_jobs: dict[NodeRef, set[NodeRef]] = defaultdict(set)
        self._writes: dict[NodeRef, set[NodeRef]] = defaultdict(set)
        self._inputs: dict[RunKey, set[tuple[NodeRef, str]]] = defaultdict(set)
        self._readers_of: dict[NodeRef, set[RunKey]] = defaultdict(set)
        self._writers: dict[NodeRef, set[RunKey]] = defaultdict(set)
        self._makers: dict[tuple[NodeRef, str], RunKey] = {}
        self._paths: dict[tuple[NodeRef, NodeRef], list[NodeRef] | None] = {}
        self._failed: dict[NodeRef, list[Micros]] = defaultdict(list)
        self._good: dict[NodeRef, list[Micros]] = defaultdict(list)
        for run in self.runs.values():
            if run.state in FAILED:
                self._failed[run.job].append(run.started_at or 0)
            elif run.state == "COMPLETE":
                self._good[run.job].append(run.started_at or 0)
        for io in run_io:
            self._add(io)

    def _add(self, io: RunIo) -> None:
        job = NodeRef("JOB", io.job_namespace, io.job_name)
        if io.direction == "OUTPUT":
            self._outputs[io.run].add((io.node, io.version))
            self._writes[job].add(io.node)
            self._writers[io.node].add(io.run)
            if io.version:
                self._makers.setdefault((io.node, io.version), io.run)
        else:
            self._readers[io.node, io.version].add(io.run)
            self._inputs[io.run].add((io.node, io.version))
            self._readers_of[io.node].add(io.run)
            self._read_by_jobs[io.node].add(job)

    def maker(self, node: NodeRef, version: str) -> RunKey | None:
        """The run that first wrote that version."""
        return self._makers.get((node, version))

    def path(self, start: NodeRef, end: NodeRef) -> list[NodeRef] | None:
        """The shortest way of jobs from one to the other, both included; None: nothing that `start` writes gets to `end`."""
        if (start, end) not in self._paths:
            self._paths[start, end] = self._path(start, end)
        return self._paths[start, end]

    def _path(self, start: NodeRef, end: NodeRef) -> list[NodeRef] | None:
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

    def reached(self, start: Iterable[RunKey]) -> set[RunKey]:
        """The runs that read, directly or not, a version that one of these wrote; and these themselves."""
        frontier = set(start)
        found = set(frontier)
        for _ in range(MAX_HOPS):
            written = {output for run in frontier for output in self._outputs[run] if output[1]}
            frontier = {reader for output in written for reader in self._readers[output]} - found
            if not frontier:
                break
            found |= frontier
        return found

    def inputs(self, run: RunKey) -> list[tuple[NodeRef, str]]:
        """What it read, with versions where they are known."""
        return sorted(self._inputs[run])

    def writers(self, node: NodeRef) -> list[NodeRef]:
        """The jobs that write the node."""
        return sorted({NodeRef("JOB", run[0], run[1]) for run in self._writers[node]})

    def written_by(self, job: NodeRef) -> set[NodeRef]:
        return self._writes[job]

    def users(self, nodes: Iterable[NodeRef], since: Micros, until: Micros | None, *, writers: bool) -> set[RunKey]:
        """The runs that read one of the nodes (or write one), and started at `since` or later, before `until`."""
        used = {run for node in nodes for run in self._readers_of[node] | (self._writers[node] if writers else set())}
        return {
            run for run in used if since <= (self.started(run) or 0) and (until is None or (self.started(run) or 0) < until)
        }

    def failed_between(self, maker: Run, reader: Run) -> bool:
        """Whether the maker's job failed after it made what the reader read, so that there was nothing newer."""
        first, last = maker.started_at or 0, reader.started_at or 0
        return any(first < at <= last for at in self._failed[maker.job])

    def succeeded_after(self, job: NodeRef, moment: Micros) -> Micros | None:
        """The start of the job's next good run."""
        return min((at for at in self._good[job] if at > moment), default=None)

    def started(self, run: RunKey) -> Micros | None:
        return self.runs[run].started_at if run in self.runs else None
