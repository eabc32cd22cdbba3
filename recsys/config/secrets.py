"""Addresses of servers and databases without the passwords and tokens that may stand in them."""

import re
from urllib.parse import parse_qsl, unquote, urlencode

HIDDEN = "***"
# What a database's address may carry beside its password; whatever else stands in a query may be a secret.
_HARMLESS = ("charset", "driver", "sslmode", "sslrootcert", "ssl_ca", "timeout")
# Up to the last @ before the path; a password with a bare slash in it is followed beyond that.
_USER = re.compile(r"(?P<scheme>[A-Za-z][\w+.\-]*)://(?P<user>[^/?#\s'\"]*|[^/?#@:\s]*:(?!\d+(?:[/?#]|$))[^\s'\"]*)@")
_QUERY = re.compile(
    r"(?P<name>[?&;][\w.\-]*(?:pass|pwd|token|secret|key|auth|sig|cred)[\w.\-]*=)[^&;\s'\"]+", re.IGNORECASE
)
_DATABASES = ("postgres", "mysql", "mariadb", "mssql", "oracle")  # whose users' names are no secret


def without_secrets(uri: str) -> str:
    """``uri`` as it may be kept and shown: no password or token; of a database's user the name.

    >>> without_secrets("https://user:password@mlflow.example.org/")
    'https://mlflow.example.org/'
    """
    plain = _USER.sub(_user_name, uri)
    head, mark, query = plain.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query) if name.lower() in _HARMLESS]
    return head + (f"?{urlencode(kept)}" if mark and kept else "")


def scrubbed(text: str, uri: str | None = None) -> str:
    """``text`` without the secrets of the addresses that it quotes, and of ``uri`` wherever they stand in it."""
    if uri is not None:
        text = text.replace(uri, without_secrets(uri))
        for secret in sorted(_secrets(uri), key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
    text = _USER.sub(lambda found: f"{found['scheme']}://{HIDDEN}@", text)
    return _QUERY.sub(lambda found: found["name"] + HIDDEN, text) if "://" in text else text


def _user_name(found: re.Match[str]) -> str:
    name = found["user"].partition(":")[0]
    named = name and found["scheme"].lower().startswith(_DATABASES)  # elsewhere a name alone may be a token
    return f"{found['scheme']}://{name}@" if named else f"{found['scheme']}://"


def _secrets(uri: str) -> set[str]:
    """Every spelling of what is secret in ``uri``; one or two letters would hide half of any message."""
    user = _USER.match(uri)
    pairs = [pair.partition("=") for pair in re.split("[&;]", uri.partition("?")[2])]
    found = [value for name, _, value in pairs if name.lower() not in _HARMLESS]
    if user is not None:
        name, mark, password = user["user"].partition(":")
        found.append(password if mark else name)
    return {spelling for secret in found for spelling in (secret, unquote(secret)) if len(spelling) > 2}
