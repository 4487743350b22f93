"""Tasks run when those before them are done."""

import threading
from datetime import date

import pytest

from leadline.demo.schedule import run_all
from leadline.demo.tasks import Task

DAY = date(2013, 7, 1)


def _task(key: str, *after: str) -> Task:
    return Task(key, "score", DAY, DAY, "LIVE", after=after)


def test_tasks_wait_for_those_before_them() -> None:
    """No task starts before all that it waits for have ended, and no more run at once than are allowed."""
    ended: list[str] = []
    running, most = set[str](), [0]
    lock = threading.Lock()

    def run(task: Task) -> None:
        with lock:
            assert set(task.after) - {"unknown"} <= set(ended)
            running.add(task.key)
            most[0] = max(most[0], len(running))
        with lock:
            running.discard(task.key)
            ended.append(task.key)

    tasks = [_task("a"), _task("b", "a"), _task("c", "a"), _task("d", "b", "c"), _task("e", "unknown")]
    done: list[str] = []
    run_all(tasks, run, lambda task: done.append(task.key))
    assert sorted(ended) == sorted(done) == ["a", "b", "c", "d", "e"]
    assert most[0] <= 2


def test_first_failure_ends_it() -> None:
    """What a task raises reaches the caller, and what waits for it never starts."""

    def run(task: Task) -> None:
        if task.key == "a":
            raise ValueError("a went wrong")
        raise AssertionError(f"{task.key} must not start")

    with pytest.raises(ValueError, match="a went wrong"):
        run_all([_task("a"), _task("b", "a")], run, lambda _: None)
