"""Several like processes of one training: rank 0 speaks for the run, the others say only what went wrong."""

from collections.abc import Callable
from types import ModuleType

import pytest

from leadline import track
from leadline.events.records import MetricsReported, RunEvent
from leadline.track.ranks import rank
from leadline.track.testing import capture

TORCHRUN = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "GROUP_RANK": "0"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ""),
        (TORCHRUN, "1"),
        ({**TORCHRUN, "RANK": "0", "LOCAL_RANK": "0"}, "0"),
        ({"RANK": "9", "LOCAL_RANK": "1", "WORLD_SIZE": "16"}, "9"),
        ({"RANK": "3"}, ""),
        ({"RANK": "gold", "WORLD_SIZE": "many"}, ""),
        ({"LOCAL_RANK": "2"}, "2"),
        ({"LOCAL_RANK": "0", "NODE_RANK": "0"}, "0"),
        ({"LOCAL_RANK": "0", "NODE_RANK": "3"}, "3.0"),
        ({"OMPI_COMM_WORLD_RANK": "5", "OMPI_COMM_WORLD_SIZE": "8"}, "5"),
        ({"PMI_RANK": "1", "PMI_SIZE": "2"}, "1"),
        ({"SLURM_PROCID": "2", "SLURM_NTASKS": "4"}, "2"),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, ""),
    ],
)
def test_launchers_tell_which_process_this_is(environ: dict[str, str], expected: str) -> None:
    """A variable of the same name that somebody else uses for something else does not silence a job."""
    assert rank(environ) == expected


def test_a_process_group_that_the_job_began_itself_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.multiprocessing.spawn sets no variables: init_process_group(rank=...) is where the rank is told."""
    distributed = ModuleType("torch.distributed")
    told: dict[str, Callable[[], object]] = {
        "is_available": lambda: True,
        "is_initialized": lambda: True,
        "get_rank": lambda: 3,
        "get_world_size": lambda: 4,
    }
    vars(distributed).update(told)
    monkeypatch.setitem(__import__("sys").modules, "torch.distributed", distributed)
    assert rank({}) == "3"


def train() -> None:
    with track.run("train", parameters={"depth": 3}) as run:
        run.metric("loss", 0.5)
        run.log("a line")
        run.input("s3://lake", "x")
    track.metric("rows", 3, of=track.dataset("s3://lake", "x"))


def test_the_first_rank_speaks_for_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were alone."""
    for name, value in {**TORCHRUN, "RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    with capture() as captured:
        train()
    assert captured.run("train").state == "COMPLETE"
    assert captured.metric("loss").dims == {}
    assert captured.metric("rows").value == 3


def test_the_other_ranks_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is doubled, and nothing counts as lost."""
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    with capture() as captured:
        train()
        with pytest.raises(KeyboardInterrupt), track.run("train"):
            raise KeyboardInterrupt
        assert track.current_run() is None
    assert captured.events() == []
    assert captured.dropped == {}


def test_a_rank_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else only rank 0 would be seen to end, told by the launcher to stop: the cause lies elsewhere."""
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    with capture() as captured, pytest.raises(ValueError), track.run("train", tags={"team": "a"}) as run:
        run.parameter("depth", 3)
        run.metric("loss", 0.5)
        raise ValueError("no memory on GPU 1")
    events = captured.of(RunEvent)
    assert [event.event_type for event in events] == ["START", "FAIL"]
    assert captured.run("train").tags == {"team": "a", "rank": "1"}
    assert captured.run("train").error_message == "no memory on GPU 1"
    assert captured.of(MetricsReported) == []


@pytest.mark.parametrize("how", ["environment", "code"])
def test_all_ranks_report_when_asked_to(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Each under a tag and a dimension of its own, so that their readings are series of their own."""
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    if how == "environment":
        monkeypatch.setenv("LEADLINE_RANKS", "all")
    with capture() as captured:
        track.configure(ranks="all" if how == "code" else None)
        train()
        track.metric("mine", 1, of=track.model("n", "m"), dims={"rank": "own"})
    assert captured.run("train").tags == {"rank": "1"}
    assert captured.metric("loss").dims == {"rank": "1"}
    assert captured.metric("mine").dims == {"rank": "own"}
