"""Airflow: what a task's environment says (AIRFLOW_CTX_*), and in the task's own process its context."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from ..parent import RunRef
from .tool import Around, Tool

_CONTEXTS = ("airflow.sdk.definitions._internal.contextmanager", "airflow.models.taskinstance")
"""Where Airflow 3 and Airflow 2 keep the context of the task that they execute, in a list."""


class Task(NamedTuple):
    """One try of a task."""

    dag_id: str
    task_id: str
    run_id: str
    logical_date: datetime | None
    try_number: int
    map_index: int = -1
    clear_number: int | None = None
    owner: str = ""
    url: str = ""


def look(around: Around) -> Tool | None:
    task = task_of(around)
    if not task:
        return None
    ids = {"dag_id": task.dag_id, "task_id": task.task_id, "run_id": task.run_id, "try_number": str(task.try_number)}
    if task.map_index >= 0:
        ids["map_index"] = str(task.map_index)
    return Tool("airflow", {name: value for name, value in ids.items() if value}, task.url or _url(around, task), task.owner)


def parent(around: Around) -> RunRef:
    """The task's run under the id that Airflow's OpenLineage provider gives it; empty outside of tasks.

    Its root, the DAG's run, needs to know how often that was cleared, which only the task's own process does.
    """
    task = task_of(around)
    if not task or not task.logical_date:
        return RunRef()
    namespace, name = _namespace(around), f"{task.dag_id}.{task.task_id}"
    run_id = _static_id(task.logical_date, f"{namespace}.{name}.{task.try_number}.{task.map_index}")
    found = RunRef(run_id=run_id, job_namespace=namespace, job_name=name)
    if task.clear_number is None:
        return found
    root = _static_id(task.logical_date, f"{namespace}.{task.dag_id}.{task.clear_number}")
    return RunRef(run_id, namespace, name, root_run_id=root, root_job_namespace=namespace, root_job_name=task.dag_id)


def task_of(around: Around) -> Task | None:
    for module in _CONTEXTS:
        contexts = getattr(around.modules.get(module), "_CURRENT_CONTEXT", None)
        if contexts:
            return _of_context(contexts[-1])
    return _of_environ(around.environ)


def _of_context(context: Mapping[str, Any]) -> Task:
    instance, dag_run = context["ti"], context["dag_run"]
    index = getattr(instance, "map_index", -1)
    return Task(
        dag_id=instance.dag_id,
        task_id=instance.task_id,
        run_id=dag_run.run_id,
        logical_date=getattr(dag_run, "logical_date", None) or getattr(dag_run, "run_after", None) or dag_run.execution_date,
        try_number=int(instance.try_number),
        map_index=-1 if index is None else int(index),
        clear_number=getattr(dag_run, "clear_number", None),
        owner=str(getattr(context.get("task"), "owner", "") or ""),
        url=str(getattr(instance, "log_url", "") or ""),
    )


def _of_environ(environ: Mapping[str, str]) -> Task | None:
    dag_id, task_id = environ.get("AIRFLOW_CTX_DAG_ID"), environ.get("AIRFLOW_CTX_TASK_ID")
    if not dag_id or not task_id:
        return None
    date = environ.get("AIRFLOW_CTX_LOGICAL_DATE") or environ.get("AIRFLOW_CTX_EXECUTION_DATE")
    return Task(
        dag_id=dag_id,
        task_id=task_id,
        run_id=environ.get("AIRFLOW_CTX_DAG_RUN_ID", ""),
        logical_date=datetime.fromisoformat(date) if date else None,
        try_number=int(environ.get("AIRFLOW_CTX_TRY_NUMBER") or 1),
        owner=environ.get("AIRFLOW_CTX_DAG_OWNER", ""),
    )


def _url(around: Around, task: Task) -> str:
    base = around.environ.get("AIRFLOW__API__BASE_URL")
    if base or not around.environ.get("AIRFLOW__WEBSERVER__BASE_URL"):
        page = around.url("dags", task.dag_id, "runs", task.run_id, "tasks", task.task_id, base=base)
        return f"{page}?try_number={task.try_number}" if page else ""
    grid = around.url("dags", task.dag_id, "grid", base=around.environ["AIRFLOW__WEBSERVER__BASE_URL"])
    return f"{grid}?{urlencode({'dag_run_id': task.run_id, 'task_id': task.task_id, 'tab': 'logs'})}"


def _namespace(around: Around) -> str:
    """The provider's rule: its own setting, else OpenLineage's, else default; of airflow.cfg only the provider knows."""
    told = around.environ.get("AIRFLOW__OPENLINEAGE__NAMESPACE")
    settings = around.modules.get("airflow.providers.openlineage.conf")
    if not told and settings:
        return str(settings.namespace())
    return told or around.environ.get("OPENLINEAGE_NAMESPACE") or "default"


def _static_id(moment: datetime, name: str) -> str:
    """OpenLineage's id for something that is about a moment: a UUIDv7 whose last 76 bits are of a SHA-1 of moment and name.

    As `generate_static_uuid` of openlineage-python since 1.15 makes it.
    """
    moment = moment.astimezone(UTC)
    digest = hashlib.sha1(moment.isoformat().encode() + name.encode(), usedforsecurity=False).digest()
    number = (int(moment.timestamp() * 1000) & (1 << 48) - 1) << 80 | int.from_bytes(digest) >> 84
    return str(UUID(int=number & ~(0xF << 76) & ~(0b11 << 62) | 0x7 << 76 | 0b10 << 62))
