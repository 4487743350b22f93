"""The registry's decisions and its log, without Kafka."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.local.registry.errors import RegistryError
from leadline.local.registry.records import Key, Value, from_bytes, to_bytes
from leadline.local.registry.registry import Registry
from leadline.local.registry.routes import answer
from leadline.local.registry.state import State

Entry = tuple[bytes, bytes | None]


class MemoryLog:
    """Records as bytes, as the topic holds them; applied at once."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.entries: list[Entry] = []

    def write(self, key: Key, value: Value | None) -> None:
        entry = to_bytes(key), to_bytes(value)
        assert entry[0] is not None
        self.entries.append((entry[0], entry[1]))
        apply(self._state, self.entries[-1:])


def apply(state: State, entries: list[Entry]) -> State:
    for key, value in entries:
        read = from_bytes(key)
        assert read is not None
        state.apply(read, from_bytes(value))
    return state


def compacted(entries: list[Entry]) -> list[Entry]:
    """What Kafka's cleaner leaves: the last record of every key, in order."""
    last = {key: position for position, (key, _) in enumerate(entries)}
    return [entry for position, entry in enumerate(entries) if last[entry[0]] == position]


def new_registry() -> tuple[Registry, MemoryLog]:
    state = State()
    log = MemoryLog(state)
    registry = Registry(state, log)
    registry.start()
    return registry, log


def visible(state: State) -> Any:
    """All that can be asked."""
    subjects = {s: [(v.number, v.id, v.schema, v.deleted) for v in state.versions(s, True)] for s in state.subjects(True)}
    return subjects, state.subjects(), [state.level(None), *(state.level(s) for s in "ab")]


def schema(*fields: str, name: str = "R", default: bool = True) -> str:
    more = {"default": 0} if default else {}
    return json.dumps({"type": "record", "name": name, "fields": [{"name": f, "type": "int", **more} for f in fields]})


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("register"), st.sampled_from("ab"), st.lists(st.sampled_from("xyz"), unique=True).map(tuple)),
        st.tuples(st.just("delete"), st.sampled_from("ab"), st.booleans()),
        st.tuples(st.just("delete_version"), st.sampled_from("ab"), st.tuples(st.integers(1, 3), st.booleans())),
        st.tuples(st.just("level"), st.sampled_from("ab"), st.sampled_from(["NONE", "FULL"])),
    ),
    max_size=12,
)


def perform(registry: Registry, operation: tuple[str, str, Any]) -> None:
    kind, subject, what = operation
    try:
        if kind == "register":
            registry.register(subject, schema(*what))
        elif kind == "delete":
            registry.delete_subject(subject, permanent=what)
        elif kind == "delete_version":
            registry.delete_version(subject, str(what[0]), permanent=what[1])
        else:
            registry.set_level(subject, what)
    except RegistryError:
        pass  # refused, as it may be: then nothing was written


@settings(deadline=None)
@given(OPERATIONS)
def test_the_log_alone_gives_the_state_back(operations: list[tuple[str, str, Any]]) -> None:
    """Whatever was done: reading the log again, compacted or not, gives the same answers."""
    registry, log = new_registry()
    for operation in operations:
        perform(registry, operation)
    assert visible(apply(State(), log.entries)) == visible(registry.state)
    assert visible(apply(State(), compacted(log.entries))) == visible(registry.state)


@settings(deadline=None)
@given(OPERATIONS)
def test_an_id_has_one_schema_for_ever(operations: list[tuple[str, str, Any]]) -> None:
    """No operation gives an id another schema, or one schema two ids."""
    registry, _ = new_registry()
    seen: dict[int, str] = {}
    for operation in operations:
        perform(registry, operation)
        for subject in registry.state.subjects(deleted=True):
            for version in registry.state.versions(subject, deleted=True):
                assert seen.setdefault(version.id, version.schema) == version.schema
    assert len(set(seen.values())) == len(seen)


