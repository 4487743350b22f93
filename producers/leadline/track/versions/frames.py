"""Data frames and the like, through narwhals: rows, schema, and a profile of an evenly spaced sample."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import time
from collections.abc import Callable, Collection
from typing import Any

from leadline.events.records import ColumnProfile

from ..logs import clean
from .columns import Looked, look
from .description import Description, class_of
from .schema import MAX_COLUMNS, arrow_name, schema_hash

MAX_NAME = 1_000
MAX_ROWS = 100_000
MAX_CELLS = 1_000_000
"""Rows and cells of the sample: a wide frame is looked at in fewer rows."""
SECONDS = 2.0
"""After that, the columns that are left have a name and a type only. A column that is begun is finished."""


def is_frame(data: object) -> bool:
    """Whether narwhals knows it. Raises ModuleNotFoundError where narwhals is not installed."""
    import narwhals.stable.v2 as nw

    return isinstance(_wrapped(data), nw.DataFrame | nw.LazyFrame)


def looks_like_frame(data: object) -> bool:
    """Without narwhals: whether it has columns, by any of the names under which libraries have them."""
    return any(hasattr(type(data), name) for name in ("columns", "column_names", "__dataframe__", "__narwhals_dataframe__"))


def describe_frame(
    data: object, *, profile: bool | None, frequent: Collection[str] = (), clock: Callable[[], float] = time.monotonic
) -> Description:
    """`profile` None: of what lies in memory; nothing that is lazy is computed unless it is True."""
    import narwhals.stable.v2 as nw

    frame = _wrapped(data)
    if isinstance(frame, nw.LazyFrame):
        return _lazy(frame, data, profile=bool(profile), frequent=frequent, clock=clock)
    rows, width = len(frame), len(frame.columns)
    step = -(-rows // max(1, _sample_rows(width)))
    sample = frame.gather_every(step) if step > 1 else frame
    spacing = f"one row in {step}" if step > 1 else ""
    return _described(data, sample, rows, spacing, profile=profile is not False, frequent=frequent, clock=clock)


def _lazy(frame: Any, data: object, *, profile: bool, frequent: Collection[str], clock: Callable[[], float]) -> Description:
    import narwhals.stable.v2 as nw

    schema = frame.collect_schema()
    if not profile:
        return Description(class_name=class_of(data), **_of_schema(schema))
    rows = int(frame.select(nw.len()).collect().item())
    most = _sample_rows(len(schema))
    spacing = f"the first {most} rows" if rows > most else ""
    return _described(data, frame.head(most).collect(), rows, spacing, profile=True, frequent=frequent, clock=clock)


def _described(
    data: object,
    sample: Any,
    rows: int,
    spacing: str,
    *,
    profile: bool,
    frequent: Collection[str],
    clock: Callable[[], float],
) -> Description:
    fields = _of_schema(sample.schema)
    attributes: dict[str, str] = fields.pop("attributes")
    version = ""
    if profile:
        digest = hashlib.sha256(f"{fields['schema_version']} {rows}".encode())
        looked = _look_at(sample, fields["columns"], digest, frequent, clock)
        fields["columns"] = [column.profile for column in looked]
        if spacing:
            attributes["sample"] = f"{spacing} of {rows}"
        infinite = {column.profile.name: column.infinite for column in looked if column.infinite}
        if infinite:
            attributes["infinite"] = ", ".join(f"{name}: {number}" for name, number in infinite.items())
        unseen = [column.name for column in fields["columns"] if column.null_share is None] if rows else []
        if unseen:
            attributes["not profiled"] = f"{len(unseen)} columns, from {unseen[0]} on" if len(unseen) > 1 else unseen[0]
        else:
            whole = not spacing and all(column.whole for column in looked) and "columns" not in attributes
            version = f"{'sha256' if whole else 'sample'}:{digest.hexdigest()[:32]}"
    return Description(version=version, rows=rows, class_name=class_of(data), attributes=attributes, **fields)


def _look_at(
    sample: Any, columns: list[ColumnProfile], digest: Any, frequent: Collection[str], clock: Callable[[], float]
) -> list[Looked]:
    """A column that cannot be looked at, for whatever reason its library has, keeps its name and type."""
    deadline, looked = clock() + SECONDS, []
    for series, column in zip(sample.iter_columns(), columns, strict=False):
        found = Looked(column)
        if clock() < deadline:
            with contextlib.suppress(Exception):
                found = look(series, column.name, column.type, digest, frequent=column.name in frequent)
        looked.append(found)
    return looked


def _of_schema(schema: Any) -> dict[str, Any]:
    """Description's fields, of all columns that are described."""
    named = [(clean(str(name), MAX_NAME) or "(no name)", arrow_name(dtype)) for name, dtype in schema.items()]
    attributes = {}
    if len(named) > MAX_COLUMNS:
        attributes["columns"] = f"{len(named)}, of which the first {MAX_COLUMNS} are described"
    columns = [ColumnProfile(name=name, type=type_name) for name, type_name in named[:MAX_COLUMNS]]
    return {"schema_version": schema_hash(named), "columns": columns, "attributes": attributes}


def _sample_rows(width: int) -> int:
    return min(MAX_ROWS, max(1, MAX_CELLS // max(1, min(width, MAX_COLUMNS))))


def _wrapped(data: Any) -> Any:
    """A narwhals frame, or `data` itself where narwhals knows none. Raises ModuleNotFoundError without narwhals."""
    import narwhals.stable.v2 as nw
    from narwhals.exceptions import DuplicateError

    arrow = sys.modules.get("pyarrow")
    if arrow is not None and isinstance(data, arrow.RecordBatch):
        data = arrow.Table.from_batches([data])
    try:
        frame = nw.from_native(data, allow_series=True, pass_through=True)
        if isinstance(frame, nw.Series):
            frame = frame.to_frame()
        elif isinstance(frame, nw.DataFrame):
            frame.columns  # noqa: B018 - pandas' and Arrow's may have one name twice, which shows here
            frame.schema  # noqa: B018
        return frame
    except DuplicateError:
        return nw.from_native(_renamed(data))


def _renamed(data: Any) -> Any:
    """With names that differ: the second a is a#2."""
    if hasattr(data, "rename_columns"):
        return data.rename_columns(_unlike(data.column_names))
    copy = data.copy(deep=False)
    copy.columns = _unlike(map(str, data.columns))
    return copy


def _unlike(names: Any) -> list[str]:
    seen: dict[str, int] = {}
    unlike = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unlike.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unlike
