"""Where the team's data lies: one Arrow file a day for each table, and a version that stands for all days up to it."""

import argparse
import hashlib
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import feather

from leadline import track

JOBS = "cron://nyc"
LAKE = "lake://nyc"
MODELS = "models://nyc"
MODEL = "late-arrival"

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def arguments(**settings: float) -> argparse.Namespace:
    """The arguments of every program, and its own settings with their defaults."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, help="first day")
    parser.add_argument("--to", dest="end", type=date.fromisoformat, required=True, help="the day after the last")
    parser.add_argument("--mode", choices=("LIVE", "BACKFILL"), default="LIVE")
    for name, default in settings.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return parser.parse_args()


def days(args: argparse.Namespace) -> list[date]:
    return [args.first + timedelta(days=number) for number in range((args.end - args.first).days)]


def batches(args: argparse.Namespace) -> list[list[date]]:
    """The days of each run: one; in a backfill all of them."""
    return [days(args)] if args.mode == "BACKFILL" else [[day] for day in days(args)]


@contextmanager
def run(job: str, owner: str, args: argparse.Namespace, batch: list[date], /, **parameters: object) -> Iterator[track.Run]:
    """The run of a batch, with the reason in its log where it fails."""
    slot = batch[0] if args.mode == "LIVE" else None
    with track.run(job, JOBS, slot=slot, mode=args.mode, owner=owner, parameters=parameters) as run:
        try:
            yield run
        except Exception:
            logging.getLogger(job).exception("%s: nothing came out", batch[0])
            raise


def use(run: track.Run, lake: Path, table: str, day: date) -> track.Node:
    """Says that the run reads the table as it is up to that day, whether the day is there or not."""
    file = _file(lake, table, day).with_suffix(".version")
    return run.input(LAKE, table, file.read_text() if file.exists() else "")


def read(lake: Path, table: str, day: date) -> dict[str, np.ndarray]:
    """The day's columns. Raises FileNotFoundError."""
    found = feather.read_table(_file(lake, table, day), memory_map=False)
    return {name: found.column(name).to_numpy() for name in found.column_names}


def write(lake: Path, table: str, day: date, columns: dict[str, np.ndarray]) -> str:
    """Writes the day; gives the table's version with it."""
    out = io.BytesIO()
    feather.write_feather(pa.table(columns), out, compression="zstd")
    path = _file(lake, table, day)
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, out.getvalue())
    before = max((known for known in path.parent.glob("*.version") if known.stem < day.isoformat()), default=None)
    chained = hashlib.sha256((before.read_bytes() if before else b"") + out.getvalue()).hexdigest()[:16]
    _replace(path.with_suffix(".version"), chained.encode())
    return chained


def version(lake: Path, table: str, day: date) -> str:
    """Of the table up to the day. Raises FileNotFoundError."""
    return _file(lake, table, day).with_suffix(".version").read_text()


def known_days(lake: Path, table: str, before: date) -> list[date]:
    found = sorted(date.fromisoformat(path.stem) for path in (lake / table).glob("*.arrow"))
    return [day for day in found if day < before]


def model_file(lake: Path, day: date) -> Path:
    """The newest model that was trained on days before that one."""
    return max(path for path in (lake / "models").glob("*.json") if path.stem <= day.isoformat())


def content_version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _file(lake: Path, table: str, day: date) -> Path:
    return lake / table / f"{day.isoformat()}.arrow"


def _replace(path: Path, content: bytes) -> None:
    """Never half a file."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    partial.replace(path)
