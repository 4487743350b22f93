"""Where each setting is taken from, what is said of a wrong one, and that settings may be logged."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.core.errors import UsageError
from leadline.core.settings import OPTIONS, Settings, checked_arguments, find_settings, load_settings, shown
from leadline.track import Client

SECRET = "hunter22"
SECRETS = [name for name, one in OPTIONS.items() if one.secret]
ADDRESSES = ("kafka", "schema_registry", "url", "clickhouse", "kafka_sasl_oauthbearer_token_endpoint_url")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def local_stack(data: Path) -> Path:
    data.mkdir()
    write(data / "addresses.json", json.dumps({"kafka": "local:1", "clickhouse": "http://local:3", "api": "http://local:4"}))
    write(data / "token", "of the stack\n")
    return data


def test_argument_before_environment_before_file_before_local_stack(place: Path) -> None:
    """And the place of each is told."""
    write(place / "leadline.toml", 'kafka = "file:1"\nschema_registry = "http://file:2"\nspool = "file"\nurl = "http://file"\n')
    environ = {"KAFKA": "environment:1", "LEADLINE_SPOOL": "environment", "LEADLINE_DATA": str(local_stack(place / "data"))}
    found, sources = find_settings(environ, arguments={"kafka": "argument:1"})
    assert (found.kafka, found.spool, found.schema_registry) == ("argument:1", "environment", "http://file:2")
    assert (found.clickhouse, found.clickhouse_user, found.clickhouse_password) == (
        "http://local:3",
        "leadline",
        "of the stack",
    )
    assert sources == {
        "kafka": "argument",
        "spool": "environment",
        "data": "environment",
        "schema_registry": "leadline.toml",
        "url": "leadline.toml",
        "clickhouse": "local stack",
        "clickhouse_user": "local stack",
        "clickhouse_password": "local stack",
    }


def test_only_an_address_of_the_local_stack_gets_its_token(place: Path) -> None:
    """Another store is not told it."""
    data = local_stack(place / "data")
    assert load_settings({"CLICKHOUSE": "http://store:1"}, data).clickhouse_password == ""
    assert load_settings({"CLICKHOUSE_PASSWORD": "mine"}, data).clickhouse_password == "mine"


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_each_setting_has_its_variable_and_key(place: Path, name: str) -> None:
    """All of them, by argument, environment and file."""
    one = OPTIONS[name]
    value = one.choices[-1] if one.choices else "value"
    nowhere = {"LEADLINE_CONFIG": os.devnull}
    told = [load_settings({**nowhere, one.variable: value}), load_settings(nowhere, arguments={name: value})]
    write(place / "leadline.toml", f'{name} = "{value}"\n')
    told.append(load_settings({}))
    assert [str(getattr(found, name)) for found in told] == [value] * 3


def test_a_file_is_looked_for_in_three_places(place: Path) -> None:
    """LEADLINE_CONFIG, the working directory, the account's configuration; the first alone counts."""
    (place / ".config" / "leadline").mkdir(parents=True)
    write(place / ".config" / "leadline" / "config.toml", 'kafka = "account:1"')
    account = {"HOME": str(place), "LEADLINE_DATA": str(place / "data")}
    assert load_settings(account).kafka == "account:1"
    write(place / "leadline.toml", 'url = "http://ingress"')
    found = load_settings(account)
    assert (found.kafka, found.url) == ("", "http://ingress")
    told = write(place / "told.toml", 'kafka = "told:1"')
    assert load_settings({**account, "LEADLINE_CONFIG": str(told)}).kafka == "told:1"
    with pytest.raises(UsageError, match=r"LEADLINE_CONFIG names .*none.toml, which is not there"):
        load_settings({"LEADLINE_CONFIG": str(place / "none.toml")})


def test_a_secret_may_lie_in_a_file_of_its_own(place: Path) -> None:
    """As containers are given them; the variable itself wins."""
    path = str(write(place / "password", f"{SECRET}\n"))
    assert load_settings({"KAFKA_SASL_PASSWORD_FILE": path}).kafka_sasl_password == SECRET
    assert load_settings({"KAFKA_SASL_PASSWORD_FILE": path, "KAFKA_SASL_PASSWORD": "x"}).kafka_sasl_password == "x"
    with pytest.raises(UsageError, match="KAFKA_SASL_PASSWORD_FILE names /none, which cannot be read"):
        load_settings({"KAFKA_SASL_PASSWORD_FILE": "/none"})


@pytest.mark.parametrize("text", ["a\nb", "a\r", "a\0b"])
def test_a_secret_has_one_line(place: Path, text: str) -> None:
    """It would end up in a header, and then in the error about that; it is refused without being shown."""
    (place / "password").write_text(f"{SECRET}\n{text}.")
    given_as: list[dict[str, dict[str, str]]] = [
        {"environ": {"SCHEMA_REGISTRY_TOKEN": SECRET + text}},
        {"environ": {"SCHEMA_REGISTRY_TOKEN_FILE": str(place / "password")}},
        {"environ": {}, "arguments": {"schema_registry_token": SECRET + text}},
    ]
    for given_so in given_as:
        with pytest.raises(UsageError, match="has a line feed in it; give the secret alone") as raised:
            load_settings(**given_so)  # type: ignore[arg-type]
        assert SECRET not in str(raised.value)


