"""Data frames: the same data is described the same, whatever library holds it, at a bounded cost, and nothing raises."""

import datetime
import decimal
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import dask.dataframe
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.events.records import ColumnProfile
from leadline.track.versions import frames
from leadline.track.versions.description import Description
from leadline.track.versions.frames import MAX_CELLS, MAX_ROWS, describe_frame, is_frame

N = 1_000
TABLE = pa.table(
    {
        "price": pa.array([None if n % 10 == 0 else n / 2 for n in range(N)], pa.float64()),
        "rank": pa.array(range(N), pa.int64()),
        "name": pa.array([None if n == 3 else f"user-{n % 7}" for n in range(N)], pa.string()),
        "paid": pa.array([n % 4 == 0 for n in range(N)]),
        "at": pa.array([1_356_998_400_000_000 + 60_000_000 * n for n in range(N)], pa.timestamp("us")),
    }
)
LIBRARIES: dict[str, Callable[[], Any]] = {
    "pandas": TABLE.to_pandas,
    "polars": lambda: pl.from_arrow(TABLE),
    "arrow": lambda: TABLE,
    "polars lazy": lambda: pl.from_arrow(TABLE).lazy(),  # type: ignore[union-attr]  # a table gives a frame
    "duckdb": lambda: duckdb.from_arrow(TABLE),
    "dask": lambda: dask.dataframe.from_pandas(TABLE.to_pandas(), npartitions=3),  # type: ignore[no-untyped-call]
}


