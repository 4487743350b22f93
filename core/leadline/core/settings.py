"""Where the servers are and how to be let in: by argument, else environment, else file, else of a local stack.

docs/settings.md lists all of it (`python -m leadline.track.reference`).
"""

import functools
import logging
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from .errors import UsageError
from .local_stack import ADDRESSES_FILE, STORE_WRITER, TOKEN_FILE, addresses, token
from .option import option, options_of, unknown
from .settings_file import find_file, read_file

__all__ = [
    "ADDRESSES_FILE",
    "OPTIONS",
    "STORE_WRITER",
    "TOKEN_FILE",
    "Environment",
    "Settings",
    "checked_arguments",
    "find_settings",
    "load_settings",
    "shown",
]

Environment = Literal["local", "production"]
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")


def _no_data() -> Path:
    try:
        return Path.home() / ".leadline"
    except RuntimeError:  # an account without a home, as containers have them
        return Path(tempfile.gettempdir()) / f"leadline-{os.getuid()}"


_DATA = option("folder of the local stack and of the spool", variable="LEADLINE_DATA", default="`~/.leadline`").metadata


@dataclass(frozen=True, repr=False)
class Settings:
    """Addresses and credentials. An empty text means: not configured. Each is declared here and nowhere else."""

    transport: str = option(
        "how a job's events leave it",
        variable="LEADLINE_TRANSPORT",
        choices=("kafka", "http", "file", "console"),
        default="`http` where of `kafka` and `url` only `url` is set, else `kafka`",
    )
    kafka: str = option("bootstrap servers, `host:port[,host:port]`", default="those of the local stack")
    kafka_security_protocol: str = option(
        "how the connection is secured",
        choices=_PROTOCOLS,
        default="`SASL_SSL` with a SASL mechanism, `SSL` with any `kafka_ssl_…`, else `PLAINTEXT`",
    )
    kafka_sasl_mechanism: str = option("how we say who we are", choices=_MECHANISMS)
    kafka_sasl_username: str = option("of PLAIN and SCRAM")
    kafka_sasl_password: str = option("of PLAIN and SCRAM", secret=True)
    kafka_sasl_oauthbearer_token_endpoint_url: str = option("OAUTHBEARER: where a token is fetched, by OIDC client credentials")
    kafka_sasl_oauthbearer_client_id: str = option("OAUTHBEARER: who fetches it")
    kafka_sasl_oauthbearer_client_secret: str = option("OAUTHBEARER: its secret", secret=True)
    kafka_sasl_oauthbearer_scope: str = option("OAUTHBEARER: what is asked for")
    kafka_sasl_oauthbearer_extensions: str = option("OAUTHBEARER: what the broker is told besides, `key=value[,key=value]`")
    kafka_https_ca_location: str = option("OAUTHBEARER: file of the CA that the token endpoint is trusted by")
    kafka_ssl_ca_location: str = option("file of the CA that brokers are trusted by", default="the system's")
    kafka_ssl_certificate_location: str = option("mTLS: file of our certificate (PEM)")
    kafka_ssl_key_location: str = option("mTLS: file of its private key (PEM)")
    kafka_ssl_key_password: str = option("mTLS: password of that file", secret=True)
    kafka_ssl_endpoint_identification_algorithm: str = option(
        "`none`: a broker's certificate may be for another host", choices=("https", "none"), default="`https`"
    )
    schema_registry: str = option("URL of the schema registry", default="that of the local stack")
    schema_registry_username: str = option("basic authentication; in the URL it may stand too")
    schema_registry_password: str = option("basic authentication", secret=True)
    schema_registry_token: str = option("bearer authentication", secret=True)
    schema_registry_ca: str = option("file of the CA that the registry is trusted by", default="the system's")
    url: str = option("transport http: URL of Leadline's ingress", variable="LEADLINE_URL")
    token: str = option("transport http: what the ingress knows us by", variable="LEADLINE_TOKEN", secret=True)
    file: str = option(
        "transport file: the JSON lines, which `leadline emit FILE` sends", variable="LEADLINE_FILE", default="`leadline.jsonl`"
    )
    clickhouse: str = option("URL of ClickHouse's HTTP interface; jobs need none", default="that of the local stack")
    clickhouse_user: str = option("who writes", value="default", default="`default`; on the local stack its writer")
    clickhouse_password: str = option("of `clickhouse_user`", secret=True)
    spool: str = option("folder for what cannot be sent yet", variable="LEADLINE_SPOOL", default="`spool` in `data`")
    data: Path = field(default_factory=_no_data, metadata=_DATA)
    environment: Environment = option(  # noqa: RUF009 - it is a field
        "partitions, replicas, session time-outs",
        value="local",
        variable="LEADLINE_ENVIRONMENT",
        choices=("local", "production"),
        default="`local`",
    )

    def __repr__(self) -> str:
        """What is set, without secrets, also where an address carries one."""
        told = ", ".join(f"{name}={text}" for name, text in self.shown().items())
        return f"Settings({told})"

    def shown(self) -> dict[str, str]:
        """What is set, as it may be logged."""
        found = {}
        for name, one in OPTIONS.items():
            value = str(getattr(self, name))
            if value and value != _DEFAULTS[name]:
                found[name] = "[hidden]" if one.secret else shown(value)
        return found

    def require(self, *names: str) -> "Settings":
        """Self, or UsageError naming the first address that is missing."""
        for name in names:
            if not getattr(self, name):
                raise UsageError(
                    f"no address for {name}: start the local stack with `leadline up`, "
                    f"or set {OPTIONS[name].variable} (for example {_EXAMPLES[name]})"
                )
        return self

    def to_environ(self) -> dict[str, str]:
        """For a process that is to have these settings and no others, whatever it would find in environment and file."""
        told = {one.variable: str(getattr(self, name)) for name, one in OPTIONS.items()}
        secrets = {f"{one.variable}_FILE": "" for one in OPTIONS.values() if one.secret}
        return {**told, **secrets, "LEADLINE_CONFIG": os.devnull}


