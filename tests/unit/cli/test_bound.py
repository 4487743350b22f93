"""leadline bound: what an operator's words become."""

from typing import Any

import pytest
from click.testing import CliRunner

from leadline.cli.bound import command, declaration, revised, span
from leadline.core.errors import LeadlineError, UsageError
from leadline.events.records import BoundSpec
from leadline.events.validate import validate
from leadline.history.bounds import Bound
from leadline.history.node import NodeRef

SPEC = BoundSpec(bound_id="auc", metric="auc", warn_lower=0.9, error_lower=0.85, owner="ada", message="call sales first")


def test_limits_are_replaced_together() -> None:
    """A limit that is not given again is gone, so that what is said is what holds; everything else stays."""
    spec = revised("auc", SPEC, lower=0.8, severity="error")
    assert (spec.warn_lower, spec.error_lower, spec.owner, spec.message) == (None, 0.8, "ada", "call sales first")


def test_pausing_keeps_the_limits() -> None:
    """Resuming then judges as before."""
    paused = revised("auc", SPEC, severity="error", state="PAUSED")
    assert (paused.state, paused.warn_lower, paused.error_lower) == ("PAUSED", 0.9, 0.85)
    assert revised("auc", paused, severity="error", state="ACTIVE") == SPEC


def test_severity_says_what_lower_and_upper_are() -> None:
    """Both kinds can be given in one call, not twice the same."""
    spec = revised("new", None, metric="auc", lower=0.9, severity="warn", error_lower=0.8, dims=("region=eu=1",))
    assert (spec.warn_lower, spec.error_lower, spec.dims) == (0.9, 0.8, {"region": "eu=1"})
    with pytest.raises(UsageError, match="give one of them"):
        revised("new", None, metric="auc", lower=0.9, severity="error", error_lower=0.8)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"lower": 0.8}, "give --node, --metric"),
        ({"metric": "auc"}, "has no limit"),
        ({"metric": "auc", "warn_lower": 0.8, "error_lower": 0.9}, "warn could never come first"),
        ({"metric": "auc", "lower": float("nan")}, "NaN as a limit"),
        ({"metric": "auc", "lower": 1, "dims": ("eu",)}, "NAME=VALUE"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], says: str) -> None:
    """In one sentence that says what to do, before anything is sent."""
    with pytest.raises(UsageError, match=says):
        revised("new", None, severity="error", **options)


def test_the_bound_that_every_job_has_can_be_paused() -> None:
    """Nobody declared it, so its limit is known without being said."""
    spec = revised("leadline/run-failed", None, severity="error", state="PAUSED")
    assert (spec.metric, spec.error_lower, spec.state) == ("run.succeeded", 1.0, "PAUSED")


def test_a_declaration_is_newer_than_the_one_before() -> None:
    """Also where a clock was ahead once; any text is a name."""
    ref = NodeRef("MODEL", "mlflow://prod", "'; DROP TABLE x; -- \n☃")
    before = Bound(
        **{field: getattr(SPEC, field) for field in BoundSpec.__struct_fields__},
        origin="OPERATOR",
        effective=True,
        version=2**62,
        kind=ref.kind,
        namespace=ref.namespace,
        name=ref.name,
        actor="ada",
        reason="",
        event_time=0,
    )
    assert before.spec == SPEC
    event = declaration(ref, SPEC, before, reason="stricter since the audit")
    validate(event)
    assert (event.version, event.origin, event.name, event.reason) == (
        2**62 + 1,
        "OPERATOR",
        ref.name,
        "stricter since the audit",
    )


def test_limits_are_shown_as_what_is_outside() -> None:
    """Short enough for a table."""
    assert (span(0.85, None), span(0.0, 1.0), span(None, None)) == ("< 0.85", "< 0 or > 1", "-")


def test_without_kafka_it_says_what_to_start(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """One sentence, not a trace."""
    for name in ("KAFKA", "SCHEMA_REGISTRY", "CLICKHOUSE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LEADLINE_DATA", str(tmp_path))
    arguments = ["set", "auc", "--node", '["MODEL", "mlflow://prod", "churn"]', "--metric", "auc", "--lower", "0.85"]
    with pytest.raises(LeadlineError, match="leadline up"):
        CliRunner().invoke(command, arguments, catch_exceptions=False)
