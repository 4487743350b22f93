"""The ways by which events leave a job: one module for each, chosen by the setting `transport`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from leadline.core.settings import Settings

    from .entry import Entry
    from .stats import Counters


class Transport(Protocol):
    """Belongs to one thread. What was sent and not acknowledged is kept, so that none is lost."""

    address: str
    """Where the events go, as people may see it."""
    failure: str
    """Why the other side has to be taken for away; empty while it works."""

    def __len__(self) -> int:
        """Sent and not yet acknowledged."""

    def send(self, entry: Entry) -> None:
        """Raises LeadlineError where the entry cannot be taken now: then it is not ours."""

    def poll(self, seconds: float) -> None:
        """Serves acknowledgements, and waits for some at most so long. Never raises for a server: see `failure`."""

    def recall(self) -> list[Entry]:
        """Everything that was not acknowledged, in order; some of it may have arrived all the same."""

    def abandon(self) -> None:
        """In a forked child: everything belongs to the parent."""


class OnThisMachine:
    """Marks transports that end here: what other processes spooled on its way to Kafka is not theirs to take."""


def chosen(settings: Settings) -> str:
    """kafka, http, file or console."""
    return settings.transport or ("http" if settings.url and not settings.kafka else "kafka")


def connect(settings: Settings, counters: Counters) -> Transport:
    """The transport of the settings. Nothing is waited for. Raises UsageError where a setting is missing or makes no sense."""
    kind = chosen(settings)
    if kind == "http":
        from .http_link import HttpLink

        return HttpLink(settings.require("url").url, settings.token, counters)
    if kind == "file":
        from .file_link import FileLink

        return FileLink(settings.file or "leadline.jsonl", counters)
    if kind == "console":
        from .console_link import ConsoleLink

        return ConsoleLink(counters)
    from .link import Link

    return Link(settings, counters)
