"""Takes the day's flights and weather as they were delivered and stores them with types."""

import logging
from argparse import Namespace
from datetime import date
from pathlib import Path

import lake
import numpy as np
from pyarrow import csv

from leadline import track

OWNER = "data-platform"
MADE_OF = {
    "flights": {"departure_delay": "dep_delay", "arrival_delay": "arr_delay"}
    | {name: name for name in ("carrier", "origin", "hour", "distance")},
    "weather": {name: name for name in ("origin", "hour", "wind_speed", "visib", "precip", "humid")},
}
"""The columns of each table, with those that they are called in the files."""

log = logging.getLogger("ingest")


def delivered(folder: Path, kind: str, day: date) -> dict[str, np.ndarray]:
    table = csv.read_csv(folder / kind / f"{day.isoformat()}.csv")
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}


def departure_delay(flights: dict[str, np.ndarray]) -> np.ndarray:
    """Minutes after the scheduled departure; negative: early; NaN: never left."""
    return np.asarray(flights["dep_delay"], "float32")


def stored(run: track.Run, table: str, version: str) -> None:
    """Says what was written, and which column is which."""
    files = track.dataset(lake.LAKE, f"landing/{table}")
    columns = {name: track.column(files, called, "IDENTITY") for name, called in MADE_OF[table].items()}
    run.output(lake.LAKE, table, version, columns=columns)


def ingest(args: Namespace, run: track.Run, day: date) -> None:
    landing = args.lake / "landing"
    flights = delivered(landing, "flights", day)
    delay = departure_delay(flights)
    columns = {
        "flight": np.arange(len(delay), dtype="int32"),
        "carrier": flights["carrier"],
        "origin": flights["origin"],
        "hour": np.asarray(flights["hour"], "int8"),
        "distance": np.asarray(flights["distance"], "float32"),
        "departure_delay": delay,
        "arrival_delay": np.asarray(flights["arr_delay"], "float32"),
    }
    stored(run, "flights", lake.write(args.lake, "flights", day, columns))
    weather = delivered(landing, "weather", day)
    measured = {name: np.asarray(weather[name], "float32") for name in ("wind_speed", "visib", "precip", "humid")}
    columns = {"origin": weather["origin"], "hour": np.asarray(weather["hour"], "int8"), **measured}
    stored(run, "weather", lake.write(args.lake, "weather", day, columns))
    log.info("%s: %d flights, %d cancelled, %d hours of weather", day, len(delay), np.isnan(delay).sum(), len(weather["hour"]))


def main() -> None:
    args = lake.arguments(attempts=3)
    for table in ("flights", "weather"):
        track.owner(track.dataset(lake.LAKE, table), OWNER, on_call="#data-platform")
    track.owner(track.node("JOB", lake.JOBS, "ingest"), OWNER, on_call="#data-platform")
    for days in lake.batches(args):
        with lake.run("ingest", OWNER, args, days, attempts=args.attempts) as run:
            for kind in ("flights", "weather"):
                run.input(lake.LAKE, f"landing/{kind}")
            for day in days:
                ingest(args, run, day)


if __name__ == "__main__":
    main()