@pytest.fixture(autouse=True, scope="module")
def patient() -> Iterator[None]:
    """However slow the machine is, time is never up where a test does not say so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "SECONDS", 3_600.0)
        yield


def column(found: Description, name: str) -> ColumnProfile:
    return next(column for column in found.columns if column.name == name)


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_library_gives_the_same_description(library: str) -> None:
    """Version, schema version and all statistics are equal, so that a job may change its library and nothing else changes."""
    found, expected = describe_frame(LIBRARIES[library](), profile=True), describe_frame(TABLE, profile=True)
    assert (found.version, found.schema_version, found.rows) == (expected.version, expected.schema_version, N)
    assert found.version.startswith("sha256:")
    assert found.columns == expected.columns


def test_a_profile_has_what_a_person_asks_first() -> None:
    """Types, missing values, number of different ones, range, moments, quantiles and a histogram over all rows."""
    found = describe_frame(TABLE, profile=None)
    price = column(found, "price")
    assert [(c.name, c.type) for c in found.columns] == [
        ("price", "double"),
        ("rank", "int64"),
        ("name", "string"),
        ("paid", "bool"),
        ("at", "timestamp[us]"),
    ]
    assert (price.null_share, price.distinct, price.minimum, price.maximum) == (0.1, 900, 0.5, 499.5)
    assert price.mean == 250.0
    assert price.deviation == pytest.approx(float(np.std([n / 2 for n in range(N) if n % 10], ddof=1)))
    assert price.quantiles["0.5"] == 250.0
    assert sum(price.counts) == 900
    assert len(price.edges) == len(price.counts) + 1
    assert found.attributes == {}


def test_booleans_are_zero_and_one_and_dates_are_microseconds() -> None:
    """So that each has a mean and a histogram."""
    found = describe_frame(pl.DataFrame({"b": [True, False, False, None], "d": [datetime.date(1970, 1, 2)] * 4}), profile=None)
    paid, day = found.columns
    assert (paid.null_share, paid.edges, paid.counts) == (0.25, [0.0, 0.5, 1.0], [2, 1])
    assert paid.mean == pytest.approx(1 / 3)
    assert (day.type, day.minimum, day.edges, day.counts) == ("date32[day]", 86_400e6, [86_400e6, 86_400e6], [4])


def test_texts_stay_at_home_unless_they_are_asked_for() -> None:
    """Values of texts are personal data: only their number is told; `frequent` names the columns that may be told."""
    silent = column(describe_frame(TABLE, profile=None), "name")
    assert (silent.distinct, silent.frequent, silent.minimum, silent.null_share) == (7, {}, None, 0.001)
    assert "user" not in repr(silent)
    told = column(describe_frame(TABLE, profile=None, frequent=["name"]), "name")
    assert told.frequent == {f"user-{n}": len([k for k in range(N) if k % 7 == n and k != 3]) for n in range(7)}
    assert next(iter(told.frequent)) == "user-0"


@pytest.mark.parametrize("library", ["polars lazy", "duckdb", "dask"])
def test_what_is_lazy_is_not_computed(library: str) -> None:
    """Its columns and their types are known without, and nothing else is told."""
    found = describe_frame(LIBRARIES[library](), profile=None)
    assert (found.rows, found.version) == (None, "")
    assert found.schema_version == describe_frame(TABLE, profile=None).schema_version
    assert [c.null_share for c in found.columns] == [None] * 5


def test_a_lazy_frame_that_would_fail_does_not_where_nobody_asked() -> None:
    """Behind the user's back nothing runs, be it slow or wrong."""

    def explode(frame: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("computed")

    lazy = pl.LazyFrame({"a": [1]}).map_batches(explode, schema={"a": pl.Int64})
    assert describe_frame(lazy, profile=None).columns == [ColumnProfile(name="a", type="int64")]
    with pytest.raises(AssertionError, match="computed"):
        describe_frame(lazy, profile=True)


def test_profile_false_counts_and_looks_at_no_value() -> None:
    found = describe_frame(TABLE, profile=False)
    assert (found.rows, found.version) == (N, "")
    assert {c.null_share for c in found.columns} == {None}


def test_large_frames_are_looked_at_in_evenly_spaced_rows() -> None:
    """Rows are counted, the rest is of a sample that is the same each time; the version says that it is of a sample."""
    rows = MAX_ROWS * 3 + 1
    frame = pl.DataFrame({"n": range(rows)})
    found = describe_frame(frame, profile=None)
    assert found == describe_frame(frame, profile=None)
    assert (found.rows, found.attributes) == (rows, {"sample": f"one row in 4 of {rows}"})
    assert found.version.startswith("sample:")
    assert sum(found.columns[0].counts) == -(-rows // 4) <= MAX_ROWS
    first = describe_frame(frame.lazy(), profile=True)
    assert (first.rows, first.attributes) == (rows, {"sample": f"the first {MAX_ROWS} rows of {rows}"})


def test_wide_frames_are_looked_at_in_fewer_rows_and_cut() -> None:
    """Cells are bounded, and so are columns; the schema's hash knows all of them."""
    wide = pd.DataFrame(np.zeros((2_000, 1_500)), columns=[f"c{n}" for n in range(1_500)])
    found = describe_frame(wide, profile=None)
    assert len(found.columns) == 1_000
    assert found.columns[0].counts == [MAX_CELLS // 1_000]
    assert found.attributes["columns"] == "1500, of which the first 1000 are described"
    renamed = wide.rename(columns={"c1499": "other"})
    assert describe_frame(renamed, profile=None).schema_version != found.schema_version


def test_time_is_bounded_between_columns() -> None:
    """What is left when time is up has name and type, and a version of half the columns is none."""
    clock = itertools.count(0.0, frames.SECONDS * 0.4).__next__
    found = describe_frame(TABLE, profile=None, clock=clock)
    assert [c.null_share is None for c in found.columns] == [False, False, True, True, True]
    assert (found.version, found.attributes) == ("", {"not profiled": "3 columns, from name on"})


def test_the_version_is_that_of_the_content() -> None:
    """One cell, one more missing value, the order of rows: each makes another one; a copy does not."""
    frame = TABLE.to_pandas()
    version = describe_frame(frame, profile=None).version
    assert describe_frame(frame.copy(), profile=None).version == version
    for name, value in (("price", 7.0), ("price", None), ("rank", 2**53 + 1), ("name", "x"), ("name", None), ("paid", True)):
        changed = frame.copy()
        changed.loc[1, name] = value
        assert describe_frame(changed, profile=None).version != version, (name, value)
    assert describe_frame(frame.iloc[::-1], profile=None).version != version
    big, bigger = pd.DataFrame({"n": [2**53]}), pd.DataFrame({"n": [2**53 + 1]})
    assert describe_frame(big, profile=None).version != describe_frame(bigger, profile=None).version


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"nested": [[1]]}),
        pl.DataFrame({"bytes": [b"x"]}),
        pl.DataFrame({"long": ["x" * 257]}),
        pd.DataFrame({"mixed": pd.Series([1, "x"], dtype=object)}),
        pd.DataFrame(np.zeros((2, 1_001))),
    ],
)
def test_a_version_that_does_not_know_every_value_says_so(frame: Any) -> None:
    """It is one of a sample, as where not all rows are looked at."""
    assert describe_frame(frame, profile=None).version.startswith("sample:")


