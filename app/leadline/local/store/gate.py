"""May a reader run this? Decided on the tree that the engine's own parser printed (EXPLAIN AST), never on the text.

Everything is by allow-list: what a later engine brings is refused until somebody has looked at it.
"""

import re
from dataclasses import dataclass

ROOTS = frozenset(
    {
        "SelectWithUnionQuery",
        "SelectIntersectExceptQuery",
        "Explain",
        "DescribeQuery",
        "ExistsTableQuery",
        "ExistsViewQuery",
        "ExistsDatabaseQuery",
        "ShowCreateTableQuery",
        "ShowCreateViewQuery",
        "ShowTables",
        "ShowColumns",
        "ShowFunctions",
        "ShowIndexes",
        "ShowEngineQuery",
        "ShowSetting",
    }
)
INNER_QUERIES = frozenset({"SelectWithUnionQuery", "SelectIntersectExceptQuery", "SelectQuery", "TablesInSelectQuery"})
UNSEEN = {"ColumnsApplyTransformer": "APPLY"}
"""Nodes that hide a part of themselves from the tree."""

UNSEEN_WORDS = ("WHERE", "SETTINGS")
"""In all but SELECT and EXPLAIN the tree hides what follows these (SHOW TABLES WHERE file('...'))."""

EXPLAINS = frozenset({"EXPLAIN", "EXPLAIN AST", "EXPLAIN SYNTAX", "EXPLAIN QUERY TREE", "EXPLAIN PIPELINE", "EXPLAIN ESTIMATE"})

TABLE_FUNCTIONS = frozenset(
    {"numbers", "numbers_mt", "zeros", "zeros_mt", "generateseries", "generate_series", "generaterandom", "values", "view"}
)

DENIED_CATEGORIES = frozenset({"AI", "Dictionary", "Embedded Dictionary", "Introspection", "Machine Learning"})
DENIED_FUNCTIONS = frozenset(
    {
        "file",
        "joinget",
        "joingetornull",
        "getmacro",
        "hascolumnintable",  # it connects to the server that its arguments name
        "catboostevaluate",
        "getserversetting",
        "getmergetreesetting",
        "getclienthttpheader",
        "currentrequesturl",
        "showcertificate",
        "filesystemavailable",
        "filesystemcapacity",
        "filesystemunreserved",
        "generateserialid",
        "zookeepersessionuptime",
        "sleep",
        "sleepeachrow",
        "reversednsquery",
    }
)
SYNTAX_FUNCTIONS = frozenset({"lambda", "view"})
"""What the parser writes for syntax; no functions of the engine's list."""

SYSTEM_TABLES = frozenset(
    {
        "aggregate_function_combinators",
        "build_options",
        "collations",
        "columns",
        "data_type_families",
        "databases",
        "formats",
        "functions",
        "keywords",
        "licenses",
        "numbers",
        "numbers_mt",
        "one",
        "settings",
        "table_engines",
        "table_functions",
        "tables",
        "time_zones",
        "zeros",
        "zeros_mt",
    }
)
"""What clients ask when they connect or complete a name; nothing with query texts, paths, users or errors in it."""

DATABASES = frozenset({"", "default", "leadline", "information_schema", "INFORMATION_SCHEMA"})
"""What a reader may make its current database: an unqualified name must not mean a table of `system`."""

READER_SETTINGS = frozenset(
    {
        "add_http_cors_header",
        "allow_experimental_analyzer",
        "cancel_http_readonly_queries_on_client_close",
        "cast_string_to_dynamic_use_inference",
        "date_time_input_format",
        "date_time_output_format",
        "enable_analyzer",
        "enable_http_compression",
        "extremes",
        "final",
        "join_use_nulls",
        "limit",
        "log_comment",
        "max_block_size",
        "max_execution_time",
        "max_memory_usage",
        "max_result_bytes",
        "max_result_rows",
        "max_rows_to_read",
        "max_threads",
        "offset",
        "prefer_column_name_to_alias",
        "readonly",
        "result_overflow_mode",
        "send_progress_in_http_headers",
        "session_timezone",
        "timeout_overflow_mode",
        "use_uncompressed_cache",
        "wait_end_of_query",
    }
)
READER_SETTING_PREFIX = "output_format_"
WRITES_A_FILE = "output_format_schema"
"""It names the file into which Protobuf and Cap'n Proto save a schema."""

