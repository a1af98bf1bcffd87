"""What distinguishes one platform's API from another's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Mapping, Optional, Tuple


@dataclass(frozen=True)
class ErrorRow:
    """A row of an error table: None fits everything, the first row that fits counts."""

    status: int
    code: str
    reason: str
    message: Optional[str] = None
    credential: Optional[str] = None
    """What the client sent: api_key, or token for all other methods."""
    challenge: Optional[str] = None
    """The error of WWW-Authenticate."""


@dataclass(frozen=True)
class UserTokenPaths:
    """Where email and password, and refresh tokens, buy tokens."""

    token: str
    refresh: str


@dataclass(frozen=True)
class WebhookStyle:
    """The platform's own signature header. style: timestamped or plain."""

    header: str = "X-Webhook-Signature"
    style: str = "timestamped"


@dataclass(frozen=True)
class ErrorBody:
    """Where an error's JSON body has its parts, as dotted paths."""

    code: str = "error.code"
    message: str = "error.message"
    retry_after: str = "error.retry_after"


@dataclass(frozen=True)
class Preset:
    """A platform's configuration, as it is the same for all of its clients."""

    name: str
    """Used in messages."""
    env_prefix: str
    """Of environment variables: KLOAKD for KLOAKD_API_KEY."""
    base_url: str
    """Production's."""
    organization_header: Optional[str] = None
    """Where the organization id goes; None: it is in paths, or nowhere."""
    api_key_header: Optional[str] = None
    """Where API keys go; None: Authorization, as a bearer."""
    token_url: str = "/oauth/token"
    """For client credentials: a path below the base URL, or a URL."""
    user_token_paths: Optional[UserTokenPaths] = None
    """None: the platform has no tokens of users."""
    field_style: Optional[str] = None
    """Of the fields there: camelCase, or else snake_case."""
    webhook: WebhookStyle = field(default_factory=WebhookStyle)
    error_body: ErrorBody = field(default_factory=ErrorBody)
    error_table: Tuple[ErrorRow, ...] = ()
    """Without one, reasons come from the status alone."""


def _preset(data: Mapping[str, Any]) -> Preset:
    paths = data["userTokenPaths"]
    body = data["errorBody"]
    return Preset(
        name=data["name"],
        env_prefix=data["envPrefix"],
        base_url=data["baseUrl"],
        organization_header=data["organizationHeader"],
        api_key_header=data["apiKeyHeader"],
        token_url=data["tokenUrl"],
        user_token_paths=UserTokenPaths(**paths) if paths else None,
        field_style=data["fieldStyle"],
        webhook=WebhookStyle(**data["webhook"]),
        error_body=ErrorBody(body["code"], body["message"], body["retryAfter"]),
        error_table=tuple(ErrorRow(**row) for row in data["errorTable"]),
    )


def _load() -> Mapping[str, Preset]:
    text = files(__package__).joinpath("presets.json").read_text(encoding="utf-8")
    return {name: _preset(data) for name, data in json.loads(text)["presets"].items()}


PRESETS: Mapping[str, Preset] = _load()
"""kliq, kaie, klen and kloakd: sdk/vectors/presets.json, which comes from the platform files."""
