"""Whether this process will end without telling anybody: then what was reported must be out of it before the last run ends."""

import os
import sys


def ends_untold() -> bool:
    """Airflow's tasks run in a fork that ends by os._exit; Spark's and Ray's workers are killed when no longer needed."""
    return "AIRFLOW_CTX_DAG_RUN_ID" in os.environ or "pyspark.worker" in sys.modules or _is_ray_worker()


def _is_ray_worker() -> bool:
    """The driver ends as any program does; the processes that it has tasks run in are started with Ray's own file."""
    return "ray" in sys.modules and os.path.basename(sys.argv[0]) == "default_worker.py"  # noqa: PTH119 - faster, and no file
