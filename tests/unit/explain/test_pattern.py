"""How surely a series stepped, was elsewhere for a while, or drifted."""

import random

from leadline.history.explanation.pattern import Patterns

COUNT, AT = 60, 45


def _patterns(seed: int, *shifts: tuple[int, int, float]) -> Patterns:
    """Two columns of chance; the first is shifted in rows [first, end)."""
    chance = random.Random(seed)
    rows = [[chance.gauss(0, 1), chance.gauss(0, 1)] for _ in range(COUNT)]
    for first, end, size in shifts:
        for row in rows[first:end]:
            row[0] += size
    return Patterns(rows, [1.0, 1.0])


def test_step_is_surest_where_it_is() -> None:
    """A step of two spreads is found to within a row, in most of 50 series."""
    found = (_patterns(seed, (AT, COUNT, 2.0)) for seed in range(50))
    places = [max(range(1, COUNT), key=one.spell) for one in found]
    assert sum(abs(place - AT) <= 1 for place in places) >= 40


def test_spell_is_surer_than_a_step() -> None:
    """What was over after five rows is no shift for good."""
    found = [_patterns(seed, (AT, AT + 5, 3.0)) for seed in range(50)]
    assert all(one.spell(AT, AT + 5) > one.spell(AT) for one in found)


def test_drift_is_surer_than_any_step() -> None:
    """A slope is told from a step in most of 50 series."""
    rising = [(row, row + 1, (row - 30) / 6) for row in range(30, COUNT)]
    found = [_patterns(seed, *rising) for seed in range(50)]
    assert sum(max(map(one.drift, range(COUNT))) > max(map(one.spell, range(1, COUNT))) for one in found) >= 45


def test_nothing_speaks_against_itself() -> None:
    """Where nothing happened, a step in the middle has odds against it, on average."""
    found = [_patterns(seed).spell(COUNT // 2) for seed in range(100)]
    assert sum(found) < 0


def test_what_cannot_be_seen_yet_counts_little() -> None:
    """One row says less than many; none says nothing."""
    found = _patterns(1)
    assert found.spell(COUNT) == 0.0
    assert abs(found.spell(COUNT - 1)) < 2.0
