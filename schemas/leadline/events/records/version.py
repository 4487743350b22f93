"""What a version of a dataset, model or artifact holds: the snapshot of the data over time."""

from typing import Annotated

from msgspec import Meta

from .event import Event, Part


class ColumnProfile(Part, frozen=True, kw_only=True):
    """One column of a data frame, or one input of a model, of which only name and type are known."""

    name: str
    type: Annotated[str, Meta(description="Arrow's name of the type, such as int64, string or timestamp[us, UTC]")] = ""
    null_share: Annotated[float | None, Meta(description="Share of rows without a value, 0 to 1; NaN counts as none")] = None
    distinct: Annotated[int | None, Meta(description="Number of different values; null: not counted")] = None
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: Annotated[float | None, Meta(description="Sample standard deviation")] = None
    quantiles: Annotated[dict[str, float], Meta(description="Probability such as 0.25 to value")] = {}
    edges: Annotated[list[float], Meta(description="Histogram: n + 1 edges of n bins, rising; the last bin is closed")] = []
    counts: Annotated[list[int], Meta(description="Histogram: rows in each bin")] = []
    frequent: Annotated[dict[str, int], Meta(description="Most frequent values to rows, only where asked for")] = {}


class VersionDescribed(Event, frozen=True, kw_only=True):
    """What is known of one version of a node. Later descriptions of the same version replace what they know anew."""

    kind: Annotated[str, Meta(description="DATASET, MODEL, FEATURE_VIEW, DEPLOYMENT or ARTIFACT")]
    namespace: str
    name: str
    version: Annotated[str, Meta(description="The tool's own version, else a hash of the content; empty: not known")] = ""
    schema_version: Annotated[str, Meta(description="Hash of the columns and their types; empty: not known")] = ""
    job_namespace: str = ""
    job_name: str = ""
    run_id: str = ""
    content_hash: Annotated[str, Meta(description="sha256: and the hash of the bytes, of a directory of its files")] = ""
    size_bytes: int | None = None
    files: Annotated[int | None, Meta(description="Number of files, where it is a directory")] = None
    format: Annotated[str, Meta(description="Media type, table format or library, such as text/csv, delta or sklearn")] = ""
    class_name: Annotated[str, Meta(description="Class of the object that was described, with its module")] = ""
    parameters: Annotated[dict[str, str], Meta(description="Hyperparameters of a model")] = {}
    attributes: Annotated[dict[str, str], Meta(description="More that is known, such as its location")] = {}
    rows: int | None = None
    columns: Annotated[list[ColumnProfile], Meta(description="Columns of data, inputs of a model")] = []
