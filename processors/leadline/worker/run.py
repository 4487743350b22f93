"""Runs one role until SIGTERM: Faust's app, the agent around the apply rule, ticks, watchdog and health."""

import asyncio
import logging
import tempfile
import threading
from collections.abc import Awaitable
from contextlib import AbstractContextManager, closing, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, NoReturn

from prometheus_client import Counter

from leadline.core.health import Progress, serve_health
from leadline.core.logs import setup_logging
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.messages import Message
from leadline.events.registry import RegistryClient

from .app import make_app
from .apply import Applier, Incoming, TooManyUnreadable, partition_of
from .consumer import commit_marks
from .exits import FAILED, UNREADABLE, end_process
from .log_reader import LogReader
from .role import Role, State
from .ticks import Ticker, tick_seconds
from .topics import TABLE, changelog_name, prepare
from .watchdog import Position, Watchdog, stall_seconds

log = logging.getLogger(__name__)

_messages = Counter("leadline_worker_messages", "Messages by what became of them", ["role", "outcome"])
_gaps = Counter("leadline_worker_gaps", "Times that Faust passed over messages, which were then read again", ["role"])

_BATCH = 200
"""So many messages at most are computed before what they gave is made known."""
_IDLE_FLUSH_SECONDS = 0.1
_CATCH_UP_SECONDS = 2.0
_END_SECONDS = 5.0


def run_worker(
    role: Role[State],
    settings: Settings,
    health_host: str,
    health_port: int,
    beside: AbstractContextManager[object] | None = None,
) -> int:
    """Runs the role in this process until SIGTERM or SIGINT and returns the exit code.

    `beside` is entered once the topics are there and left at the end. Raises UsageError, Unavailable while starting.
    """
    import uvloop

    setup_logging()
    settings.require("kafka", "schema_registry")
    codec = Codec(RegistryClient.of(settings))
    partitions, epoch = prepare(settings, role, codec)
    # The policy, not one loop: Faust's consumer thread makes a loop of its own.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    # Before the app is made: its parts bind themselves to the loop that they find.
    asyncio.set_event_loop(asyncio.new_event_loop())
    with tempfile.TemporaryDirectory(prefix=f"{role.app_id}-") as directory:
        app = make_app(settings, role.app_id, partitions, Path(directory))
        worker = _Worker(role, settings, codec=codec, app=app, partitions=partitions, epoch=epoch)
        health = serve_health(worker.progress, health_port, health_host)
        log.info("%s reads %s; health at http://%s:%d/healthz", role.name, role.topic, health_host, health.server_port)
        try:
            with beside or nullcontext():
                return worker.run()
        finally:
            health.shutdown()


