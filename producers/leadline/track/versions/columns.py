"""One column of a sample: its profile, and what its values add to the hash of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from leadline.events.records import ColumnProfile

from .statistics import statistics

if TYPE_CHECKING:
    from hashlib import _Hash

MAX_CHARACTERS = 256
"""Of each text, for the hash: with its length, it tells apart what a person would."""
MAX_FREQUENT = 20
_TEXTS = ("String", "Categorical", "Enum")


class Looked(NamedTuple):
    """`whole`: the hash has all of each value."""

    profile: ColumnProfile
    infinite: int = 0
    whole: bool = False


def look(series: Any, name: str, type_name: str, digest: _Hash, *, frequent: bool) -> Looked:
    """The column of a narwhals Series; `digest` takes its values.

    Numbers, booleans (0 and 1), dates, times with dates and durations (microseconds, since 1970 UTC) have statistics; texts and
    categories only the number of different ones, for values of texts are personal data unless `frequent` says otherwise. Of
    bytes, nested and mixed columns it is told how many values are missing, and the hash has no more of them.
    """
    numbers, is_text = _numbers(series), type(series.dtype).__name__ in _TEXTS
    if numbers is not None:
        looked = _of_numbers(numbers, name, type_name, digest)
    else:
        missing = series.is_null()
        digest.update(missing.to_numpy().tobytes())
        profile = ColumnProfile(name=name, type=type_name, null_share=_share(int(missing.sum()), len(series)))
        looked = _of_texts(series, profile, digest) if is_text else Looked(profile)
    if frequent and (is_text or numbers is not None):
        looked = looked._replace(profile=replace(looked.profile, frequent=_frequent(series)))
    return looked


def _numbers(series: Any) -> Any:
    """As a numpy array, whole numbers exactly where none is missing; None where the column has no numbers."""
    import narwhals.stable.v2 as nw

    dtype = series.dtype
    if type(dtype).__name__ in ("Date", "Datetime"):
        series = series.dt.timestamp("us")
    elif type(dtype).__name__ == "Duration":
        series = series.dt.total_microseconds()
    elif not dtype.is_numeric() and type(dtype).__name__ != "Boolean":
        return None
    if dtype.is_integer() and not series.null_count():
        return series.to_numpy()
    return series.cast(nw.Float64).to_numpy()


def _of_numbers(numbers: Any, name: str, type_name: str, digest: _Hash) -> Looked:
    import numpy as np

    values = numbers.astype(np.float64)
    missing = np.isnan(values)
    if numbers.dtype.kind == "f":  # a NaN has many forms, and some libraries write 0 where a value is missing
        numbers = np.where(missing, np.nan, values)
    digest.update(np.ascontiguousarray(numbers).tobytes())
    finite = np.sort(values[np.isfinite(values)])
    absent = int(missing.sum())
    profile = ColumnProfile(name=name, type=type_name, null_share=_share(absent, len(values)), **statistics(finite))
    return Looked(profile, len(values) - absent - len(finite), whole=True)


def _of_texts(series: Any, profile: ColumnProfile, digest: _Hash) -> Looked:
    import narwhals.stable.v2 as nw

    texts = series if type(series.dtype).__name__ == "String" else series.cast(nw.String)
    lengths = texts.str.len_chars().fill_null(0)
    whole = not len(texts) or lengths.max() <= MAX_CHARACTERS
    digest.update(lengths.cast(nw.Float64).to_numpy().tobytes())
    start = texts if whole else texts.str.slice(0, MAX_CHARACTERS)
    digest.update("\0".join(text or "" for text in start.fill_null("").to_list()).encode(errors="replace"))
    return Looked(replace(profile, distinct=int(texts.drop_nulls().n_unique())), whole=whole)


def _frequent(series: Any) -> dict[str, int]:
    """The most frequent values, in the order of their number and text, so that the same data gives the same ones."""
    counted = series.drop_nulls().value_counts(sort=True)
    value, number = counted.columns
    pairs = zip(counted[value].head(1_000).to_list(), counted[number].head(1_000).to_list(), strict=True)
    found = sorted(((str(text)[:MAX_CHARACTERS], int(count)) for text, count in pairs), key=lambda pair: (-pair[1], pair[0]))
    return dict(found[:MAX_FREQUENT])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
