"""Ends a process of the stack with SIGKILL at an exact moment of its work, so that the product needs no hook for it.

Python imports a module of this name when it starts, from the first folder of PYTHONPATH that has one. It stands in each
process of a stack under test, and wraps the functions named below as their modules are imported. A file `ROLE.armed` in the
folder LEADLINE_MOMENTS says which moment is meant and at which pass; it is consumed before the process dies, so that its
successor lives. Nothing but the standard library: this runs in every Python of the stack.
"""

import inspect
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = "LEADLINE_MOMENTS"

Install = Callable[[ModuleType, "Moments"], None]


class Moments:
    """Of one role's process."""

    def __init__(self, folder: Path, role: str) -> None:
        self._armed, self._killed = folder / f"{role}.armed", folder / f"{role}.killed"
        self._counted: dict[str, int] = {}
        self._lock = threading.Lock()

    def passed(self, moment: str, **seen: object) -> None:
        """Dies at the pass that was asked for; `seen` goes into the report. Passes count from when the file is there."""
        with self._lock:
            if not self._armed.exists():
                return
            order = json.loads(self._armed.read_text())
            if order["moment"] != moment:
                return
            self._counted[order["id"]] = self._counted.get(order["id"], 0) + 1
            if self._counted[order["id"]] < order["passes"]:
                return
            victim = order["victim"] or os.getpid()
            report = {**order, "pid": os.getpid(), "victim": victim, "seen": seen}
            being_written = self._killed.with_suffix(".writing")
            being_written.write_text(json.dumps(report))
            self._armed.unlink()
            being_written.rename(self._killed)
            os.kill(victim, signal.SIGKILL)


# The workers ----------------------------------------------------------------------------------------------------------


class _Flush:
    """What one flush has sent so far."""

    def __init__(self) -> None:
        self.outputs: list[Any] = []
        self.records: list[Any] = []
        self.wrote = False


class _Table(MutableMapping[bytes, bytes]):
    """Says before its first write of a flush that it is about to be written."""

    def __init__(self, table: MutableMapping[bytes, bytes], before: Callable[[], None]) -> None:
        self._table, self._before = table, before

    def __getitem__(self, key: bytes) -> bytes:
        return self._table[key]

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._before()
        self._table[key] = value

    def __delitem__(self, key: bytes) -> None:
        del self._table[key]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


def _watch_applier(module: ModuleType, moments: Moments) -> None:
    """The apply rule's order: outputs acknowledged, changelog acknowledged, table written, messages acknowledged."""
    applier = _named(module, "Applier")
    made, flushed = _named(applier, "__init__"), _named(applier, "flush")
    signature = inspect.signature(made)
    lacking = {"table", "send", "changelog"} - set(signature.parameters)
    assert not lacking, f"Applier takes no {sorted(lacking)} any more: adapt {__file__}"

    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        given = signature.bind(self, *args, **kwargs).arguments
        send, changelog = given["send"], given["changelog"]
        self.watched = _Flush()

        async def watched_send(message: Any) -> Awaitable[Any]:
            acknowledged: Awaitable[Any] = await send(message)
            self.watched.outputs.append(acknowledged)
            return acknowledged

        async def watched_changelog(key: bytes, value: bytes) -> Awaitable[Any]:
            if self.watched.outputs and not self.watched.records:
                moments.passed("outputs-acknowledged", **_acknowledged(outputs=self.watched.outputs))
            acknowledged: Awaitable[Any] = await changelog(key, value)
            self.watched.records.append(acknowledged)
            return acknowledged

        def before_table() -> None:
            if not self.watched.wrote:
                self.watched.wrote = True
                moments.passed("changelog-acknowledged", **_acknowledged(records=self.watched.records))

        given |= {"send": watched_send, "changelog": watched_changelog, "table": _Table(given["table"], before_table)}
        made(**given)

    async def flush(self: Any) -> None:
        self.watched = _Flush()
        await flushed(self)
        if self.watched.wrote:
            moments.passed("table-written", **_acknowledged(records=self.watched.records))

    applier.__init__, applier.flush = make, flush


