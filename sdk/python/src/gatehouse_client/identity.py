"""Who is calling, as Gatehouse says and signs: for the API behind the gate. Needs gatehouse-client[jwt]."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple, Union

import httpx

from .errors import ConfigurationError

try:
    from ._jwt import Claims, claims_of, read_jwt
    from ._key_set import KeySet, KeysUnavailableError
except ImportError as error:  # pragma: no cover
    if not (error.name or "").startswith("cryptography"):
        raise
    raise ConfigurationError(
        "Verifying tokens needs the package cryptography: pip install 'gatehouse-client[jwt]'."
    ) from error

_ASSERTION_TYPE = "gatehouse-assertion+jwt"
_ACCESS_TOKEN_TYPE = "at+jwt"


@dataclass(frozen=True)
class Principal:
    kind: str
    """Of the credential: api_key, access_token, service_jwt, playground_key."""
    id: str
    """Of the credential: the key's, the grant's or client's, the service account's."""
    subject: str
    """Who stands behind it: a user, a client, a service account, a key."""
    organization_id: Optional[str] = None
    """None: no tenant."""
    environment: Optional[str] = None
    """Of a key: the environment it is for."""
    scopes: Tuple[str, ...] = ()
    plan: Optional[str] = None
    """Known from the gate only."""


@dataclass(frozen=True)
class Refusal:
    """The answer to give in place of the API's own."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    error: str
    message: str


Verdict = Union[Principal, Refusal]

UNAUTHENTICATED = Refusal(
    401, {"www-authenticate": "Bearer"}, "missing_credential", "No credential was provided."
)
"""Nothing was presented: no error code (RFC 6750 §3.1)."""

_REFUSED = Refusal(
    401,
    {"www-authenticate": 'Bearer error="invalid_token"'},
    "invalid_token",
    "The token is not valid, or not any more.",
)
_UNAVAILABLE = Refusal(
    503, {"retry-after": "2"}, "temporarily_unavailable", "Temporarily unavailable. Please retry."
)


def missing_scope(principal: Principal, scopes: Sequence[str]) -> Optional[Refusal]:
    """A 403 for a principal without all these scopes (RFC 6750 §3.1)."""
    if all(scope in principal.scopes for scope in scopes):
        return None
    challenge = f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'
    message = f"This needs {' and '.join(scopes)}."
    return Refusal(403, {"www-authenticate": challenge}, "insufficient_scope", message)


@dataclass(frozen=True)
class _Presented:
    token: str = field(repr=False)
    type: str
    to_principal: Callable[[Claims], Optional[Principal]] = field(repr=False)


class IdentityVerifier:
    """
    Checks what the gate forwarded, or an access token, without asking anybody: the issuer's keys are kept.
    Whether an access token was revoked is therefore not seen.

    issuer: Gatehouse's origin, iss of what it signs. audience: the identifier of this API, aud of what is for it.
    jwks_uri: default /oauth/jwks of the issuer. accept: "assertion", "access_token" or both. The gate's assertion
    proves that the gate let the request through; an access token alone does not say whether plan and limits
    allow it. Where there is an assertion, that alone counts. clock_tolerance_seconds: how far clocks may differ.

    See RFC 8725, RFC 9068 §4.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        jwks_uri: Optional[str] = None,
        accept: Sequence[str] = ("assertion", "access_token"),
        clock_tolerance_seconds: float = 5,
        http_client: Optional[httpx.AsyncClient] = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not issuer or not audience:
            raise ConfigurationError("Give issuer and audience, both.")
        unknown = [sort for sort in accept if sort not in ("assertion", "access_token")]
        if isinstance(accept, str) or unknown or not accept:
            raise ConfigurationError('accept is a list of "assertion", "access_token", or both.')
        self._issuer = issuer
        self._audience = audience
        self._accept = frozenset(accept)
        self._tolerance = clock_tolerance_seconds
        self._clock = clock
        self._keys = KeySet(jwks_uri or f"{issuer}/oauth/jwks", http_client, clock)

    async def verify(self, headers: Mapping[str, Sequence[str]]) -> Verdict:
        """headers: each name, in lower case, with all its values."""
        assertions, authorizations = (headers.get(name, ()) for name in ("x-gatehouse-assertion", "authorization"))
        presented = self._presented([text for text in assertions if text], list(authorizations))
        if not isinstance(presented, _Presented):
            return presented
        try:
            claims = await self._claims_in(presented)
        except KeysUnavailableError:
            return _UNAVAILABLE
        principal = presented.to_principal(claims) if claims is not None else None
        return _REFUSED if principal is None else principal

    def _presented(self, assertions: Sequence[str], authorizations: Sequence[str]) -> Union[_Presented, Refusal]:
        """Of a header that comes twice nobody can say which one counts."""
        if "assertion" in self._accept and assertions:
            if len(assertions) > 1:
                return _REFUSED
            return _Presented(assertions[0], _ASSERTION_TYPE, _of_assertion)
        if "access_token" in self._accept and authorizations:
            if len(authorizations) > 1:
                return _REFUSED
            scheme, _, token = authorizations[0].partition(" ")
            if scheme.lower() == "bearer" and token.strip():
                return _Presented(token.strip(), _ACCESS_TOKEN_TYPE, _of_access_token)
        return UNAUTHENTICATED

    async def _claims_in(self, presented: _Presented) -> Optional[Claims]:
        jwt = read_jwt(presented.token, presented.type)
        key = await self._keys.find(jwt.kid) if jwt is not None else None
        if jwt is None or key is None:
            return None
        claims = claims_of(jwt, key)
        return claims if claims is not None and self._are_good(claims) else None

    def _are_good(self, claims: Claims) -> bool:
        now = self._clock()
        audience, ends, issued = claims.get("aud"), claims.get("exp"), claims.get("iat")
        audiences = audience if isinstance(audience, list) else [audience]
        return (
            claims.get("iss") == self._issuer
            and self._audience in audiences
            and _seconds(ends, -math.inf) + self._tolerance > now
            and _seconds(issued, math.inf) - self._tolerance <= now
            and isinstance(claims.get("sub"), str)
        )


def _seconds(value: Any, otherwise: float) -> float:
    """Seconds since the epoch. Otherwise: what is no number, and 1e999, which is read as infinite."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and -math.inf < value < math.inf else otherwise


def _of_assertion(claims: Claims) -> Optional[Principal]:
    return _principal(claims, claims.get("credential"), claims.get("credential_id"))


def _of_access_token(claims: Claims) -> Optional[Principal]:
    """One bound to a key (RFC 7800) is nobody's without proof of it, which is not asked for here."""
    if "cnf" in claims:
        return None
    grant = claims.get("grant_id")
    return _principal(claims, "access_token", claims.get("client_id") if grant is None else grant)


def _principal(claims: Claims, kind: Any, identifier: Any) -> Optional[Principal]:
    if not isinstance(kind, str) or not isinstance(identifier, str):
        return None

    def text(name: str) -> Optional[str]:
        value = claims.get(name)
        return value if isinstance(value, str) else None

    return Principal(
        kind=kind,
        id=identifier,
        subject=claims["sub"],
        organization_id=text("org_id"),
        environment=text("environment"),
        scopes=tuple(scope for scope in (text("scope") or "").split(" ") if scope),
        plan=text("plan"),
    )
