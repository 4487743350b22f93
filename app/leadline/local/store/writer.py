"""The writer's statement. Data that comes with an insert goes through a file.

chDB's own streaming insert acknowledges what a constraint or a view refused; INSERT ... FROM INFILE answers the engine's
error and leaves nothing, at the same speed.
"""

from collections.abc import Callable
from dataclasses import replace
from tempfile import NamedTemporaryFile

from .body import Body
from .engine import Answer, Engine, EngineError
from .request import Question
from .statements import Insert, changes_definitions, insert_of, named_format

_SYNTAX_ERROR = 62


class Writer:
    """Thread-safe. `definitions_changed` is called after every statement that may have changed one."""

    def __init__(self, engine: Engine, definitions_changed: Callable[[], None]) -> None:
        self._engine = engine
        self._definitions_changed = definitions_changed

    def answer(self, question: Question, body: Body) -> tuple[Answer, str]:
        """The answer and its format. Raises EngineError, or OSError where there is no room for the data."""
        insert = insert_of(question.statement)
        if insert is None and not body.empty:
            text = body.read_all().decode(errors="surrogateescape")
            question = replace(question, statement=f"{question.statement}\n{text}" if question.statement.strip() else text)
            insert = insert_of(question.statement)
        if insert:
            return self._insert(insert, question, body), ""
        return self._statement(question)

    def _insert(self, insert: Insert, question: Question, body: Body) -> Answer:
        """The body as it came, compressed or not: the engine reads both."""
        inline = question.statement[insert.data_start :].encode(errors="surrogateescape")
        with NamedTemporaryFile(dir=self._engine.incoming) as file:
            if inline and not body.empty:
                inline += body.read_all()
            file.write(inline)
            compression = "none" if inline else body.compression or "none"
            body.copy_to(file)
            file.flush()
            return self._engine.run(
                insert.from_file(file.name, compression), settings=question.settings, database=question.database
            )

    def _statement(self, question: Question) -> tuple[Answer, str]:
        if self._engine.classify(question.statement)[1] > 1:
            raise EngineError.named(
                _SYNTAX_ERROR, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed): send one at a time"
            )
        try:
            answer = self._engine.run(
                question.statement,
                output=question.output,
                parameters=question.parameters,
                settings=question.settings,
                database=question.database,
            )
        finally:
            if changes_definitions(question.statement):
                self._definitions_changed()
        return answer, named_format(question.statement) or question.output
