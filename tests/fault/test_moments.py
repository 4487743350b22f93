"""The exact moments at which processes are killed are those of the code as it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .inside.sitecustomize import WATCHED
from .kills import plan
from .moments import INSIDE, MOMENTS, OF_OPENLINEAGE, Trap


@pytest.mark.parametrize("role", sorted(WATCHED))
def test_the_moments_have_their_places_in_the_code(role: str, tmp_path: Path) -> None:
    """What is wrapped in a process of the role is there: a name that has changed is found at once, not in a long test."""
    program = "; ".join(f"import {module}" for module in WATCHED[role])
    command = [sys.executable, "-c", program, *(["leadline.local.store"] if role == "store" else ["worker", role])]
    environment = {**os.environ, **Trap(tmp_path).environment()}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_every_moment_is_one_that_a_process_passes() -> None:
    """Of every role, by its name."""
    known = (INSIDE / "sitecustomize.py").read_text()
    moments = [*OF_OPENLINEAGE, *(moment for moments in MOMENTS.values() for moment in moments)]
    assert all(moment.role in WATCHED and f'"{moment.name}"' in known for moment in moments)


def test_a_plan_kills_every_role_at_random_and_at_exact_moments() -> None:
    """The same for the same seed; five times each: at all of its exact moments and at least once at random."""
    kills = plan(seed=1, count=50_000, each=5)
    assert kills == plan(seed=1, count=50_000, each=5)
    for role, moments in MOMENTS.items():
        drawn = [kill.moment for kill in kills if kill.role == role]
        assert len(drawn) == 5
        assert set(drawn) == {*moments, None}
    twice = plan(seed=1, count=100, each=2)
    assert sorted(kill.role for kill in twice if kill.moment is None) == sorted(MOMENTS)
    assert sorted(kill.role for kill in twice if kill.moment) == sorted(MOMENTS)
