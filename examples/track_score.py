"""A scoring job as short as it gets: `python examples/track_score.py [AUC]`."""

import sys
from datetime import UTC, datetime

from leadline import track


def main(auc: float) -> None:
    with track.run("churn.score", namespace="example://jobs", slot=datetime.now(UTC).date()) as run:
        run.input("s3://lake", "features/churn", version="etag-1")
        model = run.input(track.model("mlflow://prod", "churn", version="7"))
        run.metric("auc", auc, of=model).bound(lower=0.85)
        run.output("s3://lake", "predictions/churn")
    track.flush()
    sys.stdout.write(f"{track.stats()}\n")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 0.81)
