"""Which bound was in force when: an operator's word before the code's; pure."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from leadline.history.bounds import BoundVersion, in_force


def version(origin: str, since: int, until: int | None, limit: float, state: str = "ACTIVE") -> BoundVersion:
    return BoundVersion(
        bound_id="b", origin=origin, version=since, state=state, kind="MODEL", namespace="n", name="m", metric="auc", dims={},
        warn_lower=None, warn_upper=None, error_lower=limit, error_upper=None, inclusive="both", on_invalid="error", owner="",
        message="", runbook_url="", actor="", reason="", valid_from=since, valid_to=until, recorded_at=0,
    )  # fmt: skip


def spans(versions: list[BoundVersion]) -> list[tuple[str, float | None, int, int | None]]:
    return [(found.origin, found.error_lower, found.valid_from, found.valid_to) for found in in_force(versions)]


def test_operator_interrupts_code() -> None:
    """While the operator's word stands it counts; before it and after it is withdrawn, the code's does."""
    code = version("CODE", 0, None, 0.8)
    operator = [version("OPERATOR", 10, 20, 0.5), version("OPERATOR", 20, None, 0.5, "DELETED")]
    assert spans([code, *operator]) == [("CODE", 0.8, 0, 10), ("OPERATOR", 0.5, 10, 20), ("CODE", 0.8, 20, None)]


def test_code_that_changes_meanwhile_counts_afterwards() -> None:
    """What code says under an operator's word holds once that is withdrawn."""
    code = [version("CODE", 0, 15, 0.8), version("CODE", 15, None, 0.9)]
    operator = [version("OPERATOR", 10, 20, 0.5), version("OPERATOR", 20, None, 0.5, "DELETED")]
    assert spans([*code, *operator]) == [("CODE", 0.8, 0, 10), ("OPERATOR", 0.5, 10, 20), ("CODE", 0.9, 20, None)]


@st.composite
def slots(draw: st.DrawFn, origin: str) -> list[BoundVersion]:
    """One slot's contents, one after the other, the last one present."""
    times: list[int | None] = [*sorted(draw(st.sets(st.integers(0, 12), max_size=5))), None]
    states = st.sampled_from(["ACTIVE", "PAUSED", "DELETED"])
    return [version(origin, since, until, float(since or 0), draw(states)) for since, until in pairwise(times)]  # type: ignore[arg-type]


@given(slots("CODE"), slots("OPERATOR"), st.integers(0, 13))
def test_at_any_time_the_operators_else_the_codes(code: list[BoundVersion], operator: list[BoundVersion], moment: int) -> None:
    """At every moment at most one holds, and it is the one that the two slots give then."""

    def at(found: list[BoundVersion]) -> list[tuple[str, int]]:
        return [(v.origin, v.version) for v in found if v.holds_at(moment) and v.state != "DELETED"]

    assert at(in_force(code + operator)) == (at(operator) or at(code))
