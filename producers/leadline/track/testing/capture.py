"""While it lasts, every client of this process delivers into memory; all the rest of its way is the real one."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from .. import api, forks, signals
from ..client import Client
from ..delivery import Delivery
from ..run import _current, _open
from ..spool import Spool
from ..stats import Counters
from .events import Captured, Source
from .topics import MemoryLink, Topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLOSE_SECONDS = 60.0


@contextlib.contextmanager
def capture() -> Iterator[Captured]:
    """Captures what this process reports: through `track`'s functions, and through clients made before or within.

    No connection is made, no file is written and no thread is left. Child processes report nothing at all meanwhile
    (LEADLINE_DISABLED), since nobody could see it.
    """
    topics, sources = Topics(), list[Source]()
    with contextlib.ExitStack() as stack:
        stack.enter_context(_replaced(topics, sources))
        stack.enter_context(_no_run_open())
        stack.enter_context(mock.patch.object(api, "_client", api._client))
        for client in forks.clients():
            sources.append(stack.enter_context(_lent(client)))
        stack.enter_context(_children_disabled())
        stack.enter_context(_sigterm_given_back())
        stack.callback(_close, sources)
        yield Captured(topics, sources)


@contextlib.contextmanager
def _replaced(topics: Topics, sources: list[Source]) -> Iterator[None]:
    """Clients that are made from now on are captured, also where LEADLINE_DISABLED says that nothing is to be sent."""
    make: Callable[..., None] = Client.__init__

    def init(client: Client, *args: Any, **options: Any) -> None:
        if options.get("disabled") is None:
            options["disabled"] = False
        make(client, *args, **options)
        sources.append(_source(client))

    def make_delivery(client: Client, meanwhile: Callable[[], bool]) -> Delivery:
        # A spool without room in a place without files: what other processes have spooled is not for tests to send.
        spool = Spool(Path(os.devnull), 0)
        return Delivery(lambda: MemoryLink(topics, client.counters), spool, client.counters, client._warn, meanwhile)

    with mock.patch.object(Client, "__init__", init), mock.patch.object(Client, "_make_delivery", make_delivery):
        yield


@contextlib.contextmanager
def _lent(client: Client) -> Iterator[Source]:
    """A client made before, for example by a module of the job when it was imported, reports into memory meanwhile."""
    before = client._worker, client.counters, client._warned, client.disabled
    client.counters, client._warned, client.disabled = Counters(), {}, False
    client._worker = client._new_worker()
    try:
        yield _source(client)
    finally:
        client._worker, client.counters, client._warned, client.disabled = before


@contextlib.contextmanager
def _no_run_open() -> Iterator[None]:
    """A run that an earlier test left open is nobody's parent here, nor is one of this test later."""
    token = _current.set(None)
    try:
        with mock.patch.dict(_open, clear=True):
            yield
    finally:
        with contextlib.suppress(ValueError):  # left in another context than it was entered in
            _current.reset(token)


@contextlib.contextmanager
def _children_disabled() -> Iterator[None]:
    """And nobody asks the cloud where this is."""
    switches = {"LEADLINE_DISABLED": "1", "LEADLINE_METADATA_SERVICE": "0"}
    before = {name: os.environ.get(name) for name in switches}
    os.environ.update(switches)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _sigterm_given_back() -> Iterator[None]:
    """The library takes SIGTERM only where nobody has it, and so does the next test."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is signals._on_sigterm and before is signal.SIG_DFL:
            with contextlib.suppress(ValueError):  # in another thread than the main one
                signal.signal(signal.SIGTERM, before)


def _source(client: Client) -> Source:
    return Source(client._worker, client.counters, client._warned)


def _close(sources: list[Source]) -> None:
    for source in sources:
        source.worker.close(CLOSE_SECONDS)
        atexit.unregister(source.worker.close)
