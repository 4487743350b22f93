"""How good explanations are, over 30 generated incidents: through lineage, bounds and the store to the answer.

Takes some 6 minutes. Seeds that are not asserted here: `python -m tests.incidents --seeds 31..120`.
"""

from collections.abc import Iterator

import pytest

from leadline.history.connection import connect
from tests.stack.facts import running_store

from .__main__ import ask_all, row
from .trial import DAYS_LATER, Outcome

pytestmark = [pytest.mark.slow, pytest.mark.stack, pytest.mark.timeout(1800)]

SEEDS = range(1, 31)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Outcome]]:
    with running_store(tmp_path_factory.mktemp("incidents")) as settings:
        client = connect(settings)
        yield list(ask_all(client, SEEDS))
        client.close()


def _later(outcomes: list[Outcome]) -> list[Outcome]:
    return [one for one in outcomes if one.days_later == max(DAYS_LATER)]


def test_cause_is_ranked_first(outcomes: list[Outcome]) -> None:
    """Of 20 incidents with one cause among at least 12 harmless changes, in at least 18, some days after the alert."""
    caused = [one for one in _later(outcomes) if one.incident.cause]
    missed = [one for one in caused if one.rank != 1]
    assert len(caused) == 20
    assert len(missed) <= 2, "\n".join(map(row, missed))


def test_nothing_is_claimed_without_a_cause(outcomes: list[Outcome]) -> None:
    """Of 10 incidents without a cause (a wild day, a drift, a shift of the world), in at least 9 nothing is claimed."""
    calm = [one for one in _later(outcomes) if not one.incident.cause]
    claimed = [one for one in calm if one.claimed]
    assert len(calm) == 10
    assert len(claimed) <= 1, "\n".join(map(row, claimed))


def test_harmless_changes_are_many(outcomes: list[Outcome]) -> None:
    """Every incident has at least ten harmless changes around it."""
    assert min(len(one.incident.harmless) for one in outcomes) >= 10
