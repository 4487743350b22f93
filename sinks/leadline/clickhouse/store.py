"""Connections that write."""

from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client

from leadline.core.settings import Settings
from leadline.history.connection import answering, connect


@contextmanager
def writing(settings: Settings) -> Iterator[Client]:
    """A connection with the settings' own user. Raises Unavailable, LeadlineError (refused), UsageError (no address)."""
    client = connect(settings)
    try:
        with answering(settings.clickhouse):
            yield client
    finally:
        client.close()
