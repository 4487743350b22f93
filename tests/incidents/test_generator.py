"""The incidents themselves: the same again from the same seed, and as hard as they claim to be."""

import pytest

from .incident import make_incident
from .pipelines import upstream

SEEDS = range(200, 210)


@pytest.mark.parametrize("with_cause", [True, False])
def test_seed_decides_everything(with_cause: bool) -> None:
    """The same seed gives the same incident, another one another."""
    assert make_incident(7, with_cause=with_cause) == make_incident(7, with_cause=with_cause)
    assert make_incident(7, with_cause=with_cause) != make_incident(8, with_cause=with_cause)


def test_cause_hides_among_the_harmless() -> None:
    """50 jobs, a cause at the target or upstream of it, and at least 10 others, of which some are upstream too."""
    for seed in SEEDS:
        found = make_incident(seed, with_cause=True)
        above = {*upstream(found.pipeline, found.target), found.target}
        assert found.cause is not None
        assert len(found.pipeline) == 50
        assert found.cause.job in above
        assert len(found.harmless) >= 10
        assert sum(one.job in above for one in found.harmless) >= 5


def test_alert_is_one() -> None:
    """The target is out of its bounds on the day of the alert, and was not in the week before it was touched."""
    for seed in SEEDS:
        found = make_incident(seed, with_cause=seed % 3 != 0)
        low, high = found.bounds[found.target]
        values = [row[0] for row in found.values[found.target]]
        assert not low <= values[found.alert_day] <= high
        assert all(low <= value <= high for value in values[found.onset - 7 : found.onset])
