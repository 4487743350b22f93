"""Definitions of metrics: said once, known under every name, sent with the first reading of each node."""

from collections.abc import Iterator

import pytest

from leadline import track
from leadline.core.errors import UsageError
from leadline.events.records import MetricsReported
from leadline.track.assemble import Assembler
from leadline.track.testing import Captured, capture

CHURN, OTHER = track.model("mlflow://prod", "churn", version="7"), track.model("mlflow://prod", "other")


@pytest.fixture(autouse=True)
def nothing_defined(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh: dict[str, track.MetricDefinition] = {}
    for place in ("definitions", "client", "assemble"):
        monkeypatch.setattr(f"leadline.track.{place}.defined", fresh)


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capture() as everything:
        yield everything


def auc(**more: str) -> track.MetricDefinition:
    return track.metric_definition("auc", unit="1", better="higher", aliases=["AUC", "roc_auc"], **more)


def sent(captured: Captured) -> list[tuple[str, str]]:
    """Node and formula version of each definition that was sent."""
    return [(event.name, part.formula_version) for event in captured.of(MetricsReported) for part in event.definitions]


def test_a_definition_travels_with_the_first_reading_of_each_node(captured: Captured) -> None:
    """In the same event, with everything that it says; not again, however many runs and versions follow."""
    definition = auc(formula_version="2", description="area under the ROC curve")
    for version in ("7", "8"):
        with track.run("score") as run:
            run.metric(definition, 0.81, of=track.model("mlflow://prod", "churn", version=version)).bound(lower=0.7)
            run.metric(definition, 0.9, of=OTHER)
    first = captured.of(MetricsReported)[0]
    (record,) = first.definitions
    assert (record.metric, record.unit, record.direction, record.aliases, record.formula_version, record.description) == (
        "auc",
        "1",
        "HIGHER_IS_BETTER",
        ["AUC", "roc_auc"],
        "2",
        "area under the ROC curve",
    )
    assert [reading.metric for reading in first.readings] == ["auc"]
    assert sorted(sent(captured)) == [("churn", "2"), ("other", "2")]
    later = captured.runs("score")[1].metric("auc", of=track.model("mlflow://prod", "churn", version="8"))
    assert later.definition == record


def test_a_reading_under_an_alias_has_the_name_and_the_unit(captured: Captured) -> None:
    """Wherever it is reported, and with its bound."""
    auc()
    with track.run("score") as run:
        assert run.metric("AUC", 0.8, of=CHURN).bound(lower=0.7).name == "auc"
        track.metric("roc_auc", 0.9, of=CHURN, dims={"fold": 1}, unit="%")
        run.metric("rows", 5)
    first = captured.metric("auc", dims={})
    assert (first.unit, first.bound.metric, first.bound.bound_id) == ("1", "auc", "model:mlflow://prod/churn#auc")
    assert captured.metric("auc", dims={"fold": 1}).unit == "%"
    assert captured.metric("rows").definitions == ()
    with pytest.raises(AssertionError, match="a definition of <metric 'rows' 5 of job:default/score> was not captured"):
        assert captured.metric("rows").definition


def test_a_changed_definition_is_sent_again(captured: Captured) -> None:
    """A formula that changes is a change, not drift."""
    with track.run("score") as run:
        run.metric(auc(formula_version="1"), 0.8, of=CHURN)
        run.metric(auc(formula_version="2"), 0.7, of=CHURN, dims={"fold": 1})
        captured.events()
        run.metric("auc", 0.7, of=CHURN)
    assert sent(captured) == [("churn", "2")]  # both readings went in one event, which says what is true now
    track.metric(auc(formula_version="3"), 0.7, of=CHURN)
    assert sent(captured) == [("churn", "2"), ("churn", "3")]


def test_a_late_bound_sends_the_definition_along(captured: Captured) -> None:
    """The event that is sent again replaces the first, so it must not say less."""
    metric = track.metric(auc(), 0.8, of=CHURN)
    captured.events()
    metric.bound(lower=0.7)
    first, again = captured.of(MetricsReported)
    assert first.event_id == again.event_id
    assert first.definitions == again.definitions
    assert len(again.bounds) == 1


def test_definitions_that_are_remembered_are_bounded(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that reports for ever new nodes does not grow."""
    monkeypatch.setattr("leadline.track.assemble.MAX_KNOWN", 3)
    definition = auc()
    for number in range(10):
        track.metric(definition, 0.5, of=track.model("n", f"m{number}"))
    assert len(sent(captured)) == 10
    (assembler,) = [value for value in vars(track.api.default_client()._worker).values() if isinstance(value, Assembler)]
    assert len(assembler._known) <= 3


def test_its_description_is_redacted(captured: Captured) -> None:
    """As all text of the job's."""
    track.metric(auc(description="see https://ada:secret@wiki"), 0.5, of=CHURN)
    assert "secret" not in captured.metric("auc").definition.description


@pytest.mark.parametrize(
    ("make", "fix"),
    [
        (lambda: track.metric_definition(""), "not empty"),
        (lambda: track.metric_definition("auc", better="up"), "one of higher, lower"),  # type: ignore[arg-type]
        (lambda: track.metric_definition("auc", aliases="AUC"), "give a list of names"),
        (lambda: track.metric_definition("auc", aliases=[""]), "alias is ''"),
        (lambda: track.metric(auc(), 1), "metric 'auc' belongs to no run"),
        (lambda: track.metric(["auc"], 1, of=CHURN), "give a text"),  # type: ignore[arg-type]
    ],
)
def test_wrong_definitions_say_what_to_write(captured: Captured, make: object, fix: str) -> None:
    """Where they are made."""
    assert callable(make)
    with pytest.raises(UsageError, match=fix):
        make()
