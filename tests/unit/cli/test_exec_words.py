"""leadline exec: what it reads out of a program's output and command line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.cli.exec.instructions import obey
from leadline.cli.exec.lines import MAX_LINE, Line, Lines, level_of, to_text
from leadline.cli.exec.nodes import to_node
from leadline.cli.exec.program import Ended
from leadline.cli.exec.report import outcome
from leadline.core.errors import LeadlineError
from leadline.track import Client, Run


@given(st.lists(st.binary(max_size=30)), st.sampled_from([b"", b"\n", b"x" * (MAX_LINE - 10)]))
def test_lines_are_the_same_however_they_arrive(chunks: list[bytes], more: bytes) -> None:
    """Bytes cut anywhere give the lines of the whole, each with its true length and at most MAX_LINE bytes."""
    found: list[Line] = []
    lines = Lines(found.extend)
    for chunk in [more, *chunks, more]:
        lines.feed(chunk)
    lines.finish()
    whole = b"".join([more, *chunks, more]).split(b"\n")
    assert found == [(line[:MAX_LINE], len(line)) for line in (whole if whole[-1] else whole[:-1])]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"plain \xe2\x98\x95", "plain ☕"),
        (b"\x1b[31mred\x1b[0m\r", "red"),
        (b"10 %\r50 %\r100 %\r", "100 %"),
        (b"a\0b", "(3 bytes of binary output)"),
        (b"\xff\xfe\xfd\xfc", "(4 bytes of binary output)"),
        (b"caf\xe9 ouvert", "caf\ufffd ouvert"),
    ],
)
def test_a_line_is_what_a_terminal_shows(line: bytes, shown: str) -> None:
    """Without colours and overwritten parts; binary output is only counted."""
    assert to_text(line, len(line)) == shown


def test_a_long_line_says_what_was_cut() -> None:
    """So that nobody takes the beginning for the whole."""
    assert to_text(b"x" * MAX_LINE, 1_000_000).endswith(f"x ... {1_000_000 - MAX_LINE:,} bytes cut")


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("rows read: 7", "INFO"),
        ("2026-11-21 08:00:00,123 WARNING root: slow", "WARNING"),
        ("[error] no such column", "ERROR"),
        ("Error in f(x) : object 'x' not found", "ERROR"),
        ('Exception in thread "main" java.lang.IllegalStateException', "ERROR"),
        ("Traceback (most recent call last):", "ERROR"),
        ("ts=1 level=debug msg=x", "INFO"),
        ('level="debug" msg=x', "DEBUG"),
        ("warning: unused", "WARNING"),
        ("FATAL out of memory", "CRITICAL"),
        ("all errors were corrected", "INFO"),
    ],
)
def test_the_level_is_what_the_line_names(line: str, level: str) -> None:
    """Words of logs count, words of sentences do not."""
    assert level_of(line, "INFO") == level


@pytest.mark.parametrize(
    ("text", "kind", "namespace", "name"),
    [
        ("s3://lake/features/churn", "DATASET", "s3://lake", "features/churn"),
        ("model:mlflow://prod/churn", "MODEL", "mlflow://prod", "churn"),
        ("/data/in.csv", "DATASET", "file", "/data/in.csv"),
        ("file:///data/a%20b.csv", "DATASET", "file", "/data/a b.csv"),
        ("file://host-7/data/x", "DATASET", "file://host-7", "/data/x"),
        ("hdfs://nn:8020/data/x", "DATASET", "hdfs://nn:8020", "/data/x"),
        ("postgres://ada:secret@db:5432/shop.public.orders", "DATASET", "postgres://db:5432", "shop.public.orders"),
        ("https://host/x.csv?X-Amz-Signature=secret", "DATASET", "https://host", "x.csv"),
        ("abfss://c@s.dfs.core.windows.net/x", "DATASET", "abfss://c@s.dfs.core.windows.net", "x"),
    ],
)
def test_urls_are_nodes_by_openlineages_rules(text: str, kind: str, namespace: str, name: str) -> None:
    """And what may be a secret is left out."""
    node = to_node(text)
    assert (node.kind, node.namespace, node.name) == (kind, namespace, name)


def test_a_relative_path_is_a_file_of_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that two folders' files of one name are two."""
    monkeypatch.chdir(tmp_path)
    assert to_node("in.csv").name == str(tmp_path / "in.csv")


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("", "'' is unknown; write ::leadline metric, input, output or param"),
        ("metrc auc=1", "'metrc' is unknown"),
        ("metric", "a metric has no value"),
        ("metric auc = 0.81", "'auc' is no pair"),
        ("metric auc=0,81", "auc is '0,81', which is no number; write for example auc=0.81"),
        ("metric auc=1 lower=high", "lower is 'high'"),
        ("metric auc=1 severity=warn", "severity= is about no limit"),
        ("metric auc=1 lower=0 severity=bad", "severity is 'bad'; it must be one of warn, error"),
        ("metric auc=1 lower=2 upper=1", "lower"),
        ("metric auc=1 of=s3://lake", "'s3://lake' names no data; write s3://lake/NAME"),
        ("metric auc=1 version=7", "version= is about no node"),
        ("input", "names nothing"),
        ("output s3://lake/x 7", "only version= may follow"),
        ("param", "a parameter is missing"),
        ('param a="x', "close each quote"),
    ],
)
def test_what_is_wrong_is_named(words: str, wrong: str) -> None:
    """In a sentence that says how to write it."""
    with pytest.raises(LeadlineError) as caught:
        obey(Run(Client(disabled=True), "j"), f"::leadline {words}")
    assert wrong in str(caught.value)


@given(st.text())
def test_no_line_does_more_than_be_wrong(text: str) -> None:
    """Whatever a program prints behind the mark."""
    try:
        obey(Run(Client(disabled=True), "j"), f"::leadline {text}")
    except LeadlineError:
        pass


@pytest.mark.parametrize(
    ("exit_code", "signal", "asked", "state", "message"),
    [
        (0, 0, {15}, "COMPLETE", None),
        (3, 0, {}, "FAIL", "exit code 3: last"),
        (137, 9, {}, "FAIL", "killed by SIGKILL: last"),
        (143, 15, {15}, "ABORT", "killed by SIGTERM: last"),
        (130, 0, {2}, "ABORT", "exit code 130: last"),
        (143, 15, {}, "FAIL", "killed by SIGTERM: last"),
    ],
)
def test_a_program_that_was_told_to_stop_is_no_failure(
    exit_code: int, signal: int, asked: set[int], state: str, message: str | None
) -> None:
    """Everything else that is not exit code 0 is one, and says why."""
    found, fields = outcome(Ended(exit_code, signal, frozenset(asked), 1.0, 1.0, 1), "last")
    assert (found, fields.get("error_message")) == (state, message)
