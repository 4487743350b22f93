"""Secrets out of texts: by the name that a value stands under, and by the shape of the value. Pure.

Time is linear in the text, whatever it holds: each pattern begins at a literal or at the start of a word and takes what it took
for good (possessive), or at most a few hundred characters. No pattern is tried on a text that lacks its literal.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from leadline.core.errors import UsageError

from .secret_names import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MARK = "[redacted]"

_HINTS = ("pass", "pwd", "secret", "token", "key", "auth", "cred", "cookie", "sig")
"""Each name of a secret has one of them."""
_PLAIN = frozenset({"", "true", "false", "none", "null", "str", "bytes", "bool", "int", "optional", "yes", "no", "*"})
"""Values that are no secrets under whatever name."""
_SIGNED = frozenset({"sig", "signature", "x-amz-signature", "x-amz-credential", "x-goog-signature", "x-goog-credential"})
_SIGNED |= {"awsaccesskeyid", "googleaccessid", "key-pair-id", "policy"}

_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}KEY(?: BLOCK)?-----|\Z)", re.S
)
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PAIR = re.compile(
    r"""(?<![A-Za-z0-9_])(?P<dashes>-{1,2}+)?+(?P<name>[A-Za-z_][\w.\-]{0,79}+)"""
    r"""(?:\\?["']?\s{0,3}+(?:=>|:=|[:=])\s{0,3}+|(?(dashes)(?:["'],?)?\s{1,3}+(?!-)|(?!)))""",
    re.A,
)
_QUOTED = r"""\\"[^"\\\n]*+\\?"?|\\'[^'\\\n]*+\\?'?|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?"""
_QUOTE = re.compile(r"""\\?["']""")
_VALUE = re.compile(
    _QUOTED + r"""|\[[^\]\n]*+\]?|\{[^}\n]*+\}?"""
    r"""|(?:(?:bearer|basic|token|apikey|negotiate)\s{1,3})?(?:[^\s"'\\;&,)}\]<>]|[,)}\]](?=[^\s"'\\;&,)}\]<>]))++""",
    re.I,
)
_LINE = re.compile(_QUOTED + r"""|[^"'\n]++""")
"""Values of headers whose parts are separated by blanks."""
_USERINFO = re.compile(
    r"""://(?P<user>[^\s/:@"'<>\[]{0,256}+):(?!\d{1,5}(?:[/?#,\s]|\Z))(?:[^\s"'<>/]{1,256}@|[^\s"'<>@]{1,256}@)"""
)
"""What follows the colon is a port where it is a number that ends there."""
_TOKEN_USER = re.compile(r"https://(?=[^\s/@]{0,40}\d)[\w\-]{20,255}+@", re.A)

_SHAPES = (  # a literal that each match holds, and the shape
    ("IA", r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA)[A-Z2-7]{16}(?![A-Za-z0-9])"),
    ("AIza", r"(?<![\w-])AIza[\w-]{35}(?![\w-])"),
    ("ya29.", r"(?<![\w-])ya29\.[\w-]{20,}+"),
    ("GOCSPX-", r"GOCSPX-[\w-]{20,}+"),
    ("Q~", r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,34}(?![\w.~-])"),
    ("==", r"(?<![A-Za-z0-9+/-])[A-Za-z0-9+/]{86}=="),
    ("gh", r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36,}+"),
    ("github_pat_", r"github_pat_\w{22,}+"),
    ("gl", r"(?<![A-Za-z0-9])gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|imt|oas|ffct)-[\w-]{20,}+"),
    ("xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,}+"),
    ("xapp-", r"xapp-[A-Za-z0-9-]{10,}+"),
    ("hooks.slack.com/", r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[\w/-]++"),
    ("k_", r"(?<![A-Za-z0-9])(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}+"),
    ("whsec_", r"whsec_[A-Za-z0-9+/=]{24,}+"),
    ("sk-", r"(?<![\w-])sk-(?:(?:proj|svcacct|admin|ant|or)-[\w-]{20,}+|[A-Za-z0-9]{32,}+)"),
    ("hf_", r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}+"),
    ("dapi", r"(?<![A-Za-z0-9])dapi[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("npm_", r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    ("hvs.", r"(?<![\w-])hvs\.[\w-]{24,}+"),
    ("SG.", r"(?<![\w-])SG\.[\w-]{16,64}\.[\w-]{16,64}"),
    ("eyJ", r"(?<![\w-])eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+(?:\.[\w-]*+)?"),
    ("earer", r"(?<![A-Za-z0-9])(?<=[Bb]earer )(?=[^\s\d]{0,200}\d)[\w.~+/-]{16,}+=*+"),
    ("asic ", r"(?<=[Bb]asic )[A-Za-z0-9+/]{8,}+={1,2}"),
    ("jdbc:oracle:", r"(?<=jdbc:oracle:)\w{1,16}+:[^/\s@]{1,128}+/[^@\s]{1,256}+(?=@)"),
)


@functools.cache
def _shape(pattern: str) -> re.Pattern[str]:
    """Compiled at its first use: an import pays for none."""
    return re.compile(pattern, re.A)


class Redactor:
    """`names`: texts that make a name one of a secret when it holds them, in any case; `values`: patterns of further shapes.

    Raises UsageError for what is no regular expression. Values already marked stay as they are.
    """

    def __init__(self, names: Iterable[str] = (), values: Iterable[str] = ()) -> None:
        self._names = tuple(name.strip().lower() for name in names if name.strip())
        self._hints = (*_HINTS, *self._names)
        self._values = tuple(map(_compiled, values))

    def text(self, text: str) -> str:
        """A log line, a message, a stack, a URL, a command line, JSON."""
        if "-----" in text:
            text = _without_keys(text)
        lower = text.lower()
        if any(hint in lower for hint in self._hints):
            text = self._without_named(text)
        text = without_shapes(text)
        for pattern in self._values:
            text = pattern.sub(MARK, text)
        return text

    def value(self, name: str, text: str) -> str:
        """What stands under a name."""
        if self._is_secret(name) and _worth_hiding(name.lower(), text):
            return MARK
        return self.text(text)

    def mapping(self, values: Mapping[str, str]) -> dict[str, str]:
        return {name: self.value(name, text) for name, text in values.items()}

    def _is_secret(self, name: str) -> bool:
        lower = name.lower()
        return is_secret_name(name) or any(word in lower for word in self._names)

    def _without_named(self, text: str) -> str:
        parts, done = [], 0
        for start, end in self._named(text):
            parts += [text[done:start], MARK]
            done = end
        return "".join((*parts, text[done:])) if parts else text

    def _named(self, text: str) -> Iterator[tuple[int, int]]:
        """Where values stand under names of secrets, in order."""
        done = 0
        for match in _PAIR.finditer(text):
            if match.start() < done or not self._names_secret(match):
                continue
            name, start = match["name"].lower(), match.end()
            whole = name.endswith(("authorization", "cookie")) and ":" in text[match.end("name") : start]
            found = None if text.startswith(MARK, start) else (_LINE if whole else _VALUE).match(text, start)
            if found is None or not _worth_hiding(name, found[0].strip("\\\"'")):
                continue
            quote = (_QUOTE.match(found[0]) or [""])[0]
            done = found.end() - (len(quote) if found[0].endswith(quote) and len(found[0]) > len(quote) else 0)
            yield start + len(quote), done

    def _names_secret(self, match: re.Match[str]) -> bool:
        name = match["name"]
        in_query = match.string[match.start() - 1 : match.start()] in ("?", "&") and match.start() > 0
        return self._is_secret(name) or (in_query and name.lower() in _SIGNED)


def without_shapes(text: str) -> str:
    """Without what looks like a secret wherever it stands, and without passwords in URLs."""
    if "://" in text and "@" in text:
        text = _TOKEN_USER.sub(f"https://{MARK}@", _USERINFO.sub(rf"://\g<user>:{MARK}@", text))
    for literal, pattern in _SHAPES:
        if literal in text:
            text = _shape(pattern).sub(MARK, text)
    return text


_SIGNATURES = frozenset({"sig", "signature", "x-amz-signature", "x-goog-signature"})
_BESIDE_SIGNATURES = re.compile(
    "x-(?:amz|goog)-.*|expires|policy|key-pair-id|awsaccesskeyid|googleaccessid|"
    "se|sp|sv|sr|st|ss|srt|spr|sip|skoid|sktid|skt|ske|sks|skv|sdd"
)
"""Amazon's, Google's and Azure's; each has a meaning of its own where nothing is signed."""


@functools.lru_cache(4096)
def without_credentials(name: str) -> str:
    """The name of a node without what only opens its door: user and password, and the parameters of a signature.

    They are left out, not marked: the same table is the same node with any password and with none, and a URL that is signed
    anew for each run stays one node.
    """
    if "://" in name and "@" in name:
        name = _TOKEN_USER.sub("https://", _USERINFO.sub("://", name))
    if "?" in name and "=" in name:
        name = _unsigned(name)
    return without_shapes(name) or MARK


def _unsigned(name: str) -> str:
    address, _, query = name.partition("?")
    parts = [(part.partition("=")[0].lower(), part) for part in query.split("&")]
    signed = any(key in _SIGNATURES for key, _ in parts)
    kept = [part for key, part in parts if not (is_secret_name(key) or (signed and _of_signature(key)))]
    return f"{address}?{'&'.join(kept)}" if kept else address


def _of_signature(key: str) -> bool:
    return key in _SIGNATURES or _BESIDE_SIGNATURES.fullmatch(key) is not None


def _without_keys(text: str) -> str:
    """Without PEM blocks of private keys, also those of which a limit has cut the beginning or the end."""
    text = _PEM.sub(MARK, text)
    ends = list(_PEM_END.finditer(text))
    return MARK + text[ends[-1].end() :] if ends else text


def _worth_hiding(name: str, text: str) -> bool:
    """`name` in lower case."""
    if text.lower() in _PLAIN or text == MARK or (name == "token" and len(text) < 6):  # "unexpected token: 'x'"
        return False
    is_path = text.startswith(("/", "./", "../", "~"))
    return not (is_path and name.endswith(("pwd", "credentials")))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(f"{pattern!r} is no regular expression: {error}") from error
