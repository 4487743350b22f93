"""Whatever is given to whichever call: it returns at once, or says at once what to write. Nothing else ever comes out of it."""

import contextlib
import inspect
import itertools
import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline import track
from leadline.core.errors import UsageError
from leadline.core.settings import Settings
from leadline.events.records import MetricsReported, RunEvent
from leadline.track.testing import capture

from .conftest import Captured


class Hostile:
    """Raises what no caller expects, whatever is asked of it."""

    def _raise(self, *_: object) -> Any:
        raise RuntimeError("hostile")

    __str__ = __repr__ = __eq__ = __hash__ = __bool__ = __float__ = __int__ = __len__ = __iter__ = __lt__ = __gt__ = _raise
    __index__ = __format__ = __getitem__ = __enter__ = __fspath__ = __call__ = _raise


class HostileText(str):
    """A text, as numpy's and those of enums are subclasses of it."""

    def _raise(self, *_: object) -> Any:
        raise RuntimeError("hostile")

    __str__ = __repr__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = _raise
    isascii = encode = upper = lower = strip = _raise  # type: ignore[assignment]


class HostileNumber(float):
    def __repr__(self) -> str:
        raise RuntimeError("hostile")

    __str__ = __repr__


class HostileDict(dict[str, object]):
    def items(self) -> Any:
        raise RuntimeError("hostile")

    __iter__ = __len__ = items


class HostileZone(tzinfo):
    def utcoffset(self, _: datetime | None) -> Any:
        raise RuntimeError("hostile")

    dst = tzname = utcoffset


def endless() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


def deep() -> list[Any]:
    found: list[Any] = []
    for _ in range(20_000):
        found = [found]
    return found


HUGE = "x" * 2_000_000
VALUES: dict[str, Any] = {
    "hostile": Hostile(),
    "hostile type": Hostile,
    "hostile text": HostileText("text"),
    "hostile number": HostileNumber(1.0),
    "hostile dict": HostileDict(a=1),
    "hostile zone": datetime(2026, 1, 1, tzinfo=HostileZone()),
    "none": None,
    "nothing": "",
    "text": "text",
    "bytes": b"\xff" * 1_000_000,
    "huge text": HUGE,
    "surrogate": "\udcff",
    "endless": endless(),
    "deep": deep(),
    "true": True,
    "minus": -1,
    "huge number": 10**5_000,
    "nan": float("nan"),
    "infinite": float("inf"),
    "complex": 1j,
    "list": ["a", 1],
    "dict of hostile": {"key": Hostile(), "text": HostileText("text"), "deep": [deep()]},
    "dict of numbers": {1: 2},
    "dict of hostile names": {HostileText("name") if False else "a": 1, ("t", "u"): 2},
    "dict of surrogates": {"\udcff": "\udcff"},
    "large dict": {f"key-{number}": number for number in range(11_000)},
    "large list": list(range(200_000)),
    "set": {"a"},
    "date": date(1, 1, 1),
    "datetime": datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-12))),
    "naive": datetime(2026, 1, 1),  # noqa: DTZ001 - the mistake itself
    "duration": timedelta.max,
    "function": len,
    "exception": RuntimeError(Hostile()),
}

MODEL = track.model("mlflow://prod", "churn", version="7")


@pytest.fixture
def run() -> Iterator[track.Run]:
    with capture(), track.run("job") as run:
        yield run