def test_the_records_are_confluents() -> None:
    """Keys and values have Confluent's attributes in Confluent's order, so that a real registry can take over."""
    registry, log = new_registry()
    registry.register("s", '"string"')
    registry.delete_version("s", "1", permanent=False)
    registry.delete_version("s", "1", permanent=True)
    registry.register("s", '"string"')
    registry.delete_subject("s", permanent=False)
    assert log.entries == [
        (b'{"keytype":"CONFIG","subject":null,"magic":0}', b'{"compatibilityLevel":"FULL_TRANSITIVE"}'),
        (
            b'{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
            b'{"subject":"s","version":1,"id":1,"schema":"\\"string\\"","deleted":false}',
        ),
        (
            b'{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
            b'{"subject":"s","version":1,"id":1,"schema":"\\"string\\"","deleted":true}',
        ),
        (b'{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}', None),
        (
            b'{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
            b'{"subject":"s","version":1,"id":1,"schema":"\\"string\\"","deleted":false}',
        ),
        (b'{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}', b'{"subject":"s","version":1}'),
    ]


def test_white_space_makes_no_new_schema() -> None:
    """The same schema written another way has the same id, under another subject too; another default has not."""
    registry, _ = new_registry()
    first = registry.register("a", schema("x"))
    assert registry.register("a", json.dumps(json.loads(schema("x")), indent=3)) == first
    assert registry.register("b", schema("x")) == first
    assert registry.register("b", schema("x").replace('"default": 0', '"default": 1')) != first


def test_an_incompatible_change_is_refused_with_field_and_version() -> None:
    """409, naming the field, what is wrong with it, and the version that it does not go with."""
    registry, log = new_registry()
    registry.register("a", schema("x"))
    written = len(log.entries)
    with pytest.raises(RegistryError, match=r"field y: the new schema requires it.*version 1 does not write it") as refused:
        registry.register("a", schema("x", "y", default=False))
    assert (refused.value.status, refused.value.code) == (409, 409)
    assert len(log.entries) == written


def test_transitive_compares_with_every_version() -> None:
    """FULL_TRANSITIVE looks at all versions, FULL at the newest alone."""
    registry, _ = new_registry()
    registry.set_level("a", "NONE")
    registry.register("a", schema("x").replace("int", "string").replace("0", '""'))
    registry.register("a", schema("x"))
    registry.set_level("a", "FULL")
    registry.register("a", schema("x", "y"))
    registry.set_level("a", "FULL_TRANSITIVE")
    with pytest.raises(RegistryError, match="version 1 wrote string"):
        registry.register("a", schema("x", "y", "z"))


BODY: dict[str, Any] = {"schema": '"int"'}


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/subjects/none/versions", {}, 40401),
        ("POST", "/subjects/none", BODY, 40401),
        ("DELETE", "/subjects/none", {}, 40401),
        ("GET", "/subjects/s/versions/9", {}, 40402),
        ("GET", "/schemas/ids/9", {}, 40403),
        ("GET", "/schemas/ids/x", {}, 40403),
        ("POST", "/subjects/s", BODY, 40403),
        ("DELETE", "/subjects/s?permanent=true", {}, 40405),
        ("DELETE", "/subjects/s/versions/1?permanent=true", {}, 40407),
        ("GET", "/config/s", {}, 40408),
        ("POST", "/subjects/s/versions", BODY, 409),
        ("POST", "/subjects/s/versions", {"schema": "nonsense"}, 42201),
        ("POST", "/subjects/s/versions", {"schema": '{"type":"nosuch"}'}, 42201),
        ("POST", "/subjects/s/versions", {"schema": '["int","int"]'}, 42201),
        ("POST", "/subjects/s/versions", {"schema": "{}", "schemaType": "JSON"}, 42201),
        ("POST", "/subjects/s/versions", {}, 42201),
        ("GET", "/subjects/s/versions/0", {}, 42202),
        ("PUT", "/config", {"compatibility": "SOME"}, 42203),
        ("GET", "/nothing", {}, 404),
        ("PUT", "/subjects", {}, 405),
    ],
)
def test_errors_have_confluents_codes(method: str, path: str, body: dict[str, Any], code: int) -> None:
    """Each refusal has the code by which Confluent's clients know it."""
    registry, _ = new_registry()
    registry.register("s", '"string"')
    with pytest.raises(RegistryError) as refused:
        answer(registry, method, path, body)
    assert refused.value.code == code


def test_subjects_may_have_any_name() -> None:
    """Slashes, spaces and other alphabets travel in the path, quoted."""
    registry, _ = new_registry()
    answer(registry, "POST", "/subjects/a%2Fb%20%C3%BC/versions", BODY)
    assert answer(registry, "GET", "/subjects", {}) == ["a/b ü"]
    assert answer(registry, "GET", "/subjects/a%2Fb%20%C3%BC/versions/latest", {})["version"] == 1
