"""Whatever comes is refused with its faults or becomes events that can be sent, always the same ones."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.adapters.openlineage import Unusable, check, decode, to_events
from leadline.adapters.openlineage.facet_shapes import _REQUIRED
from leadline.events.codec import encode_body
from leadline.events.keys import key_of
from leadline.events.validate import validate

FIELDS = """
    run runId job namespace name root inputs outputs facets inputFacets outputFacets _deleted _producer nominalEndTime
    programmingLanguage stackTrace failedTasks errors value key source upstream downstream trigger_rule severity status
    expected repoUrl branch tag path version dialect type contentType inputFields field transformations subtype masking
    dataset levels uri previousIdentifier rowCount bytes size fileCount nullCount quantiles 0.5 assertion success column
    inputStatistics outputStatistics jobDependencies airflow dagRun task taskInstance try_number run_type owner hierarchy
    dataSource lineage subset spark_applicationDetails dbt_run password
""".split()  # noqa: SIM905 - a list would take eighty lines
NAMES = st.sampled_from(sorted({*FIELDS, *_REQUIRED, *(field for fields in _REQUIRED.values() for field, _ in fields)}))
TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(
    [
        "START",
        "fail",
        "RENAME",
        "backfill",
        "2026-11-21T08:00:00",
        "1969-01-01T00:00:00Z",
        "mlflow://x",
        "MODEL",
        "\ud83d",
        "a\0b",
        "warn",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=6), max_leaves=30
)
SOURCE = st.fixed_dictionaries({"namespace": TEXTS, "name": TEXTS, "field": TEXTS}, optional={"transformations": JSON})
ENTRY = st.fixed_dictionaries(
    {"name": TEXTS},
    optional={
        **dict.fromkeys(("key", "namespace", "type", "assertion", "column", "severity", "field", "status"), TEXTS),
        **dict.fromkeys(("nullCount", "sum", "min"), LEAVES),
        "value": JSON,
        "success": st.booleans(),
        "inputFields": st.lists(SOURCE, max_size=2),
        "quantiles": st.dictionaries(TEXTS, LEAVES, max_size=2),
    },
)
OF_KIND = {
    str: TEXTS,
    int: LEAVES,
    list: st.lists(ENTRY, max_size=3),
    dict: st.dictionaries(NAMES | TEXTS, ENTRY, max_size=3),
}
KNOWN = st.fixed_dictionaries(
    {},
    optional={
        name: st.fixed_dictionaries(
            {field: OF_KIND[kind] for field, kind in fields}, optional={"_deleted": LEAVES, "rowCount": LEAVES}
        )
        for name, fields in _REQUIRED.items()
    },
)
FACETS = KNOWN | st.dictionaries(NAMES, st.dictionaries(NAMES, JSON, max_size=5) | JSON, max_size=6) | JSON
DATA = st.fixed_dictionaries(
    {"namespace": st.sampled_from(["x", "mlflow://h"]), "name": st.sampled_from(["a", "b", "\U0001f40d"])},
    optional={"facets": FACETS, "inputFacets": FACETS, "outputFacets": FACETS},
)
SIDES = st.lists(DATA, max_size=3) | st.none()
RUN = st.fixed_dictionaries({"runId": st.just("r")}, optional={"facets": FACETS})
COMMON = {"eventTime": st.sampled_from(["2026-11-21T08:00:00Z", "2026-11-21"])}
OPTIONAL = {"eventType": JSON, "producer": JSON, "inputs": SIDES, "outputs": SIDES}
EVENTS = (
    st.fixed_dictionaries({**COMMON, "run": RUN, "job": DATA}, optional={**OPTIONAL, "dataset": JSON})
    | st.fixed_dictionaries({**COMMON, "job": DATA}, optional=OPTIONAL)
    | st.fixed_dictionaries({**COMMON, "dataset": DATA}, optional={"inputs": JSON, "outputs": JSON, "run": st.none()})
    | st.dictionaries(NAMES, JSON, max_size=6)
)


def _shuffled(value: Any) -> Any:
    """The same JSON with keys in the opposite order."""
    if isinstance(value, list):
        return [_shuffled(part) for part in value]
    return {key: _shuffled(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


@settings(max_examples=200, deadline=None)
@given(EVENTS)
def test_what_is_accepted_becomes_events_that_can_be_sent(document: dict[str, Any]) -> None:
    """By Leadline's own rules, with ids of their own, twice the same, and whatever the order of keys."""
    try:
        warnings = check(document)
    except Unusable as error:
        assert error.faults
        return
    events = to_events(document, warnings)
    for event in events:
        validate(event)
        encode_body(event)
        key_of(event)
    assert len({event.event_id for event in events}) == len(events)
    assert to_events(_shuffled(document), warnings) == to_events(document, warnings) == events
    assert isinstance(msgspec.json.decode(events[0].body), dict)  # type: ignore[attr-defined]


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_anything_is_checked_without_another_error(document: object) -> None:
    """Whatever JSON it is."""
    try:
        check(document)
    except Unusable as error:
        assert all(fault.message for fault in error.faults)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40) | JSON.map(lambda value: str(value).encode(errors="surrogatepass")))
def test_any_bytes_are_json_or_refused(data: bytes) -> None:
    """With no other error."""
    try:
        decode(data)
    except Unusable as error:
        assert error.faults[0].pointer == ""


@given(EVENTS, st.sampled_from([0, 2]))
def test_spaces_and_order_change_no_id(document: dict[str, Any], indent: int) -> None:
    """What a proxy or another client's writer may change."""
    try:
        first = to_events(document, check(document))
        body = msgspec.json.format(msgspec.json.encode(_shuffled(document)), indent=indent)
    except (Unusable, UnicodeEncodeError):
        return
    again = decode(body)
    assert isinstance(again, dict)
    assert [event.event_id for event in to_events(again)] == [event.event_id for event in first]
