"""The tool that runs the job, recognised by what it leaves in the environment; one module for each tool."""

import contextlib
from collections.abc import Callable

from . import airflow, ci, dagster, databricks, jupyter, kubeflow, kubernetes, ray, sagemaker, scheduler, spark, vertex
from .tool import Around, Tool

_LOOKS: tuple[Callable[[Around], Tool | None], ...] = (
    airflow.look,
    dagster.look,
    kubeflow.look,
    databricks.look,
    sagemaker.look,
    vertex.look,
    ci.github,
    ci.gitlab,
    ci.jenkins,
    ray.look,
    jupyter.look,
    spark.look,
    kubernetes.argo,
    kubernetes.job,
    scheduler.cron,
    scheduler.systemd,
)
"""Those that know the job as a step of theirs come before those that only lend it a machine."""


def tool_around(around: Around) -> Tool | None:
    """The first that is recognised; None: nobody but a person or a program that we do not know."""
    for look in _LOOKS:
        with contextlib.suppress(Exception):  # a tool that has changed must not hide the others
            if tool := look(around):
                return tool
    return None


__all__ = ["Around", "Tool", "tool_around"]
