"""Ray's workers."""

from pathlib import Path

import pytest
import ray

from .spooled import reported, workers_environ


def work(number: int) -> int:
    from leadline import track

    with track.run("ray-task", "n") as run:
        run.metric("n", number)
    return number


def test_tasks_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that they reported is out of the workers when Ray has ended them."""
    environ = workers_environ(tmp_path)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ray.init(num_cpus=2, include_dashboard=False, runtime_env={"env_vars": environ}, log_to_driver=False)
    try:
        assert ray.get([ray.remote(work).remote(number) for number in range(20)]) == list(range(20))
    finally:
        ray.shutdown()
    assert reported(tmp_path / "spool", "ray-task") == list(range(20))
