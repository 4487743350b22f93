"""What the facets of a job say of it, as fields of RunEvent and JobDeclared."""

import hashlib
from typing import Any

from .shape import Facet, dict_of, facet, text


def job_fields(said: object) -> dict[str, Any]:
    """What kind of job it is, and where its code lies; what the facets say nothing of is left out."""
    facets, fields = dict_of(said), dict[str, Any]()
    if kind := facet(facets, "jobType"):
        fields |= {"processing_type": text(kind, "processingType").upper(), "job_type": text(kind, "jobType")}
    if where := facet(facets, "sourceCodeLocation"):
        fields |= {
            "code_repository": text(where, "repoUrl") or text(where, "url"),
            "code_commit": text(where, "version"),
            "code_branch": text(where, "branch") or text(where, "tag"),
            "code_path": text(where, "path"),
        }
    if code := _code_hash(facets):
        fields["code_hash"] = code
    return fields


def _code_hash(facets: Facet) -> str:
    """Of the source code or the query, which are in the facets themselves; empty where neither is told."""
    code, sql = facet(facets, "sourceCode"), facet(facets, "sql")
    for language, source in ((text(code, "language"), text(code, "sourceCode")), (text(sql, "dialect"), text(sql, "query"))):
        if source:
            return hashlib.sha256(f"{language.lower()}\n{source}".encode()).hexdigest()
    return ""
