"""What is never sent: secrets by name and by shape, and nothing else is touched."""

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline import track
from leadline.core.errors import UsageError
from leadline.core.settings import Settings
from leadline.events.records import DecisionRecorded, EntityReported, LogsReported, MetricsReported, RunEvent
from leadline.track.logs import clean
from leadline.track.redact import MARK, Redactor, without_credentials
from leadline.track.secret_names import is_secret_name

from .conftest import Captured

# Put together here, so that no scanner takes this file for a leak.
LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7z"
LONG = LETTERS * 3
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0." + LETTERS
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{LONG}\n{LONG}\n-----END RSA PRIVATE KEY-----"

SHAPES = {
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "aws session": "ASIA" + "IOSFODNN7EXAMPLE",
    "gcp": "AIza" + LONG[:35],
    "gcp oauth": "ya29." + LONG,
    "gcp client": "GOCSPX-" + LETTERS,
    "azure client": "abc8Q~" + LONG[:34],
    "azure storage": LONG[:84] + "ab==",
    "github": "ghp_" + LONG[:36],
    "github app": "ghs_" + LONG[:36],
    "github fine": "github" + "_pat_" + LONG[:60],
    "gitlab": "glpat-" + LETTERS,
    "slack": "xoxb-" + "123456789012-" + LETTERS,
    "stripe": "sk_live_" + LETTERS,
    "stripe webhook": "whsec_" + LETTERS,
    "openai": "sk-" + LONG[:48],
    "openai project": "sk-proj-" + LETTERS + "-_" + LETTERS,
    "anthropic like": "sk-ant-api03-" + LONG,
    "hugging face": "hf_" + LONG[:34],
    "databricks": "dapi" + "0123456789abcdef" * 2,
    "npm": "npm_" + LONG[:36],
    "vault": "hvs." + LONG[:40],
    "sendgrid": "SG." + LETTERS[:22] + "." + LONG[:43],
    "jwt": JWT,
    "pem": PEM,
}
NAMED = [  # text, secret
    ("password=hunter22", "hunter22"),
    ("DB_PASSWORD: hunter22", "hunter22"),
    ("connect(user='ada', password='hunter 22')", "hunter 22"),
    ('{"user": "ada", "api_key": "abc-123", "depth": 5}', "abc-123"),
    (r"{\"clientSecret\": \"abc-123\"}", "abc-123"),
    ('{"password": "with \\" quote"}', "with"),
    ("{'passwords': ['hunter22', 'hunter23']}", "hunter2"),
    ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
    ("authorization: AWS4-HMAC-SHA256 Credential=AK/x, SignedHeaders=host, Signature=fe5f80f7", "fe5f80f7"),
    ("curl -H 'Authorization: token abcdef123' https://example.org", "abcdef123"),
    ("sent bearer " + LETTERS, LETTERS),
    ("Cookie: session=abc123; theme=dark", "abc123"),
    ("x-api-key: abc-123", "abc-123"),
    ("./job --password hunter22 --depth 5", "hunter22"),
    ("./job --db-password=hunter22 --depth 5", "hunter22"),
    ("['job', '--token', 'hunter22', '--depth', '5']", "hunter22"),
    ("java -Dtrust.password=hunter22 Main", "hunter22"),
    ("HF_TOKEN=hunter22 python train.py", "hunter22"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    ("Server=db;User Id=ada;Password=hunter22;Encrypt=true", "hunter22"),
    ("Driver={ODBC};Uid=ada;Pwd={hunt;er22};", "er22"),
    ("DefaultEndpointsProtocol=https;AccountName=lake;AccountKey=abc123==;EndpointSuffix=x", "abc123"),
    ("Endpoint=sb://x/;SharedAccessKeyName=k;SharedAccessKey=abc123=", "abc123"),
    ("host=db user=ada password=hunter22 dbname=x", "hunter22"),
    ("postgresql://ada:hunter22@db.example.org:5432/x", "hunter22"),
    ("amqp://ada:hun@ter22@mq/vhost", "hun@ter22"),
    ("redis://:hunter22@cache:6379/0", "hunter22"),
    ("mongodb+srv://ada:hun/ter22@cluster/x", "ter22"),
    ("https://x-access-token:hunter22@example.org/repo.git", "hunter22"),
    ("https://" + LETTERS + "@example.org/repo.git", LETTERS),
    ("jdbc:oracle:thin:ada/hunter22@//db:1521/x", "hunter22"),
    ("jdbc:mysql://db/x?user=ada&password=hunter22&ssl=true", "hunter22"),
    ("https://b.s3.amazonaws.com/x?X-Amz-Credential=AK%2F1&X-Amz-Date=1&X-Amz-Signature=fe5f80f7", "fe5f80f7"),
    ("https://lake.blob.core.windows.net/c/x?sv=2024&sig=fe5f80f7%3D&se=1", "fe5f80f7"),
    ("https://example.org/x?a=1&access_token=fe5f80f7#top", "fe5f80f7"),
    ("https://hooks.slack.com/" + "services/T0000/B0000/fe5f80f7", "fe5f80f7"),
]
HARMLESS = [
    "",
    "commit 8b667c6f2a4d9e1b3c5a7f9e0d2b4c6a8e1f3a5b of main",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "integrity sha512-" + "A1b2" * 21 + "ab==",
    "run 01a1fd4a-8cef-703e-aebd-8482061cd5d3 done",
    "https://example.org:8443/a/b?page=2&sort=name#part",
    "see http://localhost:8080/path and mail ada@example.org",
    "http://[::1]:8080/x",
    "mongodb://h1:27017,h2:27017/db",
    "git@example.org:team/repo.git",
    "abfss://container@account.dfs.core.windows.net/path/x",
    "kafka://broker:9092",
    "s3://lake/features/2026-11-21/part-0000.parquet",
    "/home/ada/.ssh/id_rsa.pub and C:\\Users\\ada\\key.txt",
    "tokenizer=bert-base-uncased max_tokens=5 n_tokens: 1024 pad_token=[PAD] next_page_token=abcdef",
    "the tokenizer: split 3 tokens in 5 s",
    "primary_key=id, foreign_key: user_id, sort_key=day, key=value, monkey=1",
    "author: Ada Lovelace; authority=example.org; compass=7; pass=3 fail=0",
    "password_length=12 secret_name=prod/db token_type=bearer private_key_path=/etc/x.pem credentials_file=/etc/x.json",
    "GOOGLE_APPLICATION_CREDENTIALS=/etc/x.json PWD=/work/main",
    "password=None token: null use_auth=true secret=False",
    "SyntaxError: unexpected token: '}'",
    "def connect(user: str, password: str) -> None:",
    "sk-learn-contrib-extra-large-model-2024 and task-sk-1",
    "skipped: secret scan passed, passwords were not asked for",
    "AKIA is a prefix; ghp_ too; eyJ as well",
    "class Tokenizer(nn.Module): keys, values, queries",
    "bearer authentication is required",
    "learning_rate=0.001 seed=42 signature=(x: int) -> int design=a sigma=0.5",
    "MLflow run 4f2d9a31c2b34f5d8e7a6b5c4d3e2f1a",
    "C0FFEE" * 6,
]


@pytest.mark.parametrize("kind", SHAPES)
def test_a_value_is_known_by_its_shape(kind: str) -> None:
    """Wherever it stands, and what is around it stays."""
    secret, redactor = SHAPES[kind], Redactor()
    for before, after in itertools.product(("", "got ", '"', "(", "x: "), ("", " now", '"', ")", ", next")):
        redacted = redactor.text(f"{before}{secret}{after}")
        assert redacted == f"{before}{MARK}{after}"


@pytest.mark.parametrize(("text", "secret"), NAMED)
def test_a_value_is_known_by_its_name(text: str, secret: str) -> None:
    """The name stays, so that people see what was there; redacting twice is redacting once."""
    assert secret in text
    redacted = Redactor().text(text)
    assert secret not in redacted
    assert MARK in redacted
    assert Redactor().text(redacted) == redacted
    assert redacted.startswith(text[: min(len(text), 4)])


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    """Commits, ids, addresses, paths and words that only look alike."""
    assert Redactor().text(text) == text


def test_names_of_secrets_are_told_from_names_about_them() -> None:
    """Of parameters and tags, where the whole value goes."""
    secret = "password dbPassword DB_PASSWD apiKey api-key X-API-Key token hf.token accessToken id_token client_secret auth"
    harmless = "tokenizer max_tokens pad_token primary_key key keys author password_file secret_arn public_key pwd_size passing"
    assert [name for name in secret.split() if not is_secret_name(name)] == []
    assert [name for name in harmless.split() if is_secret_name(name)] == []


def test_what_follows_a_value_stays() -> None:
    """A redacted line is still worth reading."""
    redact = Redactor().text
    assert redact("a=1 password=x&b=2") == f"a=1 password={MARK}&b=2"
    assert redact('{"token": "abcdef", "rows": 3}') == f'{{"token": "{MARK}", "rows": 3}}'
    assert redact("postgresql://ada:x@db/t failed") == f"postgresql://ada:{MARK}@db/t failed"
    assert redact("./job --password x --depth 5") == f"./job --password {MARK} --depth 5"
    assert redact(f"a\n{PEM}\nb") == f"a\n{MARK}\nb"


@given(st.text(alphabet=st.sampled_from("ab=:/@?&-_ \n\"'\\{}[],.;T") | st.characters(), max_size=300))
def test_any_text_is_redacted_once(text: str) -> None:
    """No text makes it fail, and what was redacted stays as it is."""
    redactor = Redactor()
    once = redactor.text(f"{text} password={text}")
    assert redactor.text(once) == once


HOSTILE = [
    "a", " ", "-", "--", "=", "password", "password=", "password: ", "password='", 'password="\\', "token ", "--token ", "a.a-",
    "://", "://a:", "://a:b@", "https://1", "-----BEGIN PRIVATE KEY-----", "-----END ", "eyJ", "eyJaaaaaaaaa.", "Bearer ",
    "Basic AAAAAAAA", "jdbc:oracle:a:b/", "A1b2", "==", "AKIA", "sk-", "?sig=", "&sig", "[", "{", "secret=[", "secret={", "\\",
    "Q~", "aaa8Q~", "SG.aaaaaaaaaaaaaaaaaaaa", "hooks.slack.com/services/", "Authorization: ", "cookie:",
]  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_time_is_linear_in_hostile_text(part: str) -> None:
    """Eight times the text takes about eight times as long: a quadratic pattern would take sixty-four times."""
    redact = Redactor().text
    # Every literal is in the text, so that no pattern is passed over.
    tail = " IA AIza ya29. GOCSPX- Q~ == gh gl xox k_ sk- hf_ eyJ earer asic SG. jdbc:oracle: :// @ password -----"

    def seconds(size: int) -> float:
        text = (part * (size // len(part) + 1))[:size] + tail
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            redact(text)
            best = min(best, time.process_time() - start)
        return best

    assert seconds(48_000) < 24 * seconds(6_000) + 0.005


def test_a_limit_leaves_no_half_of_a_secret() -> None:
    """A word or a key that was cut would not be known for what it is."""
    word = clean("a " * 20 + SHAPES["github"] + " b" * 45, 90)
    assert "ghp_" not in word
    assert LONG[20:36] not in word
    body = f"{LONG}\n" * 40
    for text in (f"x {PEM[:40]}{body}", f"{body}{PEM[-40:]} x", f"{PEM[:40]}{body}{PEM[-40:]}"):
        assert LETTERS not in Redactor().text(clean(text, 400))


def test_names_of_nodes_do_not_depend_on_credentials() -> None:
    """One table is one node, with any password, with none, and with a URL that is signed anew each time."""
    same = {
        "postgres://db:5432/x": ["postgres://ada:one@db:5432/x", "postgres://bob:t:wo@db:5432/x", "postgres://:x@db:5432/x"],
        "https://h/x": ["https://" + LETTERS + "@h/x", "https://h/x?sv=1&se=2&sig=abc", "https://h/x?token=abcdef"],
        "https://h/x?versionId=7": [
            "https://h/x?X-Amz-Date=1&versionId=7&X-Amz-Signature=a",
            "https://h/x?versionId=7&Expires=12&Signature=b&AWSAccessKeyId=c",
        ],
    }
    for name, written in same.items():
        assert {without_credentials(text) for text in [name, *written]} == {name}
    kept = ["abfss://c@account.dfs.core.windows.net/p", "git@h:x.git", "s3://b/k?se=1", "a ☕ ? = & b", "mlflow://prod"]
    assert [without_credentials(name) for name in kept] == kept
    node = track.dataset("postgres://ada:one@db", "x?password=abc")
    assert (node.namespace, node.name) == ("postgres://db", "x")
    assert "one" not in repr(node)
    assert node == track.dataset("postgres://db", "x")


SECRET = "hunter22"


def test_no_event_carries_a_secret(captured: Captured) -> None:
    """Parameters, tags, log lines, errors with their stacks, inputs, bounds, decisions, owners: by the bytes of every event."""
    model = track.model(f"mlflow://ada:{SECRET}@prod", "churn")
    with pytest.raises(ValueError, match=SECRET), track.run("job", parameters={"db_password": SECRET, "depth": 5}) as run:
        run.tag("url", f"https://x/?sig={SECRET}")
        run.parameter("config", {"nested": {"api_key": SECRET}})
        run.input("postgres://db", f"x?password={SECRET}")
        run.log(f"token={SECRET}")
        run.metric("auc", 1, of=model, dims={"at": f"amqp://a:{SECRET}@h"}).bound(lower=2, runbook_url=f"https://a:{SECRET}@x")
        run.decision(model, "PROMOTE", reason=f"password={SECRET}", details={"secret": SECRET})
        track.describe(model, f"password={SECRET}", tags={"token": SECRET})
        raise ValueError(f"cannot connect to postgres://ada:{SECRET}@db")
    events = captured.all()
    kinds = {RunEvent, LogsReported, MetricsReported, DecisionRecorded, EntityReported}
    assert {type(event) for event in events} == kinds
    stack = next(event.error_stack for event in events if isinstance(event, RunEvent) and event.error_stack)
    assert f"postgres://ada:{MARK}@db" in stack
    assert [event for event in events if SECRET in str(event).replace(stack, "")] == []
    started = next(event for event in events if isinstance(event, RunEvent))
    assert started.parameters["db_password"] == MARK
    assert started.parameters["depth"] == "5"
    (reported,) = [event for event in events if isinstance(event, MetricsReported)]
    assert reported.bounds[0].dims == reported.readings[0].dims, "the bound must still judge its reading"


def test_no_warning_shows_a_secret(captured: Captured, caplog: pytest.LogCaptureFixture) -> None:
    """What is said of an address that does not answer is said without its password."""
    settings = Settings(kafka=f"SASL://ada:{SECRET}@127.0.0.1:9", schema_registry=f"http://ada:{SECRET}@127.0.0.1:9")
    client = track.Client(settings, spool=captured.folder)
    with track.Run(client, "job"):
        pass
    client.close()
    assert client.last_warning
    assert SECRET not in client.last_warning + caplog.text


def test_it_can_be_extended_and_switched_off(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """By argument and by environment; node names lose their credentials all the same."""

    def told(**options: object) -> dict[str, str]:
        client = track.Client(Settings(), spool=captured.folder, **options)  # type: ignore[arg-type]
        with track.Run(client, "job", parameters={"ssn": "1-2", "x": "CUST-77", "password": "p"}):
            pass
        client.close()
        return [event for event in captured.of(RunEvent) if event.event_type == "START"][-1].parameters

    assert told() == {"ssn": "1-2", "x": "CUST-77", "password": MARK}
    assert told(redact=False)["password"] == "p"
    more = told(redact_names=["SSN"], redact_values=[r"CUST-\d+"])
    assert more == {"ssn": MARK, "x": MARK, "password": MARK}
    monkeypatch.setenv("LEADLINE_REDACT_NAMES", "iban,ssn")
    assert told()["ssn"] == MARK
    monkeypatch.setenv("LEADLINE_REDACT", "no")
    assert told()["password"] == "p"
    with pytest.raises(UsageError, match=re.escape("'(' is no regular expression")):
        track.Client(Settings(), redact_values=["("])
