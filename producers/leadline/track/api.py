"""The functions of `leadline.track`, over one client of the process."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar, Unpack

from leadline.core.errors import UsageError
from leadline.core.settings import Settings

from .client import Client
from .definitions import MetricDefinition
from .job import name_of, wrap
from .logs import MAX_MESSAGE, clean
from .metrics import Metric
from .nodes import MAX_NAME, Node, checked_node, optional_text, required_text
from .parent import to_environ
from .run import HEARTBEAT_SECONDS, Run, current_run
from .shown import shown
from .stats import Stats
from .texts import to_texts

if TYPE_CHECKING:
    from .options import ClientOptions, RunOptions
    from .parameters import Parameters

P = ParamSpec("P")
R = TypeVar("R")

_client: Client | None = None


def default_client() -> Client:
    global _client
    if _client is None:
        _client = Client()
    return _client


def configure(
    settings: Settings | None = None,
    *,
    client: Client | None = None,
    spool: Path | str | None = None,
    **options: Unpack[ClientOptions],
) -> Client:
    """Replaces the client of this process; the one before is closed. Options are those of `track.Client`.

    Settings may be given by name: `configure(kafka="broker:9092", kafka_sasl_mechanism="PLAIN", ...)`; docs/settings.md lists
    them. Raises UsageError for an unknown name or a value that makes no sense; then everything stays as it was.
    """
    global _client
    if client is not None and not isinstance(client, Client):
        raise UsageError(f"client is {shown(client)}; give a track.Client")
    before, _client = _client, Client(settings, spool=spool, **options) if client is None else client
    if before is not None and before is not _client:
        before.close()
    return _client


def run(
    name: str,
    namespace: str = "default",
    *,
    slot: datetime | date | None = None,
    parameters: Parameters | None = None,
    tags: Mapping[str, object] | None = None,
    owner: str = "",
    mode: str | None = None,
    deadline: timedelta | float | None = None,
    heartbeat: timedelta | float | None = HEARTBEAT_SECONDS,
    attempt: int = 1,
    run_id: str | None = None,
) -> Run:
    """One execution of the job `name`, as a context manager.

    `slot`: the nominal time that the run is about (a datetime with zone, or a date). `mode`: LIVE, BACKFILL or TEST; None is
    judged by when the run ended. `deadline`: how long the run may take before it counts as lost. `heartbeat`: how often it
    shows a sign of life; None for never. Raises UsageError for arguments that make no sense.
    """
    return Run(
        default_client(),
        name,
        namespace,
        slot=slot,
        parameters=parameters,
        tags=tags,
        owner=owner,
        mode=mode,
        deadline=deadline,
        heartbeat=heartbeat,
        attempt=attempt,
        run_id=run_id,
    )


def job(
    name: str = "", namespace: str = "default", **options: Unpack[RunOptions]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: each call of the function or coroutine is a run, each generator is one from its first item to its last.

    Options are those of `track.run`. Raises UsageError for a class.
    """
    if callable(name):
        raise UsageError("write @track.job() with parentheses")
    name = optional_text(name, "name", MAX_NAME)
    namespace = required_text(namespace, "namespace")
    inspect.signature(run).bind(name, namespace, **options)  # an option that there is not is seen here, not in the first call

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if not callable(function) and not isinstance(function, staticmethod | classmethod):
            raise UsageError(f"@track.job() stands over {shown(function)}; it must stand over a function or coroutine")
        full_name = name or name_of(function)

        def make_run() -> Run:
            made = run(full_name, namespace, **options)
            made._function = function
            return made

        return wrap(make_run, function)

    return decorate


def metric(
    name: str | MetricDefinition,
    value: object,
    of: Node | None = None,
    *,
    unit: str = "",
    dims: Mapping[str, object] | None = None,
    slot: datetime | date | None = None,
) -> Metric:
    """A value measured now, inside a run or outside; outside, `of` says which node it belongs to."""
    current = current_run()
    if current is not None:
        return current.metric(name, value, of, unit=unit, dims=dims, slot=slot)
    if of is None:
        raise UsageError(
            f"metric {str(name)!r} belongs to no run and no node; give of=track.model(...) or of=track.dataset(...)"
        )
    return default_client().metric(None, name, value, of, unit=unit, dims=dims, slot=slot)


def decision(
    node: Node, action: str, *, reason: str = "", actor: str = "", details: Mapping[str, object] | None = None
) -> None:
    """What a person or a policy did to a node: PROMOTE, DEPLOY, ROLL_BACK, APPROVE, QUARANTINE, FIX or another verb.

    "roll back" is ROLL_BACK. `actor`: who decided (default: the account of this process). It counts as a change when
    something is explained. Raises UsageError for what is no node or no verb.
    """
    default_client().decision(current_run(), node, action, reason=reason, actor=actor, details=details)


def owner(node: Node, owner: str = "", *, on_call: str = "", consumers: Iterable[str] | str = ()) -> None:
    """Who answers for a node, who is called at night, and who uses it."""
    checked_node(node)
    told = {"owner": owner, "on_call": on_call, "consumers": consumers if isinstance(consumers, str) else _joined(consumers)}
    values = {field: optional_text(value, field, MAX_NAME) for field, value in told.items()}
    if not any(values.values()):
        raise UsageError(f"nothing is said about {node}; give owner=, on_call= or consumers=")
    default_client().entity(node, "ownership", {field: value for field, value in values.items() if value})


def describe(node: Node, description: str = "", *, tags: Mapping[str, object] | None = None) -> None:
    """What a node is, for people, and tags to find it by."""
    checked_node(node)
    description = optional_text(description, "description")
    told = {} if tags is None else to_texts(tags, "tags")
    if not description and not told:
        raise UsageError(f"nothing is said about {node}; give description= or tags=")
    if description:
        default_client().entity(node, "documentation", {"description": clean(description, MAX_MESSAGE)})
    if told:
        default_client().entity(node, "tags", told)


def snapshot(node: Node, data: object, *, profile: bool | None = None, frequent: Iterable[str] = ()) -> Node:
    """What a version of a node holds, inside a run or outside: `track.snapshot(features, frame)`; arguments as of `run.input`.

    Gives the node with its version and schema version, as far as the data tells them.
    """
    return default_client().snapshot(current_run(), node, data, profile=profile, frequent=frequent)


def environ() -> dict[str, str]:
    """This process's environment for a child process whose runs belong under the current run: `Popen(..., env=environ())`."""
    current = None if default_client().disabled else current_run()
    return {**os.environ, **(to_environ(current.ref) if current else {})}


def flush(timeout: float = 5.0) -> bool:
    """Waits until everything reported so far is in Kafka; False where it is (partly) in the spool or time ran out."""
    return default_client().flush(timeout)


def stats() -> Stats:
    """What was sent, spooled and dropped, and why."""
    return default_client().stats()


def _joined(consumers: Iterable[str]) -> str:
    try:
        return ", ".join(optional_text(name, "consumers") for name in consumers)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"consumers is {shown(consumers)}; give a text or a list of texts") from error
