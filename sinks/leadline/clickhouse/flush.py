"""One flush: all groups of a poll into the store, the bad to the dead letters, the rollup; then offsets may be committed."""

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from prometheus_client import Counter, Histogram

from leadline.core.errors import Unreadable
from leadline.core.share import UnreadableShare
from leadline.events.topics import METRICS

from .graveyard import Graveyard
from .insert import Inserter, Refused
from .isolate import Hopeless, isolate
from .message import Bad, Group, Message, Partition, Sorted, first_offsets
from .patience import Patience
from .rollup import Rollup
from .staging import StoreLacks
from .writers import Writer, Writers

log = logging.getLogger(__name__)

_rows = Counter("leadline_sink_messages", "Messages that are in the store", ["topic"])
_seconds = Histogram("leadline_sink_flush_seconds", "From the start of a flush until all of it is in the store")

_PARALLEL_INSERTS = 4


@dataclass(frozen=True)
class Stop:
    """A partition that cannot go on at `offset`. `again`: trying later may help, without anybody restarting us."""

    offset: int
    reason: str
    again: bool


@dataclass(frozen=True)
class Done:
    """The offset after the last message that is in the store or the dead letters, and when Kafka took that message."""

    offset: int
    newest_ms: int | None


@dataclass
class Outcome:
    """What may be committed, and what cannot go on."""

    done: dict[Partition, Done] = field(default_factory=dict)
    stopped: dict[Partition, Stop] = field(default_factory=dict)

    def stop(self, messages: Iterable[Message], reason: str, *, again: bool) -> None:
        """Stops the partitions of these messages, each at the first of them."""
        for partition, offset in first_offsets(messages).items():
            earlier = self.stopped.get(partition)
            if earlier is None or offset < earlier.offset:
                self.stopped[partition] = Stop(offset, reason, again)
                self.done[partition] = Done(offset, None)


class Flusher:
    """Runs in one thread; inserts of different schemas run in parallel."""

    def __init__(
        self,
        store: Inserter,
        writers: Writers,
        graveyard: Graveyard,
        patience: Patience,
        unreadable_limit: float = 0.5,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._writers = writers
        self._graveyard = graveyard
        self._patience = patience
        self._limit = unreadable_limit
        self._rollup = Rollup(store, monotonic)
        self._held: dict[Partition, Done] = {}
        self._shares: dict[str, UnreadableShare] = {}
        self._pool = ThreadPoolExecutor(_PARALLEL_INSERTS, thread_name_prefix="insert")

    @property
    def holds(self) -> bool:
        """True: offsets wait for the next rollup; a flush of nothing releases them."""
        return bool(self._held)

    def flush(self, batch: Sorted) -> Outcome:
        """Waits as long as a server is away. Raises Stopping when asked to end meanwhile."""
        started = time.perf_counter()
        outcome = Outcome({partition: Done(offset, batch.newest_ms[partition]) for partition, offset in batch.ends.items()})
        groups = list(batch.groups.values())
        bad = list(batch.bad)
        for group, found in zip(groups, self._write_all(groups), strict=True):
            if isinstance(found, _Stopped):
                outcome.stop(group.messages, found.reason, again=found.again)
            else:
                bad += found
        self._bury(bad, batch.totals, outcome)
        for group in groups:
            self._rollup.touch(group)
            _rows.labels(group.topic).inc(len(group.bodies))
        self._roll_up(outcome)
        _seconds.observe(time.perf_counter() - started)
        return outcome

    def _roll_up(self, outcome: Outcome) -> None:
        """Offsets of metrics are held back until the rollup counts them: so a crash repeats both."""
        for partition in [partition for partition in outcome.done if partition[0] == METRICS]:
            self._held[partition] = outcome.done.pop(partition)
        if self._rollup.due:
            self._patience.ask(self._rollup.refresh)
            outcome.done.update(self._held)
            self._held = {}

    def _write_all(self, groups: list[Group]) -> list["list[Bad] | _Stopped"]:
        if len(groups) == 1:
            return [self._write(groups[0])]
        return list(self._pool.map(self._write, groups))

    def _write(self, group: Group) -> "list[Bad] | _Stopped":
        try:
            writer = self._writer(group)
        except Unreadable as error:
            return [Bad(message, error.reason, str(error)) for message in group.messages]
        except StoreLacks as error:
            return _Stopped(str(error), again=True)
        try:
            self._insert(group)
        except Refused as error:
            log.warning("%s: a block of %s was refused: %s", group.topic, len(group.bodies), error)
            try:
                return isolate(group, writer.schema, self._insert)
            except Hopeless as hopeless:
                return _Stopped(f"{hopeless}: {error}", again=False)
        return []

    def _writer(self, group: Group) -> Writer:
        return self._patience.ask(lambda: self._writers.of(group.topic, group.schema_id))

    def _insert(self, group: Group) -> None:
        """Asks for the writer at each try: its staging may have to be made anew. Raises Refused."""
        self._patience.ask(lambda: self._writers.insert(self._writers.of(group.topic, group.schema_id), group.bodies))

    def _bury(self, bad: list[Bad], totals: dict[str, int], outcome: Outcome) -> None:
        buried: list[Bad] = []
        for topic, total in totals.items():
            of_topic = [letter for letter in bad if letter.message.topic() == topic]
            share = self._shares.setdefault(topic, UnreadableShare(self._limit))
            share.saw(len(of_topic), total)
            if of_topic and share.too_large:
                outcome.stop((letter.message for letter in of_topic), _too_many(topic, share, of_topic[0]), again=False)
            else:
                buried += of_topic
        self._patience.ask(lambda: self._graveyard.bury(buried))


@dataclass(frozen=True)
class _Stopped:
    reason: str
    again: bool


def _too_many(topic: str, share: UnreadableShare, example: Bad) -> str:
    return (
        f"{share} messages of {topic} are unreadable ({example.reason}: {example.error}): reading stops before more of them "
        "are put aside; mend what writes them and restart the sink, or set LEADLINE_UNREADABLE_SHARE=1 to dead-letter them all"
    )
