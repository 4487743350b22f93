"""Which run started this one: a run of this process, or of the process above, as the environment says."""

import os
from collections.abc import Mapping
from typing import Any

import msgspec

LEADLINE_PARENT = "LEADLINE_PARENT_RUN"
OPENLINEAGE_PARENT = "OPENLINEAGE_PARENT_ID"
"""OpenLineage's own variable: `namespace/job/run id`; the root beside it is OPENLINEAGE_ROOT_PARENT_ID."""


class RunRef(msgspec.Struct, frozen=True):
    """A run as others refer to it, with the root of its tree (empty: it is the root itself)."""

    run_id: str = ""
    job_namespace: str = ""
    job_name: str = ""
    root_run_id: str = ""
    root_job_namespace: str = ""
    root_job_name: str = ""

    def as_parent(self) -> dict[str, Any]:
        """RunEvent's fields of a child of this run."""
        if not self.run_id:
            return {}
        root = (self.root_run_id, self.root_job_namespace, self.root_job_name) if self.root_run_id else self.identity
        return {
            "parent_run_id": self.run_id,
            "parent_job_namespace": self.job_namespace,
            "parent_job_name": self.job_name,
            "root_run_id": root[0],
            "root_job_namespace": root[1],
            "root_job_name": root[2],
        }

    @property
    def identity(self) -> tuple[str, str, str]:
        return (self.run_id, self.job_namespace, self.job_name)


def to_environ(run: RunRef) -> dict[str, str]:
    """The variables from which a child process knows its parent."""
    root = (run.root_job_namespace, run.root_job_name, run.root_run_id)
    return {
        LEADLINE_PARENT: msgspec.json.encode(run).decode(),
        OPENLINEAGE_PARENT: f"{run.job_namespace}/{run.job_name}/{run.run_id}",
        _ROOT_PARENT: "/".join(root if run.root_run_id else (run.job_namespace, run.job_name, run.run_id)),
    }


def from_environ(environ: Mapping[str, str] = os.environ) -> RunRef:
    """The parent that the environment names; an empty RunRef where there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(environ.get(LEADLINE_PARENT, ""), type=RunRef)
    except msgspec.DecodeError:
        pass
    parent, root = _of_openlineage(environ, "PARENT"), _of_openlineage(environ, "ROOT_PARENT")
    if not parent or not root:
        return RunRef(parent[2], parent[0], parent[1]) if parent else RunRef()
    return RunRef(parent[2], parent[0], parent[1], root[2], root[0], root[1])


_ROOT_PARENT = "OPENLINEAGE_ROOT_PARENT_ID"


def _of_openlineage(environ: Mapping[str, str], which: str) -> tuple[str, str, str] | None:
    """Namespace, job, run id: of the one variable, else of the three that some clients write instead."""
    # The namespace holds slashes itself (airflow://prod), the run id never does.
    namespace, job, run_id = _three(environ.get(f"OPENLINEAGE_{which}_ID", "").rsplit("/", 2))
    if not run_id:
        run_id = environ.get(f"OPENLINEAGE_{which}_RUN_ID", "")
        namespace = environ.get(f"OPENLINEAGE_{which}_JOB_NAMESPACE") or environ.get("OPENLINEAGE_NAMESPACE") or "default"
        job = environ.get(f"OPENLINEAGE_{which}_JOB_NAME", "")
    return (namespace, job, run_id) if run_id and job else None


def _three(parts: list[str]) -> tuple[str, str, str]:
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 and all(parts) else ("", "", "")
