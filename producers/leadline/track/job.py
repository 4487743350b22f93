"""The decorator that makes every call of a function a run."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from leadline.core.errors import UsageError

from .shown import shown
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .run import Run

P = ParamSpec("P")
R = TypeVar("R")


def name_of(function: Callable[..., Any]) -> str:
    """The job's name where none is given: module and qualified name. Raises UsageError for what has none, such as a partial."""
    inner = getattr(function, "__func__", function)
    name = getattr(inner, "__qualname__", "")
    if not name:
        raise UsageError(f"{shown(function)} has no name; give one: @track.job('churn.score')")
    return f"{inner.__module__}.{name}"


def wrap(make_run: Callable[[], Run], function: Callable[P, R]) -> Callable[P, R]:
    """Of the same kind: function, generator, coroutine, asynchronous generator, or one of these as static or class method.

    Raises UsageError for a class.
    """
    inner: Any = function
    if inspect.isclass(inner):
        raise UsageError(f"{inner.__qualname__} is a class; decorate its method")
    if isinstance(inner, staticmethod | classmethod):
        return cast("Callable[P, R]", type(inner)(wrap(make_run, inner.__func__)))
    if inspect.isasyncgenfunction(inner):
        made: Any = _async_generator(make_run, inner)
    elif inspect.isgeneratorfunction(inner):
        made = _generator(make_run, inner)
    elif inspect.iscoroutinefunction(inner):
        made = _coroutine(make_run, inner)
    else:
        made = _function(make_run, inner)
    return cast("Callable[P, R]", functools.wraps(inner)(made))


def _function(make_run: Callable[[], Run], function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        with make_run():
            return function(*args, **kwargs)

    return called


def _coroutine(make_run: Callable[[], Run], function: Callable[..., Any]) -> Callable[..., Any]:
    async def running(*args: Any, **kwargs: Any) -> Any:
        async with make_run():
            return await function(*args, **kwargs)

    return running


def _generator(make_run: Callable[[], Run], function: Callable[..., Any]) -> Callable[..., Any]:
    """From the first item that is asked for to the last, with everything that may be sent or thrown between (PEP 380)."""

    def generating(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        body = function(*args, **kwargs)
        with _stepwise(make_run()) as step:
            move, passed = body.send, None
            while True:
                try:
                    with step:
                        item = move(passed)
                except StopIteration as end:
                    return end.value
                try:
                    passed, move = (yield item), body.send
                except GeneratorExit:
                    with step:
                        return body.close()
                except BaseException as error:
                    passed, move = error, body.throw

    return generating


def _async_generator(make_run: Callable[[], Run], function: Callable[..., Any]) -> Callable[..., Any]:
    async def generating(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        body = function(*args, **kwargs)
        with _stepwise(make_run()) as step:
            move, passed = body.asend, None
            while True:
                try:
                    with step:
                        item = await move(passed)
                except StopAsyncIteration:
                    return
                try:
                    passed, move = (yield item), body.asend
                except GeneratorExit:
                    with step:
                        await body.aclose()
                    return
                except BaseException as error:
                    passed, move = error, body.athrow

    return generating


@contextmanager
def _stepwise(run: Run) -> Iterator[Steps]:
    """Starts the run, and ends it as the block ends. Closed before its last item it is COMPLETE: its consumer had enough."""
    run.begin(scoped=True)
    try:
        yield Steps(run)
    except BaseException as error:
        run.finish(error)
        raise
    run.finish(None)
