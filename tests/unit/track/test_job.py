"""What a decorated callable is: of its own kind, a run from its first step to its last, and nobody else's run."""

import asyncio
import contextvars
import functools
import gc
import inspect
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from leadline import track
from leadline.core.errors import UsageError
from leadline.events.records import RunEvent
from leadline.track.api import default_client
from leadline.track.testing import Captured, capture


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capture() as everything:
        yield everything


def inside() -> str:
    """The job whose run is current."""
    run = track.current_run()
    return run.node.name if run else ""


# -- generators


@track.job("numbers")
def numbers(last: int) -> Generator[tuple[int, str], object, str]:
    for number in range(last):
        heard = yield number, inside()
        if heard is not None:
            track.metric("heard", heard)
    return "end"


def test_a_generator_is_a_run_from_its_first_item_to_its_last(captured: Captured) -> None:
    """Its code has the run, its consumer does not, and nothing begins before somebody asks."""
    items = numbers(2)
    assert captured.runs() == []
    seen = [(item, inside(), captured.run("numbers").state) for item in items]
    assert seen == [((0, "numbers"), "", "RUNNING"), ((1, "numbers"), "", "RUNNING")]
    assert captured.run("numbers").state == "COMPLETE"


def test_a_generator_behaves_as_undecorated(captured: Captured) -> None:
    """Kind, name, sent values and the value that it returns stay."""
    assert inspect.isgeneratorfunction(numbers) and numbers.__name__ == "numbers"
    items = numbers(2)
    next(items)
    items.send(5)
    with pytest.raises(StopIteration) as ended:
        next(items)
    assert ended.value.value == "end"
    assert captured.run("numbers").metric("heard").value == 5


def test_a_generator_whose_consumer_had_enough_is_complete(captured: Captured) -> None:
    """Closed or forgotten: neither is a failure. Its `finally` runs with the run."""
    left = []

    @track.job("watched")
    def watched() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            left.append(inside())

    closed = watched()
    next(closed)
    closed.close()  # type: ignore[attr-defined]
    forgotten = watched()
    next(forgotten)
    del forgotten
    gc.collect()
    assert [run.state for run in captured.runs("watched")] == ["COMPLETE", "COMPLETE"]
    assert left == ["watched", "watched"]


def test_what_is_thrown_into_a_generator_fails_it_unless_it_is_handled(captured: Captured) -> None:
    """The error that its code lets through is the run's."""

    @track.job("patient")
    def patient() -> Generator[str, None, None]:
        try:
            yield "a"
        except KeyError:
            yield "handled"

    handled = patient()
    next(handled)
    assert handled.throw(KeyError("k")) == "handled"
    assert list(handled) == []
    error = ValueError("no more")
    failed = patient()
    next(failed)
    with pytest.raises(ValueError) as caught:
        failed.throw(error)
    assert caught.value is error
    first, second = captured.runs("patient")
    assert (first.state, second.state, second.error_message) == ("COMPLETE", "FAIL", "no more")


def test_interleaved_generators_keep_their_runs_apart(captured: Captured) -> None:
    """Also where the run around them changes between two items; each child belongs under the run that first asked."""
    with track.run("outer"):
        pairs = zip(numbers(3), numbers(3), strict=True)
        for pair in pairs:
            assert [name for _, name in pair] == ["numbers", "numbers"]
            assert inside() == "outer"
            with track.run("step"):
                assert inside() == "step"
    outer = captured.run("outer")
    assert len(outer.children("numbers")) == 2
    assert len(outer.children("step")) == 3


def test_runs_within_a_generator_do_not_leak_either(captured: Captured) -> None:
    """A `with` around a yield holds inside, and is left inside."""

    @track.job("source")
    def source() -> Iterator[str]:
        with track.run("part"):
            yield inside()
            yield inside()
        yield inside()

    assert [(name, inside()) for name in source()] == [("part", ""), ("part", ""), ("source", "")]
    assert captured.run("source").child("part").state == "COMPLETE"


def test_context_of_the_application_passes_through_a_generator(captured: Captured) -> None:
    """Only our own variable is exchanged: what else its code sets is seen as without us."""
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("application")

    @track.job("sets")
    def sets() -> Iterator[int]:
        variable.set(7)
        yield 1

    list(sets())
    assert variable.get() == 7


# -- coroutines and asynchronous generators


@track.job("ticks")
async def ticks(last: int) -> AsyncIterator[str]:
    for _ in range(last):
        await asyncio.sleep(0)
        yield inside()


def test_an_asynchronous_generator_is_a_run_as_long_as_it_is_consumed(captured: Captured) -> None:
    """Two that are interleaved in one task, and one that is driven by several tasks."""

    async def consume() -> None:
        first, second = ticks(2), ticks(2)
        for _ in range(2):
            assert (await anext(first), inside()) == ("ticks", "")
            assert (await anext(second), inside()) == ("ticks", "")
        assert [item async for item in first] == []
        with pytest.raises(StopAsyncIteration):
            await asyncio.create_task(anext(second))  # type: ignore[arg-type]
        assert inside() == ""

    assert inspect.isasyncgenfunction(ticks)
    asyncio.run(consume())
    assert [run.state for run in captured.runs("ticks")] == ["COMPLETE", "COMPLETE"]