def test_a_name_that_is_none_of_ours_gets_the_nearest(place: Path) -> None:
    """In the file and as an argument; what was set is not repeated."""
    write(place / "leadline.toml", f'kafka_sasl_pasword = "{SECRET}"')
    with pytest.raises(UsageError, match=r"leadline.toml has no setting .*; is it kafka_sasl_password\?"):
        load_settings({})
    with pytest.raises(UsageError, match=r"leadline has no setting .*; is it schema_registry\?"):
        checked_arguments({"schema_registri": SECRET})
    with pytest.raises(UsageError, match=r"'x'; docs/settings.md lists all"):
        checked_arguments({"x": SECRET})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"token = {SECRET}", "cannot read the settings in leadline.toml: Invalid value"),
        (f"token = '{SECRET}", "cannot read the settings in leadline.toml: "),
        ("\udcff" + SECRET, "it is not in UTF-8"),
        (f"kafka = 9092\ntoken = '{SECRET}'", "kafka in leadline.toml must be a text, not int"),
        (f"[token]\n{SECRET} = 1", "token in leadline.toml must be a text, not dict"),
        (f"kafka_sasl_mechanism = '{SECRET}'", "must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"),
        (f"transport = '{SECRET}'", "transport in leadline.toml must be kafka, http, file or console"),
    ],
)
def test_a_wrong_file_says_where(place: Path, text: str, says: str) -> None:
    """In one sentence, in which nothing of the file is repeated."""
    (place / "leadline.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UsageError) as raised:
        load_settings({}, warn=lambda _: None)
    assert says in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_secret_that_others_can_read_is_said_once(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With the command that helps; nothing is said where it holds no secret."""
    write(place / "leadline.toml", 'kafka = "broker:1"', 0o644)
    load_settings({})
    assert caplog.text == ""
    path = write(place / "others.toml", f'token = "{SECRET}"', 0o644)
    for _ in range(3):
        load_settings({"LEADLINE_CONFIG": str(path)})
    (record,) = caplog.records
    assert f"others.toml holds a secret that other accounts can read; chmod 600 {path}" in record.getMessage()
    assert SECRET not in caplog.text
    path.chmod(0o600)
    said: list[str] = []
    load_settings({"LEADLINE_CONFIG": str(path)}, warn=said.append)
    assert said == []


def test_choices_are_taken_in_any_case(place: Path) -> None:
    """As people write them."""
    found = load_settings({"KAFKA_SASL_MECHANISM": "scram-sha-256", "LEADLINE_TRANSPORT": "FILE"})
    assert (found.kafka_sasl_mechanism, found.transport) == ("SCRAM-SHA-256", "file")


def test_settings_go_to_another_process_as_they_are(place: Path) -> None:
    """Whatever is exported or lies in the working directory."""
    write(place / "leadline.toml", 'url = "http://file"')
    settings = Settings(kafka="broker:1", token=SECRET, data=place / "data")
    environ = {"KAFKA_SASL_MECHANISM": "PLAIN", "LEADLINE_TOKEN_FILE": "/none", "LEADLINE_CONFIG": "/none"}
    assert load_settings({**environ, **settings.to_environ()}) == settings


def test_no_password_is_shown(place: Path) -> None:
    """Neither the store's own nor one within an address."""
    environ = {
        "KAFKA": "broker:9092",
        "SCHEMA_REGISTRY": "https://ada:hunter22@registry:8081/x",
        "CLICKHOUSE": "http://hunter22@store:8123",
        "CLICKHOUSE_PASSWORD": "hunter22",
        "LEADLINE_DATA": "/tmp/none",
    }
    settings = load_settings(environ)
    assert settings.clickhouse_password == "hunter22"
    assert "hunter22" not in repr(settings)
    assert "broker:9092" in repr(settings)
    assert "https://registry:8081/x" in f"{settings} {Settings()}"


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("https://h/a@b", "https://h/a@b"),
        ("broker-1:9092,broker-2:9092", "broker-1:9092,broker-2:9092"),
        ("http://[::1]:8081", "http://[::1]:8081"),
        ("SASL://ada:x@h:1,SASL://ada:y@g:2", "SASL://h:1,SASL://g:2"),
        ("http://ada:a/b@h:1", "http://h:1"),
        ("http://ada:hunter22", "[hidden]"),
        ("ada:hunter22", "[hidden]"),
        ("http://ada:hun,ter", "[hidden]"),
        ("/etc/ssl/ca:2.pem", "/etc/ssl/ca:2.pem"),
    ],
)
def test_an_address_is_shown_without_user_and_password(address: str, seen: str) -> None:
    """Also where the host was forgotten."""
    assert shown(address) == seen


PASSWORDS = st.text("abcXYZ019-_.~!$&'()*+;=,:/%@?#[] ä", min_size=1).map(lambda text: f"<{text}>")


@given(
    password=PASSWORDS,
    address=st.sampled_from(
        ["http://ada:{}@host:1/x", "SASL_SSL://ada:{}@host:9,b:9", "http://ada:{}", "ada:{}@host:1", "ada:{}"]
    ),
)
def test_no_address_shows_its_password(password: str, address: str) -> None:
    """Whatever signs it is made of, and whether or not there is a host behind it."""
    assert password not in shown(address.format(password))
    settings = Settings(**dict.fromkeys(ADDRESSES, address.format(password)))  # type: ignore[arg-type]
    assert password not in repr(settings)


@given(secret=st.text(min_size=4).map(lambda text: f"<{text}>"), name=st.sampled_from(SECRETS))
def test_no_secret_is_in_a_text(secret: str, name: str) -> None:
    """Of settings, of a client, of what is said of a wrong value."""
    settings = Settings(**{name: secret})  # type: ignore[arg-type]
    assert settings.shown()[name] == "[hidden]"
    assert secret not in repr(settings) + str(settings)
    assert secret not in repr(Client(settings, disabled=True))
    for option in OPTIONS.values():
        try:
            option.checked(secret, "SOURCE")
        except UsageError as error:
            assert secret not in str(error)
