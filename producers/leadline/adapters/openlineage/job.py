"""What the facets of a job say of it, as fields of RunEvent and JobDeclared."""

import hashlib
from typing import Any

from .shape import facet, text


def job_fields(facets: object) -> dict[str, Any]:
    """What kind of job it is, and where its code lies."""
    kind, where = facet(facets, "jobType"), facet(facets, "sourceCodeLocation")
    return {
        "processing_type": text(kind, "processingType").upper(),
        "job_type": text(kind, "jobType"),
        "code_repository": text(where, "repoUrl") or text(where, "url"),
        "code_commit": text(where, "version"),
        "code_branch": text(where, "branch") or text(where, "tag"),
        "code_path": text(where, "path"),
        "code_hash": _code_hash(facets),
    }


def _code_hash(facets: object) -> str:
    """Of the source code or the query, which are in the facets themselves; empty where neither is told."""
    code, sql = facet(facets, "sourceCode"), facet(facets, "sql")
    for language, source in ((text(code, "language"), text(code, "sourceCode")), (text(sql, "dialect"), text(sql, "query"))):
        if source:
            return hashlib.sha256(f"{language.lower()}\n{source}".encode(errors="replace")).hexdigest()
    return ""
