"""Runs tasks two at a time, each when those before it are done."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from .tasks import Task


def run_all(tasks: Iterable[Task], run: Callable[[Task], None], done: Callable[[Task], None], at_once: int = 2) -> None:
    """`run` is called in threads, `done` in the caller's after each; the first exception of `run` ends it all.

    A task that waits for one that is not among the tasks waits for nothing. Earlier tasks go first.
    """
    waiting = list(tasks)
    keys = {task.key for task in waiting}
    finished: set[str] = set()
    running: dict[Future[None], Task] = {}
    with ThreadPoolExecutor(at_once) as pool:
        while waiting or running:
            for task in [task for task in waiting if set(task.after) & keys <= finished][: at_once - len(running)]:
                waiting.remove(task)
                running[pool.submit(run, task)] = task
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                future.result()
                finished.add(task.key)
                done(task)
