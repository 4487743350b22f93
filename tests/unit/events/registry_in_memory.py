"""A registry for tests of the codec alone; tests of the real one are in tests/stack/test_registry.py."""


class MemoryRegistry:
    """Gives each schema text one id, as the real one does."""

    def __init__(self) -> None:
        self.schemas: list[str] = []

    def register(self, subject: str, schema: str) -> int:
        if schema not in self.schemas:
            self.schemas.append(schema)
        return self.schemas.index(schema) + 1

    def schema(self, schema_id: int) -> str | None:
        return self.schemas[schema_id - 1] if 0 < schema_id <= len(self.schemas) else None