class _Worker(Generic[State]):
    def __init__(self, role: Role[State], settings: Settings, *, codec: Codec, app: Any, partitions: int, epoch: str) -> None:
        self._role, self._app = role, app
        producer = f"leadline-{role.name}/{version('leadline')}"
        self._table = app.Table(TABLE, key_type=bytes, value_type=bytes, partitions=partitions)
        self._applier = Applier(
            role,
            codec,
            self._table.data,
            epoch=epoch,
            producer=producer,
            send=self._send,
            changelog=self._changelog,
        )
        self._ticker = Ticker(
            topic=role.topic, codec=codec, deadlines=self._applier.deadlines, producer=producer, send=self._send_to
        )
        self._flushing = asyncio.Lock()
        self._unacknowledged: list[Any] = []
        self._next: dict[int, int] = {}
        self._looked: dict[int, int] = {}
        self._log = LogReader(settings, role.topic, role.app_id)
        self._position = Position()
        commit_marks(app, role.topic, lambda: self._position.next_offsets)
        stall = stall_seconds(settings)
        self.progress = Progress(stall)
        self._watchdog = Watchdog(
            settings,
            topic=role.topic,
            group=role.app_id,
            partitions=partitions,
            progress=self.progress,
            position=self._position,
            owned=self._owned,
            recovery_left=lambda: int(app.tables.recovery.active_remaining_total()),
            stall_after_seconds=stall,
        )
        topic = app.topic(role.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
        app.agent(topic, concurrency=1, name=role.name)(self._agent)
        app.timer(tick_seconds(settings))(self._tick)
        app.timer(_IDLE_FLUSH_SECONDS)(self._idle_flush)
        app.timer(_CATCH_UP_SECONDS)(self._catch_up)
        self._table.on_recover(self._recovered)

    def run(self) -> int:
        import faust

        class EndingWorker(faust.Worker):
            def _schedule_shutdown(self, signal: Any) -> None:
                """A clean end asks Kafka, which may be what is away. Nothing is lost without one."""
                late = threading.Timer(
                    _END_SECONDS, end_process, (0, f"no clean end within {_END_SECONDS:.0f} s: ending at once")
                )
                late.daemon = True
                late.start()
                super()._schedule_shutdown(signal)

        worker = EndingWorker(
            self._app, quiet=True, override_logging=False, redirect_stdouts=False, loop=asyncio.get_event_loop()
        )
        worker.spinner = None
        self._watchdog.start()
        try:
            worker.execute_from_commandline()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else FAILED
        finally:
            self._watchdog.stop()
        return 0

    def _owned(self) -> set[int]:
        return {tp.partition for tp in self._app.assignor.assigned_actives() if tp.topic == self._role.topic}

    async def _agent(self, stream: Any) -> None:
        """One agent, one at a time: messages are acknowledged in their order, so no commit passes an unfinished one."""
        stream.enable_acks = False
        async for event in stream.events():
            try:
                async with self._flushing:
                    await self._take(event)
                    if len(self._unacknowledged) >= _BATCH or stream.channel.empty():
                        await self._flush()
            except TooManyUnreadable as error:
                end_process(UNREADABLE, str(error))
            except Exception as error:
                self._cannot_go_on(error)

    async def _take(self, event: Any) -> None:
        """Applies the message if it is the next of its partition, and what Faust passed over before it (row 17 of faust.md).

        What is dropped here is read again, so dropping is always safe.
        """
        self._unacknowledged.append(event)
        message = event.message
        due = self._next.get(message.partition)
        if due is None or not self._settled(message.generation_id):
            return
        if message.offset > due:
            await self._read_missed(message.partition, message.offset)
        if message.offset == self._next[message.partition]:
            await self._apply(
                Incoming(
                    message.topic,
                    message.partition,
                    message.offset,
                    round(message.timestamp * 1000),
                    message.key,
                    message.value,
                    list(message.headers or ()),
                )
            )

    def _settled(self, generation: int) -> bool:
        """Whether the partitions are ours and their states are complete. During a rebalance neither is sure."""
        app = self._app
        return generation == app.consumer_generation_id and not app.rebalancing and not app.tables.recovery.in_recovery

    async def _apply(self, message: Incoming) -> None:
        outcome = await self._applier.apply(message)
        self._next[message.partition] = message.offset + 1
        self._position.steps += 1
        if outcome == "ticked":
            self._ticker.arrived(message.partition)
        _messages.labels(self._role.name, outcome).inc()

    async def _read_missed(self, partition: int, end: int) -> None:
        """Applies [next, end) of the partition, from the broker itself."""
        start = self._next[partition]
        _gaps.labels(self._role.name).inc()
        log.warning("%s[%d] jumps from %d to %d: reading what is between", self._role.topic, partition, start, end)
        with closing(self._log.read(partition, start, end)) as reading:
            while (messages := await asyncio.to_thread(next, reading, None)) is not None:
                for message in messages:
                    await self._apply(message)
                await self._flush()
        self._next[partition] = end  # what is not there, such as markers of transactions, is passed

    async def _flush(self) -> None:
        await self._applier.flush()
        events, self._unacknowledged = self._unacknowledged, []
        for event in events:
            event.ack()
        self._position.next_offsets = dict(self._next)

    async def _idle_flush(self) -> None:
        """A rebalance may empty the agent's queue while messages wait here, and it waits for them."""
        try:
            if self._unacknowledged:
                async with self._flushing:
                    await self._flush()
        except Exception as error:
            self._cannot_go_on(error)

    async def _catch_up(self) -> None:
        """Reads what Faust has passed over where no later message shows the gap: it is beyond a partition that stands still."""
        try:
            for partition, due in list(self._next.items()):
                if self._looked.get(partition) == due and self._settled(self._app.consumer_generation_id):
                    passed = await self._passed(partition)
                    async with self._flushing:
                        stands = self._next.get(partition) == due and self._settled(self._app.consumer_generation_id)
                        if stands and due < passed:
                            await self._read_missed(partition, passed)
            self._looked = dict(self._next)
        except TooManyUnreadable as error:
            end_process(UNREADABLE, str(error))
        except Exception as error:
            self._cannot_go_on(error)

    async def _passed(self, partition: int) -> int:
        """The offset that Faust fetches next; 0 where it fetches nothing of the partition."""
        from aiokafka.errors import IllegalStateError
        from faust.types import TP

        try:
            return await self._app.consumer.position(TP(self._role.topic, partition)) or 0
        except IllegalStateError:  # it was taken away meanwhile
            return 0

    def _cannot_go_on(self, error: Exception) -> NoReturn:
        end_process(FAILED, f"{self._role.name} cannot go on: {type(error).__name__}: {error}")

    async def _recovered(self) -> None:
        """After a rebalance, with the states of the changelog: goes on from their marks, whatever was committed."""
        owned = self._owned()
        async with self._flushing:
            self._applier.recover(owned)
            for event in self._unacknowledged:
                event.ack()  # else the next rebalance waits for it; it will be read again
            self._unacknowledged.clear()
            self._next = {partition: await self._begin(partition) for partition in sorted(owned)}
            self._position.next_offsets = dict(self._next)
        log.info("%s goes on from %s, %d records known", self._role.name, self._next, len(self._table.data))

    async def _begin(self, partition: int) -> int:
        marked = self._applier.next_offset(partition)
        return await asyncio.to_thread(self._log.begin, partition) if marked is None else marked

    async def _tick(self) -> None:
        try:
            await self._ticker.tick(self._owned())
        except Exception as error:  # the next tick tries again; the watchdog judges whether all is stuck
            log.warning("no tick sent: %s: %s", type(error).__name__, error)

    async def _send(self, message: Message) -> Awaitable[object]:
        sent: Awaitable[object] = await self._app.producer.send(
            message.topic, message.key, message.value, partition=None, timestamp=None, headers=message.headers
        )
        return sent

    async def _send_to(self, message: Message, partition: int) -> object:
        return await self._app.producer.send_and_wait(
            message.topic, None, message.value, partition=partition, timestamp=None, headers=message.headers
        )

    async def _changelog(self, key: bytes, value: bytes) -> Awaitable[object]:
        sent: Awaitable[object] = await self._app.producer.send(
            changelog_name(self._role.app_id), key, value, partition=partition_of(key), timestamp=None, headers=None
        )
        return sent
