"""Predicts for every flight of the day how likely it is to arrive late."""

import json
import logging
from argparse import Namespace
from datetime import date
from typing import Any

import lake
import numpy as np

from leadline import track

OWNER = "late-arrivals"

log = logging.getLogger("score")


def standardised(columns: dict[str, np.ndarray], model: dict[str, Any]) -> np.ndarray:
    features = np.column_stack([columns[name] for name in model["features"]])
    return (features - np.asarray(model["mean"])) / np.asarray(model["scale"])


def probabilities(columns: dict[str, np.ndarray], model: dict[str, Any]) -> np.ndarray:
    margin = standardised(columns, model) @ np.asarray(model["weights"]) + model["intercept"]
    return 1 / (1 + np.exp(-margin))


def score(args: Namespace, run: track.Run, day: date) -> str:
    path = lake.model_file(args.lake, day)
    columns = lake.read(args.lake, "features", day)
    late = probabilities(columns, json.loads(path.read_text()))
    run.input(track.model(lake.MODELS, lake.MODEL, lake.content_version(path)))
    log.info("%s: %d flights, %d probably late", day, len(late), (late > 0.5).sum())
    return lake.write(args.lake, "predictions", day, {"flight": columns["flight"], "late": late.astype("float32")})


def main() -> None:
    args = lake.arguments(batch=500)
    predictions = track.dataset(lake.LAKE, "predictions")
    track.owner(predictions, OWNER, on_call="#late-arrivals", consumers=["crew planning", "passenger messages"])
    track.owner(track.node("JOB", lake.JOBS, "score"), OWNER, on_call="#late-arrivals")
    for days in lake.batches(args):
        with lake.run("score", OWNER, args, days, batch=args.batch) as run:
            lake.use(run, args.lake, "features", days[-1])
            for day in days:
                version = score(args, run, day)
            run.output(lake.LAKE, "predictions", version)


if __name__ == "__main__":
    main()
