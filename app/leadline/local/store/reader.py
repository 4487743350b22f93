"""A reader's statement: formatted by the engine, judged, then run exactly as it was judged, without any right to change.

What is judged is what runs: the engine's own formatting takes comments, heredocs and spelling out of the question, and
refuses several statements at once.
"""

import threading
from collections.abc import Mapping
from dataclasses import replace

from .configuration import READER_CAPS
from .engine import Answer, Engine, EngineError
from .gate import DATABASES, UNSEEN_WORDS, Policy, allowed_functions, hides_words, refusal, refused_setting
from .request import Question
from .statements import Output, shape, split_output, tokens

ACCESS_DENIED = 497
READONLY = 164
_REMEMBERED = 1_000
_FUNCTIONS = "SELECT name, alias_to, categories FROM system.functions WHERE origin = 'System'"
_COMBINATORS = "SELECT lower(name) FROM system.aggregate_function_combinators WHERE NOT is_internal"
_VIEWS = """SELECT hex(name), hex(as_select) FROM system.tables
    WHERE engine = 'View' AND lower(database) NOT IN ('system', 'information_schema')"""


class Reader:
    """Thread-safe. Decisions are remembered per text until the writer changes a definition."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._functions = Policy(
            functions=allowed_functions([(a, b, c) for a, b, c in self._rows(_FUNCTIONS)]),
            combinators=tuple(name for (name,) in self._rows(_COMBINATORS)),
        )
        self.definitions_changed()

    def definitions_changed(self) -> None:
        """The writer may have made or changed a view: all of them are looked at again before the next statement."""
        with self._lock:
            self._policy: Policy | None = None
            self._approved: dict[str, Output] = {}

    def answer(self, question: Question) -> tuple[Answer, str]:
        """The answer and its format. Raises EngineError, with ACCESS_DENIED or READONLY where the gate refuses."""
        approved = self._approved.get(question.statement) or self._approve(question.statement)
        settings = _capped({**question.settings, **approved.settings})
        if question.database not in DATABASES:
            raise denied(f"the database {question.database} is not open to readers")
        output = approved.format or question.output
        answer = self._engine.run(
            approved.statement,
            role="reader",
            output=output,
            parameters=question.parameters,
            settings=settings,
            database=question.database,
        )
        return answer, output

    def _approve(self, statement: str) -> Output:
        policy = self._policy_of_now()
        approved = split_output(self._formatted(statement))
        if reason := self._refusal(approved.statement, policy):
            raise denied(reason)
        with self._lock:
            if self._policy is policy:
                if len(self._approved) >= _REMEMBERED:
                    self._approved.clear()
                self._approved[statement] = approved
        return approved

    def _formatted(self, statement: str) -> str:
        escaped = statement.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\0", "\\0")
        found = self._engine.run(
            "SELECT formatQuerySingleLine({statement:String})", role="reader", parameters={"statement": escaped}
        )
        return bytes(found.body).decode(errors="surrogateescape").removesuffix("\n")

    def _refusal(self, statement: str, policy: Policy) -> str:
        """Nothing here runs the statement: first the engine's classifier, which only parses, then EXPLAIN AST."""
        plain = shape(statement)
        explain = f"EXPLAIN AST {plain}"
        if any(self._engine.classify(text) != ("READ_ONLY", 1) for text in (statement, explain)):
            return "it is not one statement that reads"
        words = {token.text.upper() for token in tokens(plain) if token.kind == "word"}
        if "OUTFILE" in words:
            return "OUTFILE is not open to readers"
        tree = bytes(self._engine.run(explain, role="reader").body).decode(errors="replace")
        if hides_words(tree) and not words.isdisjoint(UNSEEN_WORDS):
            return "WHERE in such a statement is not open to readers; use SELECT from system.tables or system.columns"
        return refusal(tree, policy)

    def _policy_of_now(self) -> Policy:
        with self._lock:
            if self._policy is None:
                self._policy = replace(self._functions, unsafe_views=self._unsafe_views())
            return self._policy

    def _unsafe_views(self) -> frozenset[str]:
        """Names of views that reach outside the store, by themselves or through another view. Databases do not count."""
        views = [[bytes.fromhex(part).decode() for part in row] for row in self._rows(_VIEWS)]
        unsafe: frozenset[str] = frozenset()
        while True:
            policy = replace(self._functions, unsafe_views=unsafe)
            found = unsafe | {name for name, select in views if name not in unsafe and self._refuses(select, policy)}
            if found == unsafe:
                return unsafe
            unsafe = found

    def _refuses(self, select: str, policy: Policy) -> bool:
        """A view's own SETTINGS are the writer's business; what it reads outside the store is not for readers."""
        try:
            return bool(self._refusal(split_output(select).statement, policy))
        except EngineError:
            return True

    def _rows(self, statement: str) -> list[list[str]]:
        return [line.split("\t") for line in bytes(self._engine.run(statement).body).decode().splitlines()]


def denied(reason: str, code: int = ACCESS_DENIED) -> EngineError:
    return EngineError.named(
        code,
        "READONLY" if code == READONLY else "ACCESS_DENIED",
        f"{reason}. Readers without a password may only read; for more, use the user leadline with the token of this stack",
    )


def _capped(asked: Mapping[str, str]) -> dict[str, str]:
    """The settings that a statement runs with: what was asked for, never beyond the caps."""
    settings = dict(READER_CAPS)
    for name, value in asked.items():
        if refused_setting(name):
            raise denied(f"Cannot modify '{name}' setting in readonly mode", READONLY)
        if name != "readonly":
            settings[name] = _lower(value, READER_CAPS[name]) if name in READER_CAPS else value
    return settings


def _lower(asked: str, cap: str) -> str:
    """Zero means no limit to ClickHouse, so it gives the cap, as does everything that is no number."""
    return asked if asked.isdecimal() and cap.isdecimal() and 0 < int(asked) < int(cap) else cap
