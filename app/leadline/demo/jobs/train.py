"""Fits the model to every day before the given one: will the flight arrive more than 15 minutes late?"""

import json
import logging
from argparse import Namespace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import lake
import numpy as np
from sklearn.linear_model import LogisticRegression

from leadline import track

OWNER = "late-arrivals"
LATE_MINUTES = 15

log = logging.getLogger("train")


def examples(folder: Path, days: list[date]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names of the features, their values, and whether the flight was late; flights that never arrived are no examples."""
    names: list[str] = []
    features, late = [], []
    for day in days:
        columns = lake.read(folder, "features", day)
        arrival = lake.read(folder, "flights", day)["arrival_delay"][columns.pop("flight")]
        arrived = ~np.isnan(arrival)
        names = list(columns)
        features.append(np.column_stack(list(columns.values()))[arrived])
        late.append(arrival[arrived] > LATE_MINUTES)
    return names, np.concatenate(features), np.concatenate(late)


def fit(features: np.ndarray, late: np.ndarray, iterations: int) -> dict[str, Any]:
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale == 0] = 1
    fitted = LogisticRegression(max_iter=iterations).fit((features - mean) / scale, late)
    return {
        "mean": [float(value) for value in mean],
        "scale": [float(value) for value in scale],
        "weights": [float(value) for value in fitted.coef_[0]],
        "intercept": float(fitted.intercept_[0]),
    }


def train(args: Namespace, run: track.Run, day: date) -> None:
    known = lake.known_days(args.lake, "features", day)
    for table in ("features", "flights"):
        lake.use(run, args.lake, table, known[-1])
    names, features, late = examples(args.lake, known)
    path = args.lake / "models" / f"{day.isoformat()}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"features": names, **fit(features, late, args.iterations)}))
    run.output(track.model(lake.MODELS, lake.MODEL, lake.content_version(path)))
    log.info("trained on %d flights of %d days before %s, %.1f %% of them late", len(late), len(known), day, 100 * late.mean())


def starts(args: Namespace) -> list[date]:
    """When a model is fitted: on the first day, in a backfill on the first of each month."""
    return [day for day in lake.days(args) if day.day == 1] if args.mode == "BACKFILL" else [args.first]


def main() -> None:
    args = lake.arguments(iterations=300)
    track.owner(track.model(lake.MODELS, lake.MODEL), OWNER, on_call="#late-arrivals", consumers=["crew planning"])
    track.owner(track.node("JOB", lake.JOBS, "train"), OWNER, on_call="#late-arrivals")
    first = args.first
    args.end = args.end if args.mode == "BACKFILL" else first + timedelta(days=1)
    for days in lake.batches(args):
        with lake.run("train", OWNER, args, days, iterations=args.iterations) as run:
            for day in starts(args):
                train(args, run, day)


if __name__ == "__main__":
    main()
