"""What a request asks, and whether a web page made it."""

from email.message import Message

import pytest

from leadline.local.store.request import foreign, is_local, parameters_of, question_of
from leadline.local.store.status import content_type_of, status_of


def headers(**given: str) -> Message:
    message = Message()
    for name, value in given.items():
        message[name.replace("_", "-")] = value
    return message


def test_settings_parameters_and_transport_are_told_apart() -> None:
    """What is no transport parameter and no bound one is a setting."""
    parameters = parameters_of(
        "/?query=SELECT+1&param_x=%0a&max_threads=1&session_id=s&database=d&default_format=CSV&query_id=q&empty="
    )
    question = question_of(headers(), parameters)
    assert question.statement == "SELECT 1"
    assert question.output == "CSV"
    assert question.parameters == {"x": "\n"}
    assert question.settings == {"max_threads": "1", "empty": ""}
    assert question.database == "d"


def test_headers_stand_in_for_parameters() -> None:
    """Format and database; TabSeparated where nobody says."""
    question = question_of(headers(X_ClickHouse_Format="JSON", X_ClickHouse_Database="d"), {})
    assert (question.output, question.database) == ("JSON", "d")
    assert question_of(headers(), {}).output == "TabSeparated"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:19093", "localhost:1", "[::1]:1", "127.9.9.9", "LOCALHOST", "store:8123"]
)
def test_own_names_are_home(host: str) -> None:
    """Loopback under its names, and the name that the store was told to listen on."""
    assert foreign(headers(Host=host), "store") == ""


@pytest.mark.parametrize(
    "host", ["", "attacker.example", "127.0.0.1.nip.io", "localhost.", "10.0.0.1", "[::2]", "a@attacker", "[bad"]
)
def test_other_names_are_not(host: str) -> None:
    """A rebound name arrives here with the attacker's Host."""
    assert "Host header" in foreign(headers(Host=host), "127.0.0.1")


@pytest.mark.parametrize(
    ("address", "local"), [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False)]
)
def test_local_peers(address: str, local: bool) -> None:
    """IPv4 in IPv6 counts as what it is."""
    assert is_local(address) is local


def test_words_of_http() -> None:
    """Status and content type as a ClickHouse server gives them."""
    assert [status_of(code) for code in (62, 60, 497, 159, 241, 1002)] == [400, 404, 403, 408, 500, 500]
    assert content_type_of("JSONCompactEachRow").startswith("application/x-ndjson")
    assert content_type_of("JSONCompact").startswith("application/json")
    assert content_type_of("TSVWithNames").startswith("text/")
    assert content_type_of("Native") == "application/octet-stream"
