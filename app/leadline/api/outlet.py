"""To Kafka: messages of many requests at once, and for each request its acknowledgements."""

import functools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from leadline.core.errors import Unavailable
from leadline.core.health import Progress
from leadline.events.messages import Message

PRODUCER_SETTINGS = {
    "client.id": "leadline.api",
    "linger.ms": 0,  # whoever sends one event waits for it; what comes meanwhile goes together
    "message.timeout.ms": 5_000,
    "queue.buffering.max.kbytes": 128 * 1024,
    "queue.buffering.max.messages": 200_000,
}
_POLL_SECONDS = 0.1

TooLarge = dict[int, str]
"""Of a batch: which messages Kafka finds too large, and what it says."""


class Producer(Protocol):
    """What is used of confluent_kafka.Producer."""

    def produce(
        self, topic: str, value: bytes, key: bytes, *, headers: Any, on_delivery: Callable[[Any, Any], None]
    ) -> None: ...

    def poll(self, timeout: float) -> int: ...

    def __len__(self) -> int: ...


class Outlet:
    """`publish` may be called by several threads; acknowledgements come in one of its own, between `start` and `stop`."""

    def __init__(self, producer: Producer, progress: Progress, too_large: int) -> None:
        """`too_large`: Kafka's code for a message over its topic's limit."""
        self._producer = producer
        self._progress = progress
        self._too_large = too_large
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="acknowledgements", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def publish(self, messages: Sequence[Message]) -> "Future[TooLarge]":
        """The future ends when Kafka has acknowledged all, but for those that it finds too large; or with Unavailable.

        Raises Unavailable where too many are waiting already. Some may arrive all the same.
        """
        waiting = _Waiting(len(messages), self._too_large)
        for index, message in enumerate(messages):
            try:
                self._producer.produce(
                    message.topic,
                    message.value,
                    message.key,
                    headers=message.headers,
                    on_delivery=functools.partial(waiting.delivered, index),
                )
            except BufferError:
                raise Unavailable("too much is waiting for Kafka; nothing of the batch was acknowledged") from None
        return waiting.done

    def _serve(self) -> None:
        while not self._stop.is_set():
            served = self._producer.poll(_POLL_SECONDS)
            waiting = len(self._producer)
            if served or not waiting:
                self._progress.advanced(waiting)
            else:
                self._progress.waiting(waiting)


class _Waiting:
    """For the acknowledgements of one batch."""

    def __init__(self, number: int, too_large: int) -> None:
        self.done: Future[TooLarge] = Future()
        self._left = number
        self._code = too_large
        self._too_large: TooLarge = {}
        self._failure = ""
        self.done.set_running_or_notify_cancel()  # whoever waits may go away, the acknowledgements still come
        if not number:
            self.done.set_result({})

    def delivered(self, index: int, error: Any, _message: Any) -> None:
        if error is not None and error.code() == self._code:
            self._too_large[index] = error.str()
        elif error is not None:
            self._failure = error.str()
        self._left -= 1
        if self._left:
            return
        if self._failure:
            self.done.set_exception(Unavailable(f"Kafka did not acknowledge: {self._failure}; send the batch again"))
        else:
            self.done.set_result(self._too_large)
