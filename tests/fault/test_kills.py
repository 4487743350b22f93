"""kill -9 of any process at any moment loses nothing and leaves no visible duplicate.

Events with known ids flow while processes are killed, at random and at exact moments, drawn from a seed. Afterwards SQL holds
exactly the producer's ledger, what follows from it exists once by its id, rollups equal the raw rows, and all has caught up
within 60 s.
"""

import os
import threading
import time
from collections.abc import Sequence

import pytest

from leadline.events.records import Event

from .diagnosis import diagnosis
from .flow import Flow
from .killable import Killable, killable
from .kills import plan
from .ledger import Difference, behind, differences
from .moments import Trap, trap

__all__ = ["trap"]

SEED = int(os.environ.get("LEADLINE_SEED", "1"))
CAUGHT_UP_SECONDS = 180.0 if "PYTEST_XDIST_WORKER" in os.environ else 60.0
"""The promise is for a machine that does nothing else; beside other tests it takes what they leave."""

pytestmark = [pytest.mark.stack, pytest.mark.fault]


@pytest.fixture(autouse=True)
def _local(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--stack") != "local":
        pytest.skip("only the local stack's processes are ours to kill")


@pytest.mark.timeout(900)
def test_every_role_killed_twice(trap: Trap) -> None:
    """Each role dies once at random and once at an exact moment, in one flow of at least 12,000 events."""
    with killable(trap) as stack:
        _kill_under_load(stack, count=12_000, each=2, per_second=400, seed=SEED)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_role_killed_five_times(trap: Trap) -> None:
    """Each role dies five times, at least once at each of its exact moments, in one flow of at least 50,000 events."""
    with killable(trap) as stack:
        _kill_under_load(stack, count=50_000, each=5, per_second=250, seed=SEED + 1)


def _kill_under_load(stack: Killable, *, count: int, each: int, per_second: float, seed: int) -> None:
    with Flow(stack.settings, seed, count, per_second) as flow:
        for kill in plan(seed, count, each):
            flow.wait_sent(kill.at)
            stack.kill(kill)
    stack.tell(f"{flow.sent} events are sent")
    _same_within(CAUGHT_UP_SECONDS, stack, flow.ledger, seed)


def _same_within(seconds: float, stack: Killable, ledger: Sequence[Event], seed: int) -> None:
    """Counted from the last event and the last kill on."""
    began, said = time.monotonic(), ""
    found: list[Difference] | None = None
    stack.wait_healthy()
    while time.monotonic() - began <= seconds:
        late = behind(stack.settings, ledger)
        found = None if late else differences(stack.settings, ledger)
        if found == []:
            stack.tell("all of it is there, once")
            return
        state = "; ".join(map(str, found or [])) or f"{late} readings are not in SQL yet"
        if state != said:
            stack.tell(state)
        said = state
        threading.Event().wait(0.5)
    found = found or differences(stack.settings, ledger)
    print(diagnosis(stack.settings, found))
    pytest.fail(f"seed {seed}: not the same {seconds:g} s after the last event: " + "; ".join(map(str, found)))
