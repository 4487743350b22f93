"""What Avro cannot say is checked with the reason that the dead letter will carry."""

import math
from typing import Any

import msgspec
import pytest

from leadline.core.errors import Unreadable
from leadline.events.records import BoundSpec, MetricsReported, RunEvent
from leadline.events.records.dead_letter import REASONS
from leadline.events.validate import MAX_TIME, check_bound, validate

RUN = RunEvent(event_id="1", event_time=1, producer="t/1", run_id="r", job_namespace="n", job_name="j", event_type="START")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"event_type": "DONE"}, "unknown_state"),
        ({"run_id": ""}, "empty_name"),
        ({"job_name": ""}, "empty_name"),
        ({"event_time": -1}, "time_out_of_range"),
        ({"event_time": MAX_TIME}, "time_out_of_range"),
        ({"nominal_at": 253_402_300_800_000_000}, "time_out_of_range"),
        ({"mode": "live"}, "unknown_state"),
    ],
)
def test_a_run_without_meaning_is_refused(change: dict[str, Any], reason: str) -> None:
    """Each fault has its own reason, and every reason is a documented one."""
    with pytest.raises(Unreadable) as caught:
        validate(msgspec.structs.replace(RUN, **change))
    assert caught.value.reason == reason
    assert reason in REASONS


def test_good_events_pass() -> None:
    """NaN is a value like any other: what it means is the bound's business."""
    validate(RUN)
    validate(MetricsReported(event_id="1", event_time=1, producer="t/1", kind="MODEL", namespace="n", name="m", slot=0))


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        ({}, "no limit"),
        ({"error_lower": math.nan}, "NaN"),
        ({"warn_lower": 1.0, "error_lower": 2.0}, "warn_lower lies below error_lower"),
        ({"warn_upper": 2.0, "error_upper": 1.0}, "warn_upper lies above error_upper"),
        ({"warn_lower": 3.0, "error_upper": 1.0}, "every value would violate"),
    ],
)
def test_a_bound_without_meaning_is_refused(limits: dict[str, float], complaint: str) -> None:
    """The sentence says which limits contradict each other."""
    with pytest.raises(Unreadable, match=complaint):
        check_bound(BoundSpec(bound_id="b", metric="auc", **limits))  # type: ignore[arg-type]
