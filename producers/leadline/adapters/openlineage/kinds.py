"""Which kind of node a dataset of OpenLineage is."""

from leadline.events.records.event import NODE_KINDS

from .shape import Facet, facet, text

_BY_SCHEME = {"mlflow": "MODEL", "feast": "FEATURE_VIEW", "seldon": "DEPLOYMENT"}
"""Of namespaces that are Leadline's own (docs/openlineage.md)."""


def kind_of_data(data: Facet) -> str:
    """DATASET, unless its namespace or its facet datasetType says that it is a model or the like."""
    by_scheme = _BY_SCHEME.get(text(data, "namespace").partition("://")[0])
    if by_scheme:
        return by_scheme
    said = text(facet(data.get("facets"), "datasetType"), "datasetType").upper()
    return said if said in NODE_KINDS and said != "JOB" else "DATASET"
