"""The auditor's document: its verdicts, its drawing, and that no name can become markup."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from leadline.history.bounds import BoundVersion
from leadline.history.lineage_report.drawing import svg
from leadline.history.lineage_report.facts import LineageFacts, Output, Piece, Provenance, RunKey, Source
from leadline.history.lineage_report.html_page import to_html
from leadline.history.lineage_report.judgement import limits, verdict
from leadline.history.lineage_report.layout import layout
from leadline.history.lineage_report.markdown import to_markdown
from leadline.history.lineage_report.unknown import unknown
from leadline.history.lineage_report.use import Reader, Write, outputs
from leadline.history.node import NodeRef

NOON = 1_795_262_400_000_000
ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "a|b",
        "`x`",
        "\x1b[31m",
        "\u202e",
        "&amp;",
        '" onload="x',
        "a\n\n# b",
        "![x](http://y)",
        "</title>",
    ]
)


def bound(**limits: object) -> BoundVersion:
    none: dict[str, object] = dict.fromkeys(("warn_lower", "warn_upper", "error_lower", "error_upper"))
    texts = dict.fromkeys(("owner", "message", "runbook_url", "actor", "reason"), "")
    node = {"kind": "MODEL", "namespace": "mlflow://prod", "name": "churn", "metric": "auc", "dims": {}}
    said = {"bound_id": "b", "origin": "CODE", "version": 0, "state": "ACTIVE", "inclusive": "both", "on_invalid": "error"}
    times = {"valid_from": NOON, "valid_to": None, "recorded_at": NOON}
    return BoundVersion(**{**none, **texts, **node, **said, **times, **limits})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "limits", "expected"),
    [
        (0.9, {"error_lower": 0.85}, "within"),
        (0.85, {"error_lower": 0.85}, "within"),
        (0.85, {"error_lower": 0.85, "inclusive": "none"}, "error"),
        (0.85, {"error_lower": 0.85, "inclusive": "upper"}, "error"),
        (0.8, {"error_lower": 0.85}, "error"),
        (0.87, {"error_lower": 0.85, "warn_lower": 0.9}, "warn"),
        (3.0, {"error_upper": 2.0}, "error"),
        (2.0, {"warn_upper": 2.0, "inclusive": "lower"}, "warn"),
        (float("nan"), {"error_lower": 0.85}, "error"),
        (float("nan"), {"error_lower": 0.85, "on_invalid": "warn"}, "warn"),
        (float("inf"), {"error_lower": 0.85, "on_invalid": "ignore"}, "within"),
    ],
)
def test_verdicts(value: float, limits: dict[str, object], expected: str) -> None:
    """As the bounds processor judges."""
    assert verdict(value, bound(**limits)) == expected


def test_limits_in_words() -> None:
    assert limits(bound(warn_lower=0.9, error_lower=0.85)) == "warn below 0.9, error below 0.85"


def facts(model: str = "churn", data: str = "features", job: str = "train", run: str = "t-1", sources: int = 1) -> LineageFacts:
    """`sources` datasets, made by nobody who is known, were read by the run that made the model; one job used it."""
    piece = Piece(NodeRef("MODEL", "mlflow://prod", model), "7")
    key = RunKey("airflow://prod", job, run)
    read = [Piece(NodeRef("DATASET", "s3://lake", f"{data}{number or ''}"), data) for number in range(sources)]
    return LineageFacts(
        piece=piece,
        as_of=NOON,
        watermark=NOON,
        version=None,
        provenance=Provenance(
            {piece: 0} | dict.fromkeys(read, 1), {piece: key}, [Source(key, one, "SAID") for one in read], truncated=False
        ),
        outputs=[Output("airflow://prod", "score", "DATASET", "s3://lake", data + "!", 3, NOON, NOON, "s-1", "")],
    )


def test_the_drawing_goes_from_left_to_right() -> None:
    """Data, the run that read it, the model, the job that used it, and what that wrote."""
    found = layout(facts())
    assert [(box.column, box.first) for box in sorted(found.boxes, key=lambda box: box.column)] == [
        (0, "features"),
        (1, "train"),
        (2, "churn"),
        (3, "score"),
        (4, "features!"),
    ]
    assert all(found.boxes[start].column + 1 == found.boxes[end].column for start, end in found.lines)
    assert (len(found.lines), found.left_out) == (4, 0)


def test_a_wide_picture_is_cut_and_says_so() -> None:
    """The nearest boxes are kept; no two stand on one place; the tables have all."""
    wide = facts(sources=500)
    found = layout(wide)
    assert (len(found.boxes), found.left_out) == (60, 504 - 60)
    assert len({(box.column, box.row) for box in found.boxes}) == 60
    page = to_html(wide)
    assert "444 boxes more found no room" in page
    assert "features499" in page


def test_a_cycle_is_drawn() -> None:
    """A run that read what was made from its own output."""
    one, two = Piece(NodeRef("DATASET", "a", "one"), "1"), Piece(NodeRef("DATASET", "a", "two"), "1")
    first, second = RunKey("j", "first", "1"), RunKey("j", "second", "2")
    way = Provenance(
        {one: 0, two: 1}, {one: first, two: second}, [Source(first, two, "SAID"), Source(second, one, "SAID")], truncated=False
    )
    found = layout(LineageFacts(piece=one, as_of=NOON, watermark=None, version=None, provenance=way))
    assert (len(found.boxes), len(found.lines)) == (4, 4)
    assert svg(found).count("<rect") == 4


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = list[str]()
        self.attributes = set[str]()
        self.texts = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts += data


def _parsed(page: str) -> _Tags:
    parser = _Tags()
    parser.feed(page)
    parser.close()
    return parser


PLAIN = _parsed(to_html(facts()))


@given(ANY, ANY, ANY, ANY)
def test_no_name_becomes_markup_in_html(model: str, data: str, job: str, run: str) -> None:
    """The page has the tags of one with plain names, none with an attribute that acts, and nothing from elsewhere."""
    page = to_html(facts(model, data, job, run))
    found = _parsed(page)
    assert found.found == PLAIN.found
    assert found.attributes == PLAIN.attributes
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e]", page)
    assert "default-src 'none'" in page


@given(ANY, ANY, ANY, ANY)
def test_no_name_becomes_markup_in_markdown(model: str, data: str, job: str, run: str) -> None:
    """What a reader of Markdown makes of it has the structure of one with plain names."""

    def structure(model: str, data: str, job: str, run: str) -> list[str]:
        tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(to_markdown(facts(model, data, job, run)))
        return [token.type for token in tokens] + [
            child.type for token in tokens for child in token.children or [] if child.type != "text"
        ]

    assert structure(model, data, job, run) == structure("a", "b", "c", "d")


def test_what_is_not_known_is_said() -> None:
    """Of the store, of the way, of runs and of the version itself."""
    said = "\n".join(unknown(facts()))
    for sentence in (
        "No run is known that made version features of features.",
        "What this version holds was not described.",
        "No metric of it is known.",
        "Nobody is known to own churn, features.",
    ):
        assert sentence in said


def reader(run: str, at: int, job: str = "score") -> Reader:
    return Reader("airflow://prod", job, run, at)


def write(run: str, name: str, version: str, job: str = "score") -> Write:
    return Write("airflow://prod", job, run, "DATASET", "s3://lake", name, version)


def test_use_is_told_by_job_and_node() -> None:
    """How many runs, from when to when, and the version written last; a job that wrote nothing is told too."""
    readers = [reader("s-1", NOON), reader("s-3", NOON + 3), reader("s-2", NOON + 2), reader("x", NOON, "look")]
    writes = [write("s-3", "a", "v3"), write("s-1", "a", "v1"), write("s-2", "a", "v2"), write("s-1", "b", "w1")]
    assert [
        (one.job_name, one.name, one.runs, one.first_run, one.last_run, one.last_version) for one in outputs(readers, writes)
    ] == [
        ("look", "", 1, NOON, NOON, ""),
        ("score", "a", 3, NOON, NOON + 3, "v3"),
        ("score", "b", 1, NOON, NOON, "w1"),
    ]
