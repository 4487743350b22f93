"""Ids that are derived are the same for ever, whoever derives them."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from leadline.events.ids import derived_id


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=4))
def test_it_is_the_standards_uuid(parts: list[str]) -> None:
    """A UUIDv5 as Python's own library has it, so that another program can derive it too."""
    text = "\x1f".join(part.replace("\x1f", "\x1f\x1f") for part in parts)
    assert derived_id(*parts) == str(uuid.uuid5(uuid.UUID("6c656164-6c69-5e65-8000-000000000001"), text))


def test_parts_are_not_run_together() -> None:
    """Where one part ends matters."""
    assert len({derived_id("a", "b"), derived_id("ab"), derived_id("a", "", "b")}) == 3


def test_it_never_changes() -> None:
    """Rows of years ago are found by it."""
    assert derived_id("edge", 7, "näme") == "4a6827a6-aea0-5747-8dc7-307b8f4c4a09"
