"""Times as people give them."""

import pytest

from leadline.core.moment import parse_moment

NOW = 1_795_262_400_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", NOW - 1_800_000_000),
        ("2w", NOW - 1_209_600_000_000),
        ("2026-11-21", 1_795_219_200_000_000),
        ("2026-11-21T12:00", NOW),
        ("2026-11-21T13:00+01:00", NOW),
        ("2026-11-21T12:00:00.000001Z", NOW + 1),
    ],
)
def test_spellings(text: str, expected: int) -> None:
    """Lengths count back from now; a time without zone is UTC."""
    assert parse_moment(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "7", "-3d", "2026-13-01", "9999999999d"])
def test_nonsense(text: str) -> None:
    """What is no time is refused."""
    with pytest.raises(ValueError):
        parse_moment(text, NOW)
