"""What tells one role from another; everything else is shared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from leadline.core.clock import Micros
from leadline.events.keys import key_of
from leadline.events.records import Event

State = TypeVar("State", bound=msgspec.Struct)


@dataclass(frozen=True)
class Role(Generic[State]):
    """A processor: one input topic, one state record per entity, one pure function.

    `step(state, event, recorded_at)` gives the new state and the events to send; `state` is None for an entity never seen.
    It is called for every event of the topic and, with a Tick, for entities whose deadline has passed. Returning the very
    same state (`is`) means: unchanged. It must be deterministic, so that a replay sends the same events.
    `deadline(state)` is the time at which a tick must look at the entity again, None for never. After a tick at T it must
    lie after T, or be None.
    `outputs` are the records that `step` may return: their schemas are registered at the start.
    """

    name: str
    topic: str
    state: type[State]
    step: Callable[[State | None, Event, Micros], tuple[State, Sequence[Event]]]
    outputs: tuple[type[Event], ...]
    deadline: Callable[[State], Micros | None] = lambda _: None
    entity: Callable[[Event], bytes] = key_of
    state_version: int = 1
    upgrade: Callable[[int, bytes], State] | None = None
    """Reads the state of an earlier version; None as long as there was none."""
    dump: Callable[[State], bytes] | None = None
    load: Callable[[bytes], State] | None = None
    """How a state becomes bytes and back, where its plain MessagePack would repeat itself; both or none."""

    @property
    def app_id(self) -> str:
        """Consumer group and prefix of the changelog topic."""
        return f"leadline-{self.name}"
