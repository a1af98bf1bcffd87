"""Options and environment → the one credential that counts, and where calls go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, List, Mapping, Optional, Sequence, Tuple, Union
from urllib.parse import urlsplit

import httpx

from ._secret import Secret
from .errors import ConfigurationError
from .preset import Preset

_VARIABLES = {
    "api_key": "API_KEY",
    "access_token": "ACCESS_TOKEN",
    "client_id": "CLIENT_ID",
    "client_secret": "CLIENT_SECRET",
    "email": "EMAIL",
    "password": "PASSWORD",
    "organization_id": "ORG_ID",
    "base_url": "BASE_URL",
}

_METHODS: Tuple[Tuple[str, ...], ...] = (
    ("api_key",),
    ("access_token",),
    ("client_id", "client_secret"),
    ("email", "password"),
)

_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class ApiKey:
    secret: Secret
    method = "api_key"


@dataclass(frozen=True)
class AccessToken:
    secret: Secret
    method = "access_token"


@dataclass(frozen=True)
class ClientCredentials:
    client_id: str
    client_secret: Secret
    method = "client_credentials"


@dataclass(frozen=True)
class UserPassword:
    email: str
    password: Secret
    method = "password"


Credential = Union[ApiKey, AccessToken, ClientCredentials, UserPassword]


def secret_in(credential: Credential) -> Secret:
    """What nobody else may know of it."""
    if isinstance(credential, ClientCredentials):
        return credential.client_secret
    return credential.password if isinstance(credential, UserPassword) else credential.secret


@dataclass(frozen=True)
class Configuration:
    credential: Credential
    organization_id: Optional[str]
    base_url: str
    """Without a slash at its end."""
    token_url: str
    scopes: Tuple[str, ...]
    max_retries: int
    timeout: float
    """Seconds."""


@dataclass(frozen=True)
class _Source:
    """Where values come from: what they are, and how they are called there."""

    text_of: Callable[[str], Optional[str]]
    name_of: Callable[[str], str]
    is_environment: bool = False


def configure(
    preset: Preset,
    options: Mapping[str, Optional[str]],
    environ: Mapping[str, str],
    *,
    token_url: Optional[str] = None,
    scopes: Sequence[str] = (),
    max_retries: int = 2,
    timeout: float = 30.0,
) -> Configuration:
    """Raises ConfigurationError saying what to mend, without repeating a secret."""

    def variable(field: str) -> str:
        return f"{preset.env_prefix}_{_VARIABLES[field]}"

    explicit = _Source(lambda field: _given(options, field), lambda field: field)
    surrounding = _Source(lambda field: environ.get(variable(field)) or None, variable, True)

    def either(field: str) -> Tuple[Optional[str], str]:
        source = explicit if explicit.text_of(field) else surrounding
        return source.text_of(field), source.name_of(field)

    base, base_name = either("base_url")
    base_url = _http_url(base or preset.base_url, base_name)
    organization, organization_name = either("organization_id")
    if organization is not None:
        _require_printable(organization, organization_name, "identifier")
    return Configuration(
        credential=_read_method(preset, explicit) or _read_method(preset, surrounding) or _none(preset),
        organization_id=organization,
        base_url=base_url,
        token_url=_absolute(token_url or preset.token_url, base_url),
        scopes=_texts(scopes),
        max_retries=_at_least(max_retries, 0, "max_retries"),
        timeout=_above_zero(timeout),
    )


def _given(options: Mapping[str, Optional[str]], field: str) -> Optional[str]:
    value = options.get(field)
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{field} is no text: pass it as str.")
    return value or None


def _read_method(preset: Preset, source: _Source) -> Optional[Credential]:
    has_users = preset.user_token_paths is not None
    known = [fields for fields in _METHODS if fields[0] != "email" or has_users or not source.is_environment]
    begun = [fields for fields in known if any(source.text_of(field) for field in fields)]
    if not begun:
        return None
    if len(begun) > 1:
        names = ", and ".join(" with ".join(map(source.name_of, fields)) for fields in begun)
        raise ConfigurationError(f"There are several ways to authenticate: {names}. Keep one of them.")
    fields = begun[0]
    if fields[0] == "email" and not has_users:
        raise ConfigurationError(
            f"{preset.name} does not take email and password. "
            "Use api_key, access_token, or client_id with client_secret."
        )
    missing: List[str] = [field for field in fields if not source.text_of(field)]
    if missing:
        given = [field for field in fields if field not in missing]
        raise ConfigurationError(
            f"{source.name_of(given[0])} is there without {source.name_of(missing[0])}. Give both."
        )
    return _to_credential(fields, source)


def _to_credential(fields: Tuple[str, ...], source: _Source) -> Credential:
    texts = [source.text_of(field) or "" for field in fields]
    if fields[0] in ("api_key", "access_token"):
        # What goes into a header as it is.
        _require_printable(texts[0], source.name_of(fields[0]), "credential")
        secret = Secret(texts[0])
        return ApiKey(secret) if fields[0] == "api_key" else AccessToken(secret)
    if fields[0] == "client_id":
        return ClientCredentials(texts[0], Secret(texts[1]))
    return UserPassword(texts[0], Secret(texts[1]))


def _none(preset: Preset) -> Credential:
    users = ", or email with password" if preset.user_token_paths else ""
    variables = ", ".join(
        " with ".join(f"{preset.env_prefix}_{_VARIABLES[field]}" for field in fields) for fields in _METHODS[:3]
    )
    raise ConfigurationError(
        f"{preset.name} needs a credential: pass api_key, access_token, client_id with client_secret{users}; "
        f"or set one of {variables} in the environment."
    )


def _require_printable(value: str, name: str, noun: str) -> None:
    if not _PRINTABLE.fullmatch(value):
        raise ConfigurationError(
            f"{name} has a character that no {noun} has, such as a space or a line break. Copy it anew."
        )


def _http_url(text: str, name: str) -> str:
    if not _is_plain_url(text):
        raise ConfigurationError(
            f"{name} is not usable: give an http or https URL without user, query and fragment, "
            "such as https://api.example.com."
        )
    return text.rstrip("/")


def _is_plain_url(text: str) -> bool:
    if re.search(r"[?#\\\s\x00-\x20\x7f]", text):
        return False
    try:
        url = urlsplit(text)
        httpx.URL(text)
    except (ValueError, httpx.InvalidURL):
        return False
    return url.scheme in ("http", "https") and bool(url.hostname) and "@" not in url.netloc


def _absolute(target: str, base_url: str) -> str:
    return base_url + target if target.startswith("/") else _http_url(target, "token_url")


def _texts(scopes: Sequence[str]) -> Tuple[str, ...]:
    if isinstance(scopes, str):
        raise ConfigurationError('scopes is a list of texts, such as ["notes:read"].')
    return tuple(scopes)


def _at_least(value: int, least: int, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigurationError(f"{name} is a whole number of at least {least}.")
    return value


def _above_zero(seconds: float) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        raise ConfigurationError("timeout is a number of seconds above 0.")
    return seconds