def calls(run: track.Run) -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """Every public call that takes something, with arguments that make sense."""
    metric = run.metric("auc", 0.8)
    client = track.Client(Settings(), disabled=True)
    return {
        "run": (track.run, {"name": "j"}),
        "job": (lambda name="", **more: track.job(name, **more)(len), {}),
        "metric": (track.metric, {"name": "auc", "value": 1, "of": MODEL}),
        "decision": (track.decision, {"node": MODEL, "action": "PROMOTE"}),
        "owner": (track.owner, {"node": MODEL, "owner": "me"}),
        "describe": (track.describe, {"node": MODEL, "description": "what"}),
        "dataset": (track.dataset, {"namespace": "s3://lake", "name": "x"}),
        "model": (track.model, {"namespace": "n", "name": "x"}),
        "column": (track.column, {"node": MODEL, "name": "x"}),
        "node": (track.node, {"kind": "MODEL", "namespace": "n", "name": "x"}),
        "logs": (track.logs, {"level": "INFO"}),
        "Client": (track.Client, {"disabled": True}),
        "Client.flush": (client.flush, {"timeout": 0}),
        "Client.close": (client.close, {"timeout": 0}),
        "Client.send_spool": (client.send_spool, {"timeout": 0}),
        "Run.metric": (run.metric, {"name": "auc", "value": 1}),
        "Run.input": (run.input, {"namespace": "s3://lake", "name": "x"}),
        "Run.output": (run.output, {"namespace": MODEL}),
        "Run.parameter": (run.parameter, {"name": "k", "value": 1}),
        "Run.parameters": (run.parameters, {"values": {"k": 1}}),
        "Run.tag": (run.tag, {"name": "k"}),
        "Run.log": (run.log, {"message": "line"}),
        "Run.decision": (run.decision, {"node": MODEL, "action": "PROMOTE"}),
        "Run.seed": (run.seed, {"value": 7}),
        "Run.log_pointer": (run.log_pointer, {"location": "s3://logs/1.txt"}),
        "Run.artifact": (run.artifact, {"data": {"a": 1}, "name": "settings"}),
        "Run.trial": (run.trial, {"parameters": {"depth": 3}}),
        "Run.choose": (run.choose, {}),
        "metric_definition": (track.metric_definition, {"name": "f1", "better": "higher"}),
        "snapshot": (track.snapshot, {"node": MODEL, "data": {"a": 1}}),
        "structlog_processor": (track.structlog_processor, {"logger": None, "method": "info", "event": {"event": "line"}}),
        "Metric.bound": (metric.bound, {"lower": 0.1, "bound_id": "b"}),
    }


@pytest.mark.parametrize("name", calls(track.Run(track.Client(Settings(), disabled=True), "j")))
def test_nothing_but_what_to_write_ever_comes_out(run: track.Run, name: str) -> None:
    """Every parameter of every public call, with everything that could be given by mistake."""
    call, arguments = calls(run)[name]
    parameters = inspect.signature(track.run if name == "job" else call).parameters.values()
    taken = [parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD]
    for parameter, (kind, value) in itertools.product(taken, VALUES.items()):
        began = time.perf_counter()
        try:
            call(**{**arguments, parameter: value})
        except (UsageError, TypeError) as error:
            assert len(str(error)) < 2_000, f"{kind}: the message is as long as the value"
            assert "hostile" not in str(error) or "hostile" in kind, kind
        except Exception as error:
            pytest.fail(f"{name}({parameter}={kind}) raised {type(error).__name__}: {str(error)[:200]}")
        assert time.perf_counter() - began < 2.0, f"{name}({parameter}={kind}) took long"


def test_every_public_call_is_among_them(run: track.Run) -> None:
    """A new one is to be added above."""
    without_arguments = {
        "configure",
        "current_run",
        "environ",
        "stats",
        "flush",
        "Stats",
        "Node",
        "Column",
        "Metric",
        "MetricDefinition",
        "Run",
        "Trial",
    }
    assert {name for name in track.__all__ if name not in calls(run)} == without_arguments
    methods = {name for name in vars(track.Run) if not name.startswith("_")}
    ours = {
        "begun",
        "ref",
        "identity",
        "end",
        "abandon",
        "take",
        "running",
        "take_line",
        "forked",
        "changed",
        "begin",
        "finish",
        "cut",
    }
    assert {name for name in methods - ours if f"Run.{name}" not in calls(run)} == set()