_NODE = re.compile(r"^(?P<indent> *)(?P<kind>[\w:]+)(?: (?P<rest>.*?))?(?: \(children \d+\))?$")
_ALIAS = re.compile(r" \(alias .*$")


@dataclass(frozen=True)
class Policy:
    """What the running engine has: its functions that only compute, its aggregate combinators, views that are unsafe.

    All names but those of views in lower case. `unsafe_views` are views whose own definition the gate refuses.
    """

    functions: frozenset[str]
    combinators: tuple[str, ...]
    unsafe_views: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Node:
    """One line of the tree; `name` is what stands behind the kind, `depth` 0 is the statement itself."""

    kind: str
    name: str
    depth: int


def refusal(tree: str, policy: Policy) -> str:
    """Why a reader may not run the statement of this tree; the empty string where it may."""
    nodes = [_node(line) for line in tree.splitlines() if line.strip()]
    if not nodes or nodes[0].kind not in ROOTS:
        return (
            f"{nodes[0].kind if nodes else 'nothing'} is no statement that reads; SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS are"
        )
    if nodes[0].kind == "Explain" and nodes[0].name not in EXPLAINS:
        return f"{nodes[0].name} is not open to readers"
    options = [node for node in nodes if node.kind == "Set" and not (nodes[0].kind == "Explain" and node.depth == 1)]
    if options:
        return "SETTINGS are open to readers at the end of a statement only"
    parents = {0: nodes[0].kind}
    for node in nodes[1:]:
        if reason := _refusal_of(node, parents.get(node.depth - 1, ""), policy):
            return reason
        parents[node.depth] = node.kind
    return ""


def hides_words(tree: str) -> bool:
    """True for statements of which the tree does not show all."""
    return not tree.startswith(("Select", "Explain"))


def refused_setting(name: str) -> bool:
    """True where a reader may not set this."""
    return name == WRITES_A_FILE or not (name in READER_SETTINGS or name.startswith(READER_SETTING_PREFIX))


def allowed_functions(rows: list[tuple[str, str, str]]) -> frozenset[str]:
    """From the engine's list (name, alias of, categories) those that only compute, in lower case."""
    denied = {
        name.lower()
        for name, _, categories in rows
        if name.lower() in DENIED_FUNCTIONS or not DENIED_CATEGORIES.isdisjoint(categories.split(","))
    }
    return frozenset(
        name.lower() for name, alias_of, _ in rows if name.lower() not in denied and alias_of.lower() not in denied
    )


def _node(line: str) -> Node:
    match = _NODE.match(line)
    if match is None:
        return Node("", line, 0)  # refused, since no kind is known by that name
    return Node(match["kind"], _ALIAS.sub("", match["rest"] or "").strip(), len(match["indent"]))


def _refusal_of(node: Node, parent: str, policy: Policy) -> str:
    if not node.kind or (node.kind.endswith("Query") and node.kind not in INNER_QUERIES):
        return f"{node.kind or node.name} inside a statement is not open to readers"
    if node.kind in UNSEEN:
        return f"{UNSEEN[node.kind]} is not open to readers: the parser's tree does not show what is in it"
    if node.kind == "Function" and parent == "TableExpression" and node.name.lower() not in TABLE_FUNCTIONS:
        return f"the table function {node.name} is not open to readers"  # some have the name of one that computes: format
    if node.kind == "Function" and not _computes(node.name.lower(), policy):
        return f"the function {node.name} is not open to readers"
    if node.kind in ("Identifier", "TableIdentifier"):
        return _refused_name(node.name, policy)
    return ""


def _computes(name: str, policy: Policy) -> bool:
    if name in policy.functions or name in TABLE_FUNCTIONS or name in SYNTAX_FUNCTIONS:
        return True
    shorter = (name.removesuffix(suffix) for suffix in policy.combinators if name.endswith(suffix) and name != suffix)
    return any(_computes(base, policy) for base in shorter)


def _refused_name(name: str, policy: Policy) -> str:
    parts = name.split(".")
    if parts[0].lower() == "system" and (len(parts) < 2 or parts[1] not in SYSTEM_TABLES):
        return f"the table {name} is not open to readers"
    if not policy.unsafe_views.isdisjoint(parts[:2]):
        return f"the definition of {name} reaches outside the store, so it is not open to readers"
    return ""
