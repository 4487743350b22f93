"""Nodes: what a run reads and writes and what metrics, decisions and owners belong to."""

import msgspec
from msgspec.structs import force_setattr

from leadline.core.errors import UsageError
from leadline.events.records.event import NODE_KINDS

from .choices import chosen
from .redact import without_credentials
from .shown import shown

MAX_NAME = 8_192
"""Characters: what is longer is a mistake, and would be cut out of the event with all that is told beside it."""


class Node(msgspec.Struct, frozen=True):
    """One node by kind, namespace and name. Raises UsageError for an unknown kind, an empty name or text that is no Unicode.

    Credentials in a URL are no part of the name: they are left out, whatever is redacted elsewhere.
    """

    kind: str
    namespace: str
    name: str
    version: str = ""
    schema_version: str = ""

    def __post_init__(self) -> None:
        chosen(self.kind, NODE_KINDS, "kind")
        required_text(self.namespace, "namespace")
        required_text(self.name, "name")
        optional_text(self.version, "version", MAX_NAME)
        optional_text(self.schema_version, "schema_version", MAX_NAME)
        for field in ("kind", "namespace", "name", "version", "schema_version"):
            text = getattr(self, field)
            if type(text) is not str:  # numpy's texts and members of enums: only what they say
                force_setattr(self, field, str.__str__(text))
        for field in ("namespace", "name", "version"):
            text = getattr(self, field)
            if text and (clean := without_credentials(text)) != text:
                force_setattr(self, field, clean)

    def __str__(self) -> str:
        """For example model:mlflow://prod/churn."""
        return f"{self.kind.lower()}:{self.namespace}/{self.name}"


def dataset(namespace: str, name: str, version: str = "", *, schema_version: str = "") -> Node:
    """A dataset, named by OpenLineage's rules: `dataset("s3://lake", "features/churn", version=etag)`."""
    return Node("DATASET", namespace, name, version, schema_version)


def model(namespace: str, name: str, version: str = "") -> Node:
    """A model: `model("mlflow://prod", "churn", version="7")`."""
    return Node("MODEL", namespace, name, version)


def node(kind: str, namespace: str, name: str, version: str = "") -> Node:
    """A node of any kind: JOB, DATASET, MODEL, FEATURE_VIEW, DEPLOYMENT or ARTIFACT."""
    return Node(kind, namespace, name, version)


def checked_node(value: object, field: str = "node") -> Node:
    """Raises UsageError for what is none."""
    if not isinstance(value, Node):
        raise UsageError(f"{field} is {shown(value)}; give a node such as track.model('mlflow://prod', 'churn', version='7')")
    return value


def required_text(value: object, field: str) -> str:
    """A name or an identity, without the methods of a subclass. Raises UsageError."""
    if not isinstance(value, str) or not str.__len__(value):
        raise UsageError(f"{field} is {shown(value)}; give a text that is not empty")
    return optional_text(value, field, MAX_NAME)


def optional_text(value: object, field: str, longest: int | None = None) -> str:
    """The text, without the methods of a subclass. Raises UsageError."""
    if not isinstance(value, str):
        raise UsageError(f"{field} is {shown(value)} ({type(value).__name__}); give a text, for example str({shown(value)})")
    if longest is not None and str.__len__(value) > longest:
        raise UsageError(f"{field} has {str.__len__(value):,} characters; a name has at most {longest:,}")
    try:
        if not str.isascii(value):
            str.encode(value)
    except UnicodeEncodeError as error:
        raise UsageError(f"{field} is {shown(value)}, which is no valid Unicode: decode it with errors='replace'") from error
    return str.__str__(value)
