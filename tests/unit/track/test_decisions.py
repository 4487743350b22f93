"""Decisions: what a person or a policy did to a node, within runs and outside of them."""

import re
from collections.abc import Callable, Iterator

import pytest

from leadline import track
from leadline.core.errors import UsageError
from leadline.track.testing import Captured, capture

CHURN = track.model("mlflow://prod", "churn", version="7")


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capture() as everything:
        yield everything


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ("PROMOTE", "PROMOTE"),
        ("deploy", "DEPLOY"),
        ("roll back", "ROLL_BACK"),
        ("Approve", "APPROVE"),
        ("QUARANTINE", "QUARANTINE"),
        ("fix by hand", "FIX_BY_HAND"),
        ("sign-off", "SIGN_OFF"),
    ],
)
def test_every_verb_is_one_word(captured: Captured, said: str, action: str) -> None:
    """However it is written, so that one question finds all of them."""
    track.decision(CHURN, said, reason="so", actor="ada", details={"ticket": 5})
    decision = captured.decision(action, of=CHURN)
    assert (decision.actor, decision.reason, decision.details, decision.run_id) == ("ada", "so", {"ticket": "5"}, "")


def test_a_decision_of_a_policy_belongs_to_its_run(captured: Captured) -> None:
    """Whether the run is named or current; the actor is the account unless it is said."""
    with track.run("policy") as run:
        run.decision(CHURN, "PROMOTE")
        track.decision(track.node("DEPLOYMENT", "k8s://prod", "churn"), "DEPLOY")
    assert [decision.action for decision in captured.run("policy").decisions()] == ["PROMOTE", "DEPLOY"]
    assert captured.run("policy").decision("PROMOTE").actor


@pytest.mark.parametrize(
    ("wrong", "fix"),
    [
        (lambda: track.decision("churn", "PROMOTE"), "node is 'churn'; give a node such as track.model("),  # type: ignore[arg-type]
        (lambda: track.decision(CHURN, " - "), "action is ''"),
        (lambda: track.decision(CHURN, "PROMOTE", actor=5), "actor is 5"),  # type: ignore[arg-type]
        (lambda: track.owner("churn", "ml"), "node is 'churn'"),  # type: ignore[arg-type]
        (lambda: track.describe("churn", "x"), "node is 'churn'"),  # type: ignore[arg-type]
    ],
)
def test_wrong_decisions_say_what_to_write(captured: Captured, wrong: Callable[[], None], fix: str) -> None:
    """Where they are made."""
    with pytest.raises(UsageError, match=re.escape(fix)):
        wrong()