def _acknowledged(**sent: list[Any]) -> dict[str, int]:
    """How many were sent, and how many of these the broker has not acknowledged yet: none, if the rule is kept."""
    counts = {name: len(futures) for name, futures in sent.items()}
    return {**counts, "unacknowledged": sum(not future.done() for futures in sent.values() for future in futures)}


# The sink, what relays, the store ---------------------------------------------------------------------------------------


def _watch_inserts(module: ModuleType, moments: Moments) -> None:
    """After ClickHouse took one block of a flush; the others of it may be on their way."""
    _after(_named(module, "Inserter"), "insert", lambda _, table, *rest, **named: moments.passed("block-inserted", table=table))


def _watch_rollup(module: ModuleType, moments: Moments) -> None:
    """The readings are in, the hours that they touch are not counted anew."""
    _before(_named(module, "Rollup"), "refresh", lambda *_: moments.passed("rollup-due"))


def _watch_commit(module: ModuleType, moments: Moments) -> None:
    """ClickHouse took everything of the flush, Kafka does not know yet."""

    def passed(_: Any, offsets: Any) -> None:
        if offsets:
            moments.passed("commit-due", partitions=len(offsets))

    _before(_named(module, "Sink"), "_commit", passed)


def _watch_relay(module: ModuleType, moments: Moments) -> None:
    """What was made of a batch handed to the client; and acknowledged, but the batch not committed."""
    relay = _named(module, "Relay")
    _before(relay, "_acknowledged", lambda *_: moments.passed("outputs-sent"))
    _before(relay, "_commit", lambda _, batch, *rest: moments.passed("commit-due", messages=len(batch)))


def _watch_writer(module: ModuleType, moments: Moments) -> None:
    """The engine has the block, who sent it has no answer."""
    _after(_named(module, "Writer"), "_insert", lambda *_: moments.passed("block-taken"))


WATCHED: dict[str, dict[str, Install]] = {
    "lineage": {"leadline.worker.apply": _watch_applier},
    "bounds": {"leadline.worker.apply": _watch_applier},
    "sink": {
        "leadline.clickhouse.insert": _watch_inserts,
        "leadline.clickhouse.rollup": _watch_rollup,
        "leadline.clickhouse.consumer": _watch_commit,
    },
    "enrichment": {"leadline.worker.relay": _watch_relay},
    "openlineage": {"leadline.worker.relay": _watch_relay},
    "store": {"leadline.local.store.writer": _watch_writer},
}
"""Role to module to what watches it."""


# Wrapping -------------------------------------------------------------------------------------------------------------


def _named(owner: Any, name: str) -> Any:
    found = getattr(owner, name, None)
    assert found is not None, f"{owner.__name__} has no {name} any more: name the moment anew in {__file__}"
    return found


def _before(owner: Any, name: str, call: Callable[..., None]) -> None:
    original = _named(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        call(*args, **kwargs)
        return original(*args, **kwargs)

    setattr(owner, name, wrapped)


def _after(owner: Any, name: str, call: Callable[..., None]) -> None:
    original = _named(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        call(*args, **kwargs)
        return result

    setattr(owner, name, wrapped)


class _Finder(MetaPathFinder):
    """Lets the modules be found as ever, and wraps them once they are run."""

    def __init__(self, watched: dict[str, Install], moments: Moments) -> None:
        self._watched, self._moments = watched, moments

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        install = self._watched.get(name)
        spec = PathFinder.find_spec(name, path) if install else None
        if install is None or spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_and_watch(module: ModuleType) -> None:
            run(module)
            install(module, self._moments)

        spec.loader.exec_module = run_and_watch  # type: ignore[method-assign]
        return spec


def _role(command: list[str]) -> str:
    """The name under which the stack knows this process; empty where it is none of those that are watched."""
    if "leadline.local.store" in command:
        return "store"
    return command[command.index("worker") + 1] if "worker" in command[:-1] else ""


def _stand_by() -> None:
    folder, role = os.environ.get(FOLDER), _role(sys.orig_argv)
    if folder and role in WATCHED:
        sys.meta_path.insert(0, _Finder(WATCHED[role], Moments(Path(folder), role)))


_stand_by()