@pytest.mark.parametrize("value", [Hostile(), None, "5", float("nan")], ids=["hostile", "none", "text", "nan"])
def test_a_flush_that_cannot_be_waited_for_says_so(captured: Captured, value: Any) -> None:
    """And an endless one is one."""
    with pytest.raises(UsageError, match="give seconds"):
        track.flush(value)


@pytest.mark.parametrize(
    "options",
    [
        {"client": Hostile()},
        {"close_seconds": None},
        {"hold_seconds": float("nan")},
        {"queue_bytes": "16 MB"},
        {"capture_logs": "LOUD"},
        {"redact_values": ["("]},
        {"ranks": "some"},
        {"spool": 5},
    ],
    ids=lambda options: next(iter(options)),
)
def test_options_that_make_no_sense_are_refused_before_anything_is_closed(captured: Captured, options: Any) -> None:
    """The client before goes on."""
    with pytest.raises(UsageError):
        track.configure(**options)
    with track.run("j"):
        pass
    assert [event.event_type for event in captured.of(RunEvent)] == ["START", "COMPLETE"]


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("hostile")

    __repr__ = __str__


class Exit(SystemExit):
    code: Any = Hostile()


@pytest.mark.parametrize("error", [Unspeakable(), Exit(), SystemExit(Hostile()), ExceptionGroup("g", [Unspeakable()])])
def test_the_job_s_own_exception_passes_whatever_it_is(captured: Captured, error: BaseException) -> None:
    """Ours never takes its place."""
    with pytest.raises(type(error)) as caught, track.run("j"):
        raise error
    assert caught.value is error
    assert captured.of(RunEvent)[-1].event_type == "FAIL"


def test_a_chain_of_thousands_of_exceptions_is_no_trouble(captured: Captured) -> None:
    """A retry loop without end makes such."""
    error = ValueError("first")
    for _ in range(20_000):
        following = ValueError("next")
        following.__context__, error = error, following
    with contextlib.suppress(ValueError), track.run("j"):
        raise error
    assert captured.of(RunEvent)[-1].error_type == "ValueError"


def test_what_was_accepted_harms_no_other(captured: Captured) -> None:
    """After all that the run is whole, and what is good has arrived."""
    with track.run("j", parameters=VALUES["large dict"], tags={"text": HUGE}, owner="me") as run:
        for value in VALUES.values():
            with contextlib.suppress(UsageError, TypeError):
                run.metric("any", value)
            with contextlib.suppress(UsageError, TypeError):
                run.parameters(value)
            run.parameter("any", value)
            run.log(value)
            logging.getLogger("job").info("%s", value) if value is not VALUES["hostile"] else None
        run.metric("good", 1)
    runs = captured.of(RunEvent)
    assert (runs[0].event_type, runs[-1].event_type) == ("START", "COMPLETE")
    assert 1.0 in [r.value for e in captured.of(MetricsReported) for r in e.readings if r.metric == "good"]
    dropped = captured.client.stats().dropped
    assert set(dropped) == {"RunEvent"}
    assert set(dropped["RunEvent"]) == {"too_many_parameters"}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary() | st.dates(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    )
)
def test_any_value_is_a_parameter(value: object) -> None:
    """And its text is valid Unicode of bounded length."""
    with capture() as captured, track.run("j", parameters={"k": value}):
        pass
    texts = captured.run("j").parameters
    assert all(name.partition(".")[0] == "k" for name in texts)
    assert texts
    for text in texts.values():
        text.encode()
        assert len(text) < 9_000


def test_times_of_a_run_are_within_what_can_be_kept(captured: Captured) -> None:
    """Else the run would have no START, and nobody would be told."""
    for slot in (datetime(1969, 1, 1, tzinfo=UTC), date(2201, 1, 1)):
        with pytest.raises(UsageError, match="from 1970 to 2200"):
            track.run("j", slot=slot)
    for endless_time in (float("inf"), 1e12, timedelta.max):
        with pytest.raises(UsageError, match="a century at most"):
            track.run("j", deadline=endless_time)
