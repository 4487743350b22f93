"""The gate's decision on the parser's tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.local.store.gate import Policy, allowed_functions, hides_words, refusal, refused_setting

POLICY = Policy(
    functions=frozenset({"plus", "sum", "count", "tuple", "in"}),
    combinators=("if", "state", "merge", "array", "ornull"),
    unsafe_views=frozenset({"leaky"}),
)


def tree(*nodes: str, root: str = "SelectWithUnionQuery") -> str:
    return "\n".join((f"{root} (children 1)", *(f" {node}" for node in nodes)))


@pytest.mark.parametrize(
    "node",
    [
        "Function plus (children 1)",
        "Function SUM (alias total) (children 1)",
        "Function sumIf (children 2)",
        "Function sumArrayIfOrNull (children 2)",
        "Function numbers (children 1)",
        "Function lambda (children 1)",
        "Identifier file",
        "Identifier t.file",
        "Literal 'file'",
        "TableIdentifier leadline.runs (alias r)",
        "TableIdentifier system.tables",
        "Identifier system.tables.name",
        "TablesInSelectQuery (children 1)",
        "ColumnsReplaceTransformer::Replacement (children 1)",
        "InterpolateElement (column a) (children 1)",
        "TableJoin",
    ],
)
def test_what_only_reads_passes(node: str) -> None:
    """Functions that compute, with combinators and aliases, public names, syntax."""
    assert refusal(tree(node), POLICY) == ""


@pytest.mark.parametrize(
    "node",
    [
        "Function file (children 1)",
        "Function FILE",
        "Function file (alias plus) (children 1)",
        "Function file (alias y) (children 9)) (children 1)",
        "Function fileIf (children 1)",
        "Function if (children 1)",  # not in this policy: unknown means no
        "Function url (children 1)",
        "Function myOwn (children 1)",
        "Function ",
        "InsertQuery  (children 2)",
        "CreateQuery x (children 2)",
        "SomethingNewQuery",
        "ColumnsApplyTransformer",
        "Set",
        "TableIdentifier system.users",
        "TableIdentifier System.users",
        "Identifier system.processes (alias p)",
        "Identifier system",
        "TableIdentifier leaky",
        "TableIdentifier leadline.leaky (alias x)",
        "Identifier leadline.leaky",
        "'); a line that is no node",
    ],
)
def test_everything_else_is_refused(node: str) -> None:
    """By name, by alias tricks, by node, and whatever is not known."""
    assert refusal(tree(node), POLICY) != ""


@pytest.mark.parametrize(
    "root", ["InsertQuery", "KillQueryQuery", "ShowProcesslistQuery", "ShowGrantsQuery", "SHOW", "Set", ""]
)
def test_statements_that_do_not_read_are_refused(root: str) -> None:
    """Only roots on the list pass."""
    assert refusal(tree(root=root), POLICY) != ""
    assert refusal("", POLICY) != ""


def test_a_table_function_with_a_harmless_name_is_refused() -> None:
    """`format` is a function of strings and a table function, which are two things."""
    assert refusal(tree("TableExpression (children 1)", " Function plus (children 1)"), POLICY) != ""
    assert refusal(tree("TableExpression (children 1)", " Function numbers (children 1)"), POLICY) == ""
    assert refusal(tree("TableExpression (children 1)", "Function plus (children 1)"), POLICY) == ""


def test_explain_takes_options_and_only_explains_what_reads() -> None:
    """The options of EXPLAIN are a Set of its own; an INSERT or a table override inside is refused."""
    assert refusal(tree("Set", "SelectWithUnionQuery (children 1)", root="Explain EXPLAIN"), POLICY) == ""
    assert refusal(tree("SelectWithUnionQuery (children 1)", "  Set", root="Explain EXPLAIN"), POLICY) != ""
    assert refusal(tree("InsertQuery", root="Explain EXPLAIN"), POLICY) != ""
    assert refusal(tree(root="Explain EXPLAIN TABLE OVERRIDE"), POLICY) != ""
    assert refusal(tree(root="Explain EXPLAIN CURRENT TRANSACTION"), POLICY) != ""


@given(before=st.lists(st.sampled_from(["Literal 1", "Function plus", "Identifier a"])), after=st.lists(st.text()))
def test_nothing_around_a_forbidden_function_hides_it(before: list[str], after: list[str]) -> None:
    """Wherever it stands in the tree, and whatever text stands in other nodes."""
    assert refusal(tree(*before, "Function file (children 1)", *after), POLICY) != ""


def test_functions_that_reach_out_are_taken_from_the_engines_list() -> None:
    """By name, by category, and under each alias."""
    rows = [
        ("plus", "", "Arithmetic"),
        ("file", "", "Other"),
        ("aiGenerate", "", "AI"),
        ("AIGenerate", "aiGenerate", ""),
        ("dictGet", "", "Dictionary"),
        ("mid", "substring", ""),
        ("hasColumnInTable", "", "Other"),
    ]
    assert allowed_functions(rows) == {"plus", "mid"}


@pytest.mark.parametrize("name", ["max_threads", "output_format_json_quote_64bit_integers", "final", "readonly"])
def test_settings_that_shape_an_answer_are_open(name: str) -> None:
    """Clients send them with every query."""
    assert not refused_setting(name)


@pytest.mark.parametrize("name", ["dialect", "allow_ddl", "output_format_schema", "format_schema", "", "MAX_THREADS", "role"])
def test_other_settings_are_not(name: str) -> None:
    """Whatever is not on the list."""
    assert refused_setting(name)


def test_only_select_and_explain_show_their_whole_tree() -> None:
    """SHOW ... WHERE hides its condition from the tree, so its words are looked at too."""
    assert not hides_words("SelectWithUnionQuery (children 1)")
    assert not hides_words("Explain EXPLAIN AST (children 1)")
    assert hides_words("ShowTables")
    assert hides_words("DescribeQuery (children 1)")
