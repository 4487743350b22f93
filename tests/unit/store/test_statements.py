"""Finding the data and the output clause of a statement without parsing it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.local.store.statements import (
    Output,
    changes_definitions,
    insert_of,
    named_format,
    quoted,
    shape,
    split_output,
    tokens,
)


@given(st.text())
def test_a_quoted_text_is_one_token_whatever_is_in_it(text: str) -> None:
    """So nothing in a value or a name can end it."""
    for quote, kind in (("'", "string"), ("`", "name")):
        assert [token.kind for token in tokens(quoted(text, quote))] == [kind]


@given(st.text())
def test_no_text_is_lost_between_tokens(text: str) -> None:
    """Tokens stand in order, and what is between them is blank or comment."""
    position = 0
    for token in tokens(text):
        assert token.start >= position
        assert text[token.start : token.end] == token.text
        position = token.end


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT 1", Output("SELECT 1", "", {})),
        ("SELECT 1 FORMAT JSON", Output("SELECT 1", "JSON", {})),
        ("SELECT 1 FORMAT `Null`", Output("SELECT 1", "Null", {})),
        ("SELECT 1 SETTINGS a = 1, b = 'x', c = on", Output("SELECT 1", "", {"a": "1", "b": "x", "c": "on"})),
        ("SELECT 1 SETTINGS a = 1 FORMAT CSV", Output("SELECT 1", "CSV", {"a": "1"})),
        ("SELECT 1 FORMAT CSV SETTINGS a = 1", Output("SELECT 1", "CSV", {"a": "1"})),
        ("SELECT 'FORMAT CSV'", Output("SELECT 'FORMAT CSV'", "", {})),
        ("SELECT format", Output("SELECT format", "", {})),
        ("WITH 1 AS format SELECT format FORMAT TSV", Output("WITH 1 AS format SELECT format", "TSV", {})),
        ("SELECT (SELECT 1 SETTINGS a = 1)", Output("SELECT (SELECT 1 SETTINGS a = 1)", "", {})),
        ("SELECT 1 SETTINGS a = {'x': 1}", Output("SELECT 1 SETTINGS a = {'x': 1}", "", {})),
        ("SELECT 1 SETTINGS a = file('x')", Output("SELECT 1 SETTINGS a = file('x')", "", {})),
        ("SELECT a AS settings FROM t", Output("SELECT a AS settings FROM t", "", {})),
    ],
)
def test_the_output_clause_comes_off(statement: str, expected: Output) -> None:
    """Only at the end, outside brackets and strings, and only in its plain form; else it stays and the gate sees it."""
    assert split_output(statement) == expected


@given(st.text(), st.text())
def test_the_shape_of_a_statement_is_one_line(value: str, name: str) -> None:
    """As the engine formats it, line breaks in strings are escapes; in the shape there are none left."""
    escaped = [part.replace("\n", "\\n").replace("\r", "\\r") for part in (quoted(value), quoted(name, "`"))]
    flat = shape(f"SELECT {escaped[0]} AS {escaped[1]}, {{x:String}}, map{{y:Map(String, String)}}")
    assert "\\n" not in flat.replace("\\\\", "")
    assert flat.endswith(", 0, map0")


def test_a_bound_values_type_cannot_hide_what_follows() -> None:
    """A plain string in it is fine; one that holds a bracket stays, and the engine refuses the unbound parameter."""
    assert shape("SELECT {at:DateTime64(6, 'UTC')}, file('x')") == "SELECT 0, file('x')"
    hiding = "SELECT {x:Enum8('}' = 1)}, file(' = 1)}')"
    assert shape(hiding) == hiding


def test_bound_names_stay_in_the_shape() -> None:
    """So that a statement that takes a table's name as a parameter is refused: nobody knows what it reads."""
    assert shape("SELECT {c:Identifier} FROM {d:Identifier}.t WHERE a = {v:Identifiers}") == (
        "SELECT {c:Identifier} FROM {d:Identifier}.t WHERE a = 0"
    )


@pytest.mark.parametrize(
    ("statement", "head", "output", "data"),
    [
        ("INSERT INTO t FORMAT CSV\n1,2", "INSERT INTO t", "CSV", "1,2"),
        ("insert into t(a,`format`) format Native", "insert into t(a,`format`)", "Native", ""),
        ("INSERT INTO t VALUES (1, 'FORMAT')", "INSERT INTO t", "Values", "(1, 'FORMAT')"),
        ("INSERT INTO t SETTINGS a = 1 FORMAT TSV; \r\n\n1", "INSERT INTO t", "TSV", "\n1"),
        ("-- FORMAT\nINSERT INTO `FORMAT x` FORMAT TSV  1", "-- FORMAT\nINSERT INTO `FORMAT x`", "TSV", "1"),
        ("INSERT INTO t FORMAT RowBinary\n\udcff'\"`", "INSERT INTO t", "RowBinary", "\udcff'\"`"),
    ],
)
def test_an_inserts_data_is_found(statement: str, head: str, output: str, data: str) -> None:
    """Behind FORMAT and its name, or behind VALUES; quotes, comments and columns do not mislead."""
    found = insert_of(statement)
    assert found is not None
    assert (found.head, found.format, statement[found.data_start :]) == (head, output, data)


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "SELECT 1 FORMAT CSV",
        "INSERT INTO t SELECT 1 FORMAT CSV",
        "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
        "INSERT INTO t WITH 1 AS a SELECT a",
        "INSERT INTO t (SELECT 1)",
        "EXPLAIN INSERT INTO t VALUES",
        "INSERT INTO t FORMAT",
    ],
)
def test_other_statements_bring_no_data(statement: str) -> None:
    """They go to the engine as they are."""
    assert insert_of(statement) is None


def test_a_file_takes_the_datas_place() -> None:
    """Comments at the end of a part cannot swallow the next, and a path may hold a quote."""
    found = insert_of("INSERT INTO t -- c\n SETTINGS a = 1 FORMAT CSV\n1")
    assert found is not None
    assert found.from_file("/it's", "gzip") == (
        "INSERT INTO t -- c\nFROM INFILE '/it\\'s' COMPRESSION 'gzip'\nSETTINGS a = 1\nFORMAT CSV"
    )


def test_the_format_that_a_statement_names() -> None:
    """Behind a semicolon too."""
    assert named_format("SELECT 1 FORMAT CSV ; ") == "CSV"
    assert named_format("SELECT 1") == ""


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("/* x */ create or replace view v as select 1", True),
        ("ALTER TABLE v MODIFY QUERY SELECT 1", True),
        ("ALTER TABLE t REPLACE PARTITION 1 FROM s", False),
        ("EXCHANGE TABLES a AND b", True),
        ("RENAME TABLE a TO b", True),
        ("INSERT INTO t VALUES (1)", False),
        ("SELECT 1", False),
        ("TRUNCATE TABLE t", False),
        ("", False),
    ],
)
def test_what_may_change_a_view(statement: str, changes: bool) -> None:
    """After it all views are judged anew; what comes many times a second must not be among it."""
    assert changes_definitions(statement) is changes
