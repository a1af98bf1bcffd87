"""Calls APIs behind Gatehouse: credentials, tokens, retries, typed errors, webhooks, ASGI middleware."""

from ._answers import Response
from ._flows import UserTokens
from ._version import __version__
from .async_client import AsyncAuth, AsyncClient, create_async_platform_client
from .client import Auth, Client, create_platform_client
from .errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionError,
    ForbiddenError,
    GatehouseError,
    NotEntitledError,
    RateLimitError,
    ServerError,
    TimeoutError,
    WebhookVerificationError,
)
from .platforms import (
    AsyncKaie,
    AsyncKlen,
    AsyncKliqClient,
    AsyncKloakd,
    Kaie,
    Klen,
    KliqClient,
    Kloakd,
)
from .preset import PRESETS, ErrorBody, ErrorRow, Preset, UserTokenPaths, WebhookStyle
from .webhooks import VerifiedWebhook, verify_webhook

__all__ = [
    "PRESETS",
    "AsyncAuth",
    "AsyncClient",
    "AsyncKaie",
    "AsyncKlen",
    "AsyncKliqClient",
    "AsyncKloakd",
    "Auth",
    "AuthenticationError",
    "Client",
    "ConfigurationError",
    "ConnectionError",
    "ErrorBody",
    "ErrorRow",
    "ForbiddenError",
    "GatehouseError",
    "Kaie",
    "Klen",
    "KliqClient",
    "Kloakd",
    "NotEntitledError",
    "Preset",
    "RateLimitError",
    "Response",
    "ServerError",
    "TimeoutError",
    "UserTokenPaths",
    "UserTokens",
    "VerifiedWebhook",
    "WebhookStyle",
    "WebhookVerificationError",
    "__version__",
    "create_async_platform_client",
    "create_platform_client",
    "verify_webhook",
]
