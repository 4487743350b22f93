"""Marquez's paths that are read."""

from starlette.routing import BaseRoute

from ..queries.reader import Question, Reader
from .column_graph import column_lineage
from .dataset_versions import dataset_versions, one_dataset_version
from .datasets import datasets, one_dataset
from .encoded_route import EncodedRoute
from .events import events
from .graph import lineage
from .job_versions import job_versions, one_job_version
from .jobs import all_jobs, jobs, one_job
from .namespaces import namespaces, one_namespace
from .refused import refusals
from .run_graph import upstream
from .runs import facets, run, runs
from .search import search
from .sources import one_source, sources
from .stats import dataset_stats, event_stats, job_stats, source_stats
from .tags import tags

PREFIX = "/api/v1"
QUESTIONS: dict[str, Question] = {
    "namespaces": namespaces,
    "namespaces/{namespace}": one_namespace,
    "namespaces/{namespace}/datasets": datasets,
    "namespaces/{namespace}/datasets/{dataset}": one_dataset,
    "namespaces/{namespace}/datasets/{dataset}/versions": dataset_versions,
    "namespaces/{namespace}/datasets/{dataset}/versions/{version}": one_dataset_version,
    "namespaces/{namespace}/jobs": jobs,
    "namespaces/{namespace}/jobs/{job}": one_job,
    "namespaces/{namespace}/jobs/{job}/versions": job_versions,
    "namespaces/{namespace}/jobs/{job}/versions/{version}": one_job_version,
    "namespaces/{namespace}/jobs/{job}/runs": runs,
    "jobs": all_jobs,
    "jobs/runs/{id}": run,
    "jobs/runs/{id}/facets": facets,
    "lineage": lineage,
    "column-lineage": column_lineage,
    "runlineage/upstream": upstream,
    "events/lineage": events,
    # Marquez has no such paths; its Python client asks for them, without encoding the namespace.
    "events": events,
    "events/{namespace:path}": events,
    "search": search,
    "sources": sources,
    "sources/{source}": one_source,
    "tags": tags,
    "stats/lineage-events": event_stats,
    "stats/jobs": job_stats,
    "stats/datasets": dataset_stats,
    "stats/sources": source_stats,
}
"""By the path under /api/v1."""


def marquez_routes(reader: Reader) -> list[BaseRoute]:
    reads = [
        EncodedRoute(f"{PREFIX}/{path}", reader.endpoint(question), methods=["GET"]) for path, question in QUESTIONS.items()
    ]
    return [*reads, *refusals(PREFIX)]
