"""Connections to the store, ours and ClickHouse's own alike: both speak ClickHouse's HTTP protocol."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import urllib3
from clickhouse_connect import get_client
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from leadline.core.errors import LeadlineError, Unavailable, UsageError
from leadline.core.settings import STORE_WRITER, Settings, shown

logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())  # its errors reach people through ours

ANSWER_SECONDS = 30
"""How long one query may take before the store counts as away."""


def connect(settings: Settings, /, **options: Any) -> Client:
    """A client with the settings' own user; `options` go to clickhouse_connect.get_client.

    One thread at a time; no session, so nothing is left on the server. Raises Unavailable, UsageError (no or a wrong address).
    """
    url = urlsplit(settings.require("clickhouse").clickhouse)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise UsageError(f"CLICKHOUSE is {shown(settings.clickhouse)!r}; it must be a URL such as http://127.0.0.1:19093")
    with answering(settings.clickhouse):
        return get_client(
            host=url.hostname,
            port=url.port or (8443 if url.scheme == "https" else 8123),
            interface=url.scheme,
            proxy_path=url.path,
            username=settings.clickhouse_user,
            password=settings.clickhouse_password,
            **{
                "autogenerate_session_id": False,
                "compress": False,
                "form_encode_query_params": True,  # in a URL hundreds of nodes would not fit
                "connect_timeout": 5,
                "send_receive_timeout": ANSWER_SECONDS,
                "client_name": "leadline",
                **options,
            },
        )


def connect_reader(settings: Settings, /, **options: Any) -> Client:
    """As `connect`, but with the local store's reader in place of its writer: it can do no harm."""
    if settings.clickhouse_user != STORE_WRITER:
        return connect(settings, **options)
    return connect(
        Settings(clickhouse=settings.clickhouse, data=settings.data, environment=settings.environment),
        **options,
    )


@contextmanager
def reading(settings: Settings) -> Iterator[Client]:
    """A reader's connection for a few queries, with the client's errors as ours.

    Raises Unavailable, LeadlineError, UsageError.
    """
    client = connect_reader(settings)
    try:
        with answering(settings.clickhouse):
            yield client
    finally:
        client.close()


@contextmanager
def answering(address: str) -> Iterator[None]:
    """Turns the client's errors into ours: Unavailable where the store is away, LeadlineError where it refused."""
    try:
        yield
    except BrokenPipeError:  # of our own output: those of the connection come wrapped
        raise
    except (OperationalError, urllib3.exceptions.HTTPError, OSError) as error:
        raise Unavailable(f"the store at {shown(address)} does not answer: {_root_cause(error)}; is the stack up?") from error
    except UnicodeEncodeError as error:
        raise UsageError(f"{error.object!r} is no text: it cannot be written in UTF-8") from error
    except ClickHouseError as error:
        raise LeadlineError(f"the store at {shown(address)} refused: {error}") from error


def _root_cause(error: BaseException) -> str:
    """The innermost system error, since the layers above it only repeat it."""
    found: BaseException = error
    seen: BaseException | None = error
    while seen and (seen := seen.__cause__ or seen.__context__):
        if isinstance(seen, OSError) and not isinstance(seen, urllib3.exceptions.HTTPError):
            found = seen
    return (found.strerror if isinstance(found, OSError) else None) or str(found)