def test_an_asynchronous_generator_that_is_closed_cancelled_or_thrown_into(captured: Captured) -> None:
    """COMPLETE, ABORT and FAIL."""
    forever = asyncio.Event()

    @track.job("stream")
    async def stream(name: str) -> AsyncIterator[str]:
        track.current_run().tag(name)  # type: ignore[union-attr]
        yield name
        await forever.wait()

    async def consume() -> None:
        closed, thrown, cancelled = stream("closed"), stream("thrown"), stream("cancelled")
        for one in (closed, thrown, cancelled):
            await anext(one)
        await closed.aclose()  # type: ignore[attr-defined]
        with pytest.raises(KeyError):
            await thrown.athrow(KeyError("k"))  # type: ignore[attr-defined]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(cancelled), 0.01)

    asyncio.run(consume())
    states = {next(iter(run.tags)): run.state for run in captured.runs("stream")}
    assert states == {"closed": "COMPLETE", "thrown": "FAIL", "cancelled": "ABORT"}


def test_tasks_of_a_group_have_a_run_each_below_the_one_around(captured: Captured) -> None:
    """gather and TaskGroup copy the context; what one task enters no other sees."""

    @track.job("serve")
    async def serve(value: int) -> str:
        await asyncio.sleep(0)
        track.metric("value", value)
        await asyncio.sleep(0)
        return inside()

    async def main() -> None:
        async with track.run("batch"):
            assert list(await asyncio.gather(serve(0), serve(1))) == ["serve", "serve"]
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(serve(value)) for value in (2, 3)]
            assert [task.result() for task in tasks] == ["serve", "serve"]
            assert inside() == "batch"

    asyncio.run(main())
    served = captured.run("batch").children("serve")
    assert sorted(run.metric("value").value for run in served) == [0, 1, 2, 3]


def test_a_task_without_a_run_does_not_take_that_of_another(captured: Captured) -> None:
    """The only open run of the process is that of a thread that has none, but not of another task."""

    @track.job("request")
    async def request(begun: asyncio.Event, done: asyncio.Event) -> str:
        begun.set()
        await done.wait()
        return await asyncio.to_thread(inside)

    async def main() -> None:
        begun, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(request(begun, done))
        await begun.wait()
        assert inside() == ""
        async with asyncio.timeout(10):
            done.set()
            assert await task == "request"

    asyncio.run(main())


def test_a_cancelled_task_aborts_its_run(captured: Captured) -> None:
    """And the cancellation passes on."""

    @track.job("slow")
    async def slow() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow(), 0.01)

    asyncio.run(main())
    assert captured.run("slow").state == "ABORT"


def test_runs_that_overlap_leave_the_right_one_current(captured: Captured) -> None:
    """Left in another order than entered: never one that has ended."""
    first, second = track.run("first"), track.run("second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert inside() == "second"
    second.__exit__(None, None, None)
    assert inside() == ""


# -- threads


def test_threads_of_a_pool_report_to_the_only_run_or_to_the_one_they_were_given(captured: Captured) -> None:
    """With two runs open a thread has the one whose context it was given, else none: no guess."""

    def work() -> str:
        return inside()

    with ThreadPoolExecutor(2) as pool, track.run("outer"):
        assert pool.submit(work).result() == "outer"
        with track.run("inner"):
            assert pool.submit(work).result() == ""
            assert pool.submit(contextvars.copy_context().run, work).result() == "inner"


def test_a_decorated_function_in_threads_is_a_run_each(captured: Captured) -> None:
    """However many at once; below the one around them."""
    together = threading.Barrier(4, timeout=30)

    @track.job("part")
    def part(number: int) -> str:
        together.wait()
        track.metric("number", number)
        return inside()

    with ThreadPoolExecutor(4) as pool, track.run("whole"):
        contexts = [contextvars.copy_context() for _ in range(4)]
        futures = [pool.submit(context.run, part, number) for number, context in enumerate(contexts)]
        assert {future.result() for future in futures} == {"part"}
    parts = captured.run("whole").children("part")
    assert sorted(run.metric("number").value for run in parts) == [0, 1, 2, 3]


# -- methods


class Model:
    def __init__(self, depth: int) -> None:
        self.depth = depth

    @track.job()
    def fit(self) -> int:
        return self.depth

    @staticmethod
    @track.job()
    def load(path: str) -> str:
        return path

    @track.job()
    @staticmethod
    def save(path: str) -> str:
        return path

    @classmethod
    @track.job()
    def small(cls) -> str:
        return cls.__name__

    @track.job()
    @classmethod
    def large(cls) -> str:
        return cls.__name__


def test_methods_of_all_kinds_in_both_orders(captured: Captured) -> None:
    """They bind as undecorated; without a name the job is called by module and qualified name."""
    model = Model(3)
    assert (model.fit(), Model.load("p"), model.save("q"), Model.small(), model.large()) == (3, "p", "q", "Model", "Model")
    names = [run.name.removeprefix(f"{__name__}.") for run in captured.runs()]
    assert names == ["Model.fit", "Model.load", "Model.save", "Model.small", "Model.large"]


def test_what_cannot_be_a_job_says_so() -> None:
    """A class, and what has no name."""
    with pytest.raises(UsageError, match="Model is a class; decorate its method"):
        track.job("model")(Model)
    with pytest.raises(UsageError, match="has no name; give one"):
        track.job()(functools.partial(print, 1))
    assert track.job("printing")(functools.partial(str, 1))() == "1"


def test_a_run_of_a_generator_that_nobody_ends_is_aborted(captured: Captured) -> None:
    """The process ends, and with it what it left open."""
    left = numbers(2)
    next(left)
    (run,) = default_client()._worker.open_runs()
    run.abandon()
    assert captured.run("numbers").state == "ABORT"
    left.close()
    assert [event.event_type for event in captured.of(RunEvent)] == ["START", "ABORT"]