OPTIONS = options_of(Settings)
"""Every setting, by name."""

_DEFAULTS = {one.name: one.default for one in fields(Settings)}
_EXAMPLES = {
    "kafka": "KAFKA=127.0.0.1:19090",
    "schema_registry": "SCHEMA_REGISTRY=http://127.0.0.1:19092",
    "clickhouse": "CLICKHOUSE=http://127.0.0.1:19093",
    "url": "LEADLINE_URL=https://leadline.example.org",
}

_NEXT_ADDRESS = re.compile(r",(?=[^,/@]*://)")
_PORT = re.compile(r"(?:[^:]*|\[.*\]):\d{1,5}")


def shown(address: str) -> str:
    """The address, or each of a list, as it may be logged: without user and password."""
    if "@" in address:
        address = ",".join(map(_without_user, _NEXT_ADDRESS.split(address)))
    return address if all(map(_has_no_password, address.split(","))) else "[hidden]"


def _has_no_password(address: str) -> bool:
    """Whether what stands where a port does is one: in `http://user:password` the host was forgotten."""
    host = address.rpartition("://")[2].partition("/")[0]
    return ":" not in host or _PORT.fullmatch(host) is not None


def _without_user(address: str) -> str:
    scheme, mark, rest = address.partition("://") if "://" in address else ("", "", address)
    host, _, path = rest.partition("/")
    if mark and "@" in host:
        return scheme + mark + host.rpartition("@")[2] + rest[len(host) :]
    # A password with a slash in it, or a user and a password before a host without a scheme.
    if ":" in host and "@" in (path if mark else host) and not (mark and _PORT.fullmatch(host)):
        return scheme + mark + rest.rpartition("@")[2]
    return address


@functools.cache
def _warn_once(sentence: str) -> None:
    logging.getLogger("leadline.settings").warning("leadline: %s", sentence)


def load_settings(
    environ: Mapping[str, str] = os.environ,
    data: Path | None = None,
    *,
    arguments: Mapping[str, object] | None = None,
    warn: Callable[[str], None] = _warn_once,
) -> Settings:
    """Raises UsageError with one sentence for what is wrong in any place; `warn` is told what is only unwise."""
    return find_settings(environ, data, arguments=arguments, warn=warn)[0]


def find_settings(
    environ: Mapping[str, str] = os.environ,
    data: Path | None = None,
    *,
    arguments: Mapping[str, object] | None = None,
    warn: Callable[[str], None] = _warn_once,
) -> tuple[Settings, dict[str, str]]:
    """The settings, and for each that was said somewhere where that was. Raises as `load_settings`."""
    path = find_file(environ)
    in_file = read_file(path, OPTIONS, warn) if path else {}
    places = (
        ("argument", checked_arguments({**({"data": str(data)} if data else {}), **(arguments or {})})),
        ("environment", {name: _from_environ(name, environ) for name in OPTIONS}),
        (str(path), in_file),
    )
    values: dict[str, str] = {}
    sources: dict[str, str] = {}
    for place, told in places:
        for name, value in told.items():
            if value and name not in values:
                values[name], sources[name] = value, place
    if "url" in values and "kafka" not in values and "transport" not in values:
        values["transport"], sources["transport"] = "http", sources["url"]
    folder = Path(values.pop("data", "") or _no_data()).expanduser()
    for name, value in _of_local_stack(folder, values).items():
        values[name], sources[name] = value, "local stack"
    return Settings(**values, data=folder), sources  # type: ignore[arg-type]


def checked_arguments(arguments: Mapping[str, object]) -> dict[str, str]:
    """As texts. Raises UsageError for a name that is none of ours, or a value that cannot be."""
    for name in arguments:
        if name not in OPTIONS:
            raise unknown(name, OPTIONS, "leadline")
    return {
        name: OPTIONS[name].checked(str(value) if isinstance(value, Path) else value, name)
        for name, value in arguments.items()
        if value is not None
    }


def _from_environ(name: str, environ: Mapping[str, str]) -> str:
    """Of the variable; a secret may also lie in the file that its variable with _FILE names."""
    one = OPTIONS[name]
    value = environ.get(one.variable, "")
    path = environ.get(f"{one.variable}_FILE", "")
    if one.secret and path and not value:
        try:
            value = Path(path).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, ValueError, RuntimeError):
            raise UsageError(f"{one.variable}_FILE names {path}, which cannot be read") from None
        return one.checked(value, f"the file that {one.variable}_FILE names")
    return one.checked(value, one.variable)


def _of_local_stack(data: Path, said: Mapping[str, str]) -> dict[str, str]:
    """Addresses that nobody said, and the store's token where its address is one of them."""
    found = {name: address for name, address in addresses(data).items() if name in OPTIONS and name not in said}
    if "clickhouse" in found and "clickhouse_password" not in said and (secret := token(data)):
        return {**found, "clickhouse_user": STORE_WRITER, "clickhouse_password": secret}
    return found
