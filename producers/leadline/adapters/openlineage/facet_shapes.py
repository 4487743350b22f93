"""What the facets that are read must have, by OpenLineage's facet schemas; what is of another shape is kept and not read."""

from collections.abc import Iterator

from .shape import Facet

_REQUIRED: dict[str, tuple[tuple[str, type], ...]] = {
    "parent": (("run", dict), ("job", dict)),
    "nominalTime": (("nominalStartTime", str),),
    "errorMessage": (("message", str),),
    "processing_engine": (("version", str),),
    "externalQuery": (("externalQueryId", str), ("source", str)),
    "extractionError": (("failedTasks", int),),
    "environmentVariables": (("environmentVariables", list),),
    "executionParameters": (("parameters", list),),
    "test": (("tests", list),),
    "tags": (("tags", list),),
    "jobType": (("processingType", str), ("integration", str)),
    "sourceCodeLocation": (("type", str), ("url", str)),
    "sourceCode": (("language", str), ("sourceCode", str)),
    "sql": (("query", str),),
    "ownership": (("owners", list),),
    "documentation": (("description", str),),
    "schema": (("fields", list),),
    "version": (("datasetVersion", str),),
    "columnLineage": (("fields", dict),),
    "symlinks": (("identifiers", list),),
    "catalog": (("framework", str), ("type", str), ("name", str)),
    "storage": (("storageLayer", str),),
    "datasetType": (("datasetType", str),),
    "lifecycleStateChange": (("lifecycleStateChange", str),),
    "dataQualityMetrics": (("columnMetrics", dict),),
    "dataQualityAssertions": (("assertions", list),),
}
_KINDS = {str: "a text", list: "an array", dict: "an object", int: "a number"}


def misshapen(name: str, facet: Facet) -> Iterator[tuple[str, str]]:
    """Fields of this facet that are missing or of another kind, with what they should be."""
    for field, kind in _REQUIRED.get(name, ()):
        if not isinstance(facet.get(field), kind):
            yield field, _KINDS[kind]