def test_a_frame_may_change_right_after_the_call() -> None:
    """Everything is taken within the call."""
    frame = TABLE.to_pandas()
    found = describe_frame(frame, profile=None)
    before = column(found, "rank")
    frame["rank"] = 0
    assert column(found, "rank") == before
    assert before.maximum == N - 1


def test_infinities_are_values_but_in_no_statistic() -> None:
    """They would make a mean of nothing; how many there are is told."""
    found = describe_frame(pd.DataFrame({"x": [1.0, math.inf, -math.inf, math.nan, 3.0]}), profile=None)
    x = found.columns[0]
    assert (x.null_share, x.mean, x.maximum, found.attributes) == (0.2, 2.0, 3.0, {"infinite": "x: 2"})


AWKWARD: dict[str, Callable[[], Any]] = {
    "no columns": pd.DataFrame,
    "no rows": lambda: pd.DataFrame({"a": pd.Series([], dtype="float64"), "s": pd.Series([], dtype="str")}),
    "no rows in polars": lambda: pl.DataFrame(schema={"a": pl.Float64, "s": pl.String, "d": pl.Date, "c": pl.Categorical}),
    "all null": lambda: pa.table(
        {"a": pa.array([None, None], pa.float64()), "n": pa.nulls(2), "s": pa.array([None] * 2, "str")}
    ),
    "all NaN": lambda: pd.DataFrame({"a": [math.nan] * 3}),
    "mixed objects": lambda: pd.DataFrame({"a": pd.Series([1, "x", object(), None, [1]], dtype=object)}),
    "one name twice": lambda: pd.DataFrame([[1, "x"], [2, "y"]], columns=["a", "a"]),
    "one name twice in arrow": lambda: pa.table([pa.array([1]), pa.array(["x"])], names=["a", "a"]),
    "names that are no texts": lambda: pd.DataFrame({1: [1], ("x", 2): ["a"], None: [2.0]}),
    "two levels of names": lambda: pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
    "an empty name": lambda: pl.DataFrame({"": [1]}),
    "lone surrogates": lambda: pd.DataFrame([["\ud800"]], columns=pd.Index(["a\ud800"], dtype=object), dtype=object),
    "nested": lambda: pl.DataFrame({"l": [[1], None], "s": [{"a": 1}, None], "b": [b"x", None], "e": [[], None]}),
    "categories": lambda: pd.DataFrame({"c": pd.Categorical(["a", None, "a"]), "i": pd.Categorical([1, 2, 1])}),
    "enum": lambda: pl.DataFrame({"e": pl.Series(["a", None], dtype=pl.Enum(["a", "b"]))}),
    "decimals and times": lambda: pl.DataFrame(
        {"d": [decimal.Decimal("1.5"), None], "t": [datetime.time(1), None], "u": [datetime.timedelta(1), None]}
    ),
    "zones": lambda: pd.DataFrame({"z": pd.DatetimeIndex(["2013-01-01T00:00:00Z", "NaT"])}),
    "nullable integers": lambda: pd.DataFrame(
        {"i": pd.array([1, None], dtype="Int64"), "b": pd.array([True, None], dtype="boolean")}
    ),
    "large unsigned": lambda: pl.DataFrame({"u": pl.Series([2**64 - 1, 0], dtype=pl.UInt64)}),
    "complex": lambda: pd.DataFrame({"c": [1j, 2j]}),
    "periods and intervals": lambda: pd.DataFrame({"p": pd.period_range("2013", periods=2), "i": pd.interval_range(0, 2)}),
    "sparse": lambda: pd.DataFrame({"s": pd.arrays.SparseArray([0, 0, 1])}),
    "python objects in polars": lambda: pl.DataFrame({"o": pl.Series([object(), None], dtype=pl.Object)}),
    "a series": lambda: pd.Series([1.0, 2.0], name="y"),
    "a series of polars": lambda: pl.Series("y", [1, 2]),
    "a record batch": lambda: pa.record_batch({"a": [1, 2]}),
    "dictionary": lambda: pa.table({"d": pa.array(["a", "b", None]).dictionary_encode()}),
    "chunks": lambda: pa.table({"c": pa.chunked_array([[1, 2], [], [3]])}),
    "float16": lambda: pd.DataFrame({"h": np.array([1, 2], dtype=np.float16)}),
    "far dates": lambda: pd.DataFrame({"d": pd.Series([datetime.date(1, 1, 1), datetime.date(9999, 1, 1)], dtype=object)}),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_no_frame_is_too_odd(name: str) -> None:
    """Every column has a name and a type, as many as there are, and the same description comes each time."""
    frame = AWKWARD[name]()
    assert is_frame(frame)
    found = describe_frame(frame, profile=None, frequent=["a", "c"])
    assert all(column.name and column.type for column in found.columns)
    assert len({column.name for column in found.columns}) == len(found.columns)
    assert describe_frame(AWKWARD[name](), profile=None, frequent=["a", "c"]).columns == found.columns


def test_what_is_odd_is_still_described() -> None:
    """Shares of missing values hold for all types; two columns of one name are told apart."""
    nested = describe_frame(AWKWARD["nested"](), profile=None)
    assert [(c.type, c.null_share, c.distinct) for c in nested.columns] == [
        ("list<int64>", 0.5, None),
        ("struct<a: int64>", 0.5, None),
        ("binary", 0.5, None),
        ("list<unknown>", 0.5, None),
    ]
    twice = describe_frame(AWKWARD["one name twice"](), profile=None)
    assert [(c.name, c.type) for c in twice.columns] == [("a", "int64"), ("a#2", "string")]
    categories = describe_frame(AWKWARD["categories"](), profile=None, frequent=["c"]).columns[0]
    assert (categories.type, categories.distinct, categories.frequent) == ("dictionary", 1, {"a": 2})
    assert describe_frame(AWKWARD["no rows"](), profile=None).rows == 0


@pytest.mark.parametrize("thing", [None, 3, "text", object(), [1], {"a": [1]}, np.zeros(3), iter(())])
def test_other_things_are_no_frames(thing: object) -> None:
    assert not is_frame(thing)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(width=64) | st.none(), max_size=300))
def test_any_numbers_give_sound_profiles(values: list[float | None]) -> None:
    """Counts add up to the finite values, edges rise, quantiles lie within the range."""
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})
    found = describe_frame(frame, profile=None).columns[0]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    assert sum(found.counts) == len(finite)
    assert found.edges == sorted(found.edges)
    if finite:
        assert (found.minimum, found.maximum) == (min(finite), max(finite))
        assert (found.edges[0], found.edges[-1]) == (min(finite), max(finite))
        assert found.distinct == len({value + 0.0 for value in finite})
