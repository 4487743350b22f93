"""Which names are those of secrets: `db_password`, `apiKey`, `HF_TOKEN`; not `max_tokens`, `primary_key`, `password_length`."""

import functools
import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_ANYWHERE = re.compile(
    "credentials?|creds|pwd|authorization|passphrase|.*(?:passwords?|passwd|secrets?|apikey|accesskey|secretkey|privatekey|"
    "authtoken|accesstoken)"
)
_ABOUT = re.compile(
    "names?|arn|ref|path|file|dir|length|len|size|count|policy|type|field|columns?|url|uri|env|version|expiry|expires|ttl|enabled|"
    "required|manager|scopes?|provider|mode"
)
"""Last words of names that tell something about a secret."""
_SECRET_KEY = re.compile(
    "(?:api|access|secret|private|encryption|signing|account|auth|shared|service|subscription|license|client|session|ssh|storage|"
    "master) keys?"
)
_SECRET_TOKENS = re.compile("(?:api|access|auth|refresh|session|bearer|id|security|sas|personal) tokens")
_SECRET_TOKEN = re.compile(
    "(?!(?:pad|eos|bos|unk|mask|cls|sep|max|min|num|n|per|next|page|continuation|special|end|start|begin|first|last|stop|"
    "unexpected|image|prompt|input|output|bad|invalid|sot|eot) )(?:.* )?token"
)
_OTHER = re.compile("(?:.* )?(?:auth|cookie)|(?:db|user|smtp) pass|(?:access|amz|goog) signature")
_LAST_TWO = (_SECRET_KEY, _SECRET_TOKENS, _SECRET_TOKEN, _OTHER)
"""Words too common to be secret but at the end of a name, after certain words or not after others."""


@functools.lru_cache(4096)
def is_secret_name(name: str) -> bool:
    """Of a parameter, header, option, column or key."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or _ABOUT.fullmatch(words[-1]):
        return False
    last_two = " ".join(words[-2:])
    return any(map(_ANYWHERE.fullmatch, words)) or any(pattern.fullmatch(last_two) for pattern in _LAST_TWO)
