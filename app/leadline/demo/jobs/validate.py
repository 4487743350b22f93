"""Measures every day once the aircraft have arrived: the data, the model and its predictions."""

import json
import logging
from argparse import Namespace
from datetime import date
from pathlib import Path

import lake
import numpy as np

from leadline import track

OWNER = "late-arrivals"
LATE_MINUTES = 15
BOUNDED = ("auc", "brier_score", "calibration_gap", "mean_probability", "positive_share", "rows", "null_share")

log = logging.getLogger("validate")


def area_under_curve(late: np.ndarray, probability: np.ndarray) -> float:
    """How likely a late flight was given the higher probability than one on time; equal ones count half."""
    _, place, count = np.unique(probability, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    positive, negative = late.sum(), (~late).sum()
    return float((rank[late].sum() - positive * (positive + 1) / 2) / (positive * negative))


def measure(folder: Path, day: date) -> dict[str, dict[str, float]]:
    """Values by node and metric."""
    flights, features = lake.read(folder, "flights", day), lake.read(folder, "features", day)
    predictions = lake.read(folder, "predictions", day)
    arrival = flights["arrival_delay"][predictions["flight"]]
    arrived = ~np.isnan(arrival)
    late, probability = arrival[arrived] > LATE_MINUTES, predictions["late"][arrived].astype(float)
    return {
        "flights": {"rows": len(flights["flight"]), "null_share": float(np.isnan(flights["departure_delay"]).mean())},
        "features": {
            "rows": len(features["flight"]),
            "null_share": float(np.mean([np.isnan(column).mean() for column in features.values()])),
        },
        "predictions": {
            "rows": len(predictions["late"]),
            "mean_probability": float(predictions["late"].mean(dtype=float)),
            "positive_share": float((predictions["late"] > 0.5).mean()),
        },
        lake.MODEL: {
            "auc": area_under_curve(late, probability),
            "brier_score": float(np.mean((probability - late) ** 2)),
            "calibration_gap": float(probability.mean() - late.mean()),
        },
    }


def limits(values: list[float]) -> dict[str, tuple[float, float]]:
    """From what was seen: what 98 of 100 days kept is no warning; what no day came near is an error."""
    low, high = float(np.quantile(values, 0.01)), float(np.quantile(values, 0.99))
    room = 0.15 * float(np.quantile(values, 0.75) - np.quantile(values, 0.25))
    found = {"warn": (low, high), "error": (min(*values, low) - room, max(*values, high) + room)}
    return {severity: (round(lower, 4), round(upper, 4)) for severity, (lower, upper) in found.items()}


def report(run: track.Run, args: Namespace, day: date, model: str, values: dict[str, dict[str, float]]) -> None:
    bounds = {} if args.mode == "BACKFILL" else json.loads((args.lake / "bounds.json").read_text())
    for name, metrics in values.items():
        node = track.model(lake.MODELS, name, model) if name == lake.MODEL else table(args.lake, name, day)
        for metric, value in metrics.items():
            reading = run.metric(metric, value, of=node, slot=day)
            if name in bounds and metric in bounds[name]:
                found = bounds[name][metric]
                reading.bound(warn=found["warn"], error=found["error"])


def table(folder: Path, name: str, day: date) -> track.Node:
    return track.dataset(lake.LAKE, name, lake.version(folder, name, day))


def save_bounds(folder: Path, history: list[dict[str, dict[str, float]]]) -> None:
    """Fixed once, from the days before the first that counts."""
    found = {
        name: {metric: limits([day[name][metric] for day in history]) for metric in metrics if metric in BOUNDED}
        for name, metrics in history[0].items()
    }
    (folder / "bounds.json").write_text(json.dumps(found, indent=1))


def main() -> None:
    args = lake.arguments(patience=30)
    track.owner(track.node("JOB", lake.JOBS, "validate"), OWNER, on_call="#late-arrivals")
    history = []
    for days in lake.batches(args):
        with lake.run("validate", OWNER, args, days, patience=args.patience) as run:
            for name in ("flights", "features", "predictions"):
                lake.use(run, args.lake, name, days[-1])
            for day in days:
                path = lake.model_file(args.lake, day)
                values = measure(args.lake, day)
                report(run, args, day, lake.content_version(path), values)
                history.append(values)
                log.info(
                    "%s: AUC %.3f, calibration gap %+.3f", day, values[lake.MODEL]["auc"], values[lake.MODEL]["calibration_gap"]
                )
            run.input(track.model(lake.MODELS, lake.MODEL, lake.content_version(path)))
    if args.mode == "BACKFILL":
        save_bounds(args.lake, history)


if __name__ == "__main__":
    main()
