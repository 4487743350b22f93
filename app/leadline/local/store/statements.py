"""Where the words of a statement are, without parsing it: enough to find an insert's data and the output clause.

The lexical rules are ClickHouse's: comments, strings with backslashes or doubled quotes, quoted names, heredocs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*|\#[!\ ][^\n]*|/\*.*?\*/)
    | (?P<string>'(?:[^'\\]|\\.|'')*')
    | (?P<name>`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*")
    | (?P<heredoc>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<number>\d[\w.]*)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """`depth` counts the brackets around it."""

    kind: str
    text: str
    start: int
    end: int
    depth: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.upper() in words


def tokens(statement: str) -> Iterator[Token]:
    """Lazily: the data behind an insert's FORMAT is no SQL and must not be read as such."""
    depth = 0
    for match in _TOKEN.finditer(statement):
        kind, text = match.lastgroup or "sign", match.group()
        if kind == "tag":
            kind = "heredoc"
        if kind == "space":
            continue
        if text in (")", "]", "}"):
            depth -= 1
        yield Token(kind, text, match.start(), match.end(), depth)
        if text in ("(", "[", "{"):
            depth += 1


def quoted(text: str, quote: str = "'") -> str:
    """A literal, or with backticks a name, whatever is in it."""
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


@dataclass(frozen=True)
class Output:
    """A statement without its last FORMAT and SETTINGS clauses, and what they said."""

    statement: str
    format: str
    settings: dict[str, str]


def split_output(normalised: str) -> Output:
    """Take the output clause off a statement that the engine has formatted (no comments, one spelling)."""
    found = list(tokens(normalised))
    words = [index for index, token in enumerate(found) if token.depth == 0 and token.is_word("FORMAT", "SETTINGS")]
    statement_end, output, settings = len(normalised), "", dict[str, str]()
    for index in reversed(words):
        token = found[index]
        clause = [other for other in found[index + 1 :] if other.start < statement_end]
        if token.is_word("FORMAT") and not output and len(clause) == 1 and clause[0].kind in ("word", "name"):
            output = clause[0].text.strip('`"')
        elif token.is_word("SETTINGS") and not settings and (pairs := _pairs(clause)):
            settings = pairs
        else:
            break
        statement_end = token.start
    return Output(normalised[:statement_end].rstrip(), output, settings)


def _pairs(clause: list[Token]) -> dict[str, str]:
    """`a = 1, b = 'x'`, or nothing where the clause is anything else."""
    pairs: dict[str, str] = {}
    for start in range(0, len(clause), 4):
        part = clause[start : start + 4]
        if len(part) < 3 or part[0].kind != "word" or part[1].text != "=" or part[2].kind not in ("number", "string", "word"):
            return {}
        if len(part) == 4 and part[3].text != ",":
            return {}
        pairs[part[0].text] = part[2].text[1:-1] if part[2].kind == "string" else part[2].text
    return pairs


_BOUND_VALUE = re.compile(r"""\{\w+:(?!Identifier\})(?:[^{}'"`\\]|'[^'{}\\]*')*\}""")
"""A type may hold a plain string (a time zone); one with brackets or escapes in it could hide what follows: refused."""

_AFTER_FORMAT = re.compile(r"[ \t\f]*;?[ \t\f]*\r?\n?")
_DEFINE = frozenset({"CREATE", "REPLACE", "ALTER", "ATTACH", "DETACH", "DROP", "UNDROP", "RENAME", "EXCHANGE", "RESTORE"})
_TRAILING = re.compile(r"\s*;\s*$")


def shape(normalised: str) -> str:
    """The statement with plain stand-ins for bound values (not for bound names) and for line breaks in strings and names.

    The parser's tree of it has one node a line, whatever text the statement carries; nothing else differs.
    """
    parts: list[str] = []
    position, bound_end = 0, -1
    for token in tokens(normalised):
        if token.start < bound_end:
            continue
        parts.append(normalised[position : token.start])
        position = token.end
        if token.text == "{" and _BOUND_VALUE.match(normalised, token.start):
            position = bound_end = normalised.index("}", token.start) + 1
            parts.append("0")
        else:
            parts.append(_ESCAPE.sub(_plain, token.text) if token.kind in ("string", "name") else token.text)
    return "".join(parts)


_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def _plain(escape: re.Match[str]) -> str:
    return escape.group() if escape[1] in "\\'`\"" else "_"


@dataclass(frozen=True)
class Insert:
    """An insert whose data comes with the request: `head` ends before SETTINGS and FORMAT, data starts at `data_start`."""

    head: str
    settings: str
    format: str
    data_start: int

    def from_file(self, path: str, compression: str) -> str:
        """The same insert, reading a file; on lines of their own, since a part may end in a comment.

        `compression` is a name that ClickHouse knows.
        """
        source = f"FROM INFILE {quoted(path)} COMPRESSION {quoted(compression)}"
        return "\n".join((self.head, source, self.settings, f"FORMAT {self.format}"))


def insert_of(statement: str) -> Insert | None:
    """None for everything that brings no data along: other statements, INSERT ... SELECT, INSERT ... FROM INFILE."""
    settings_start = -1
    words = tokens(statement)
    first = next(words, None)
    if first is None or not first.is_word("INSERT"):
        return None
    for token in words:
        if token.depth:
            continue
        if token.is_word("SELECT", "WITH", "INFILE", "WATCH"):
            return None
        if token.is_word("SETTINGS"):
            settings_start = token.start
        elif token.is_word("FORMAT", "VALUES"):
            name = next(words, None) if token.is_word("FORMAT") else token
            if name is None:
                return None
            end_of_head = settings_start if settings_start >= 0 else token.start
            return Insert(
                head=statement[:end_of_head].rstrip(),
                settings=statement[end_of_head : token.start].strip(),
                format="Values" if token.is_word("VALUES") else name.text,
                data_start=_data_start(statement, name.end),
            )
    return None


def _data_start(statement: str, after_format: int) -> int:
    """Blanks and one line break belong to the statement, as ClickHouse's own parser has it."""
    match = _AFTER_FORMAT.match(statement, after_format)
    return match.end() if match else after_format


def changes_definitions(statement: str) -> bool:
    """True for what may make, change or remove a view. ALTER comes with every rollup; only MODIFY QUERY is one of a view."""
    words = (token.text.upper() for token in tokens(statement) if token.kind == "word")
    first = next(words, "")
    return first in _DEFINE and (first != "ALTER" or "QUERY" in words)


def named_format(statement: str) -> str:
    """The FORMAT at the end of a statement, or the empty string."""
    return split_output(_TRAILING.sub("", statement)).format
