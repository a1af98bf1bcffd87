"""The issuer's public keys, fetched when they are needed and kept for a while."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

KEEP_SECONDS = 300
UNKNOWN_SECONDS = 60
"""From one fetch for an unknown kid to the next: strangers can name as many as they like."""
FAILED_SECONDS = 10
"""After a fetch that failed, while the old keys still serve."""
TIMEOUT_SECONDS = 5.0

Keys = Mapping[str, ec.EllipticCurvePublicKey]


class KeysUnavailableError(Exception):
    """The keys cannot be fetched, and none are known: nobody can tell who is calling."""


class KeySet:
    """A JWK set (RFC 7517 §5), fetched once for all who wait. For one event loop."""

    def __init__(self, url: str, http_client: Optional[httpx.AsyncClient], clock: Callable[[], float]) -> None:
        self._url = url
        self._http = http_client
        self._clock = clock
        self._keys: Optional[Keys] = None
        self._good_until = -math.inf
        self._unknown_asked_at = -math.inf
        self._flight: Optional[asyncio.Task[Keys]] = None

    async def find(self, kid: str) -> Optional[ec.EllipticCurvePublicKey]:
        """The ES256 key of that name, if there is one. Raises KeysUnavailableError."""
        is_fresh = self._keys is not None and self._clock() < self._good_until
        keys = self._keys if is_fresh and self._keys is not None else await self._load_once()
        if kid in keys:
            return keys[kid]
        # Somebody else is asking at this moment: their answer will do.
        if self._flight is None:
            if self._clock() - self._unknown_asked_at < UNKNOWN_SECONDS:
                return None
            self._unknown_asked_at = self._clock()
        return (await self._load_once()).get(kid)

    async def _load_once(self) -> Keys:
        if self._flight is None:
            self._flight = asyncio.ensure_future(self._load())
            self._flight.add_done_callback(_note)
        # A caller who is cancelled does not take the flight from the others.
        return await asyncio.shield(self._flight)

    async def _load(self) -> Keys:
        try:
            self._keys = await self._fetch()
            self._good_until = self._clock() + KEEP_SECONDS
        except (httpx.HTTPError, asyncio.TimeoutError, ValueError) as error:
            if self._keys is None:
                raise KeysUnavailableError("The signing keys of the issuer cannot be fetched.") from error
            self._good_until = self._clock() + FAILED_SECONDS
        finally:
            self._flight = None
        return self._keys

    async def _fetch(self) -> Keys:
        if self._http is not None:
            return await asyncio.wait_for(self._ask(self._http), TIMEOUT_SECONDS)
        async with httpx.AsyncClient() as client:
            return await asyncio.wait_for(self._ask(client), TIMEOUT_SECONDS)

    async def _ask(self, client: httpx.AsyncClient) -> Keys:
        headers = {"accept": "application/json"}
        answer = await client.get(self._url, headers=headers, auth=None, follow_redirects=False)
        if answer.status_code != 200:
            raise ValueError(f"the answer was {answer.status_code}")
        return _read_keys(answer.content)


def _note(flight: asyncio.Task[Keys]) -> None:
    """In case that everybody who waited was cancelled."""
    if not flight.cancelled():
        flight.exception()


def _read_keys(content: bytes) -> Keys:
    body = json.loads(content)
    listed = body.get("keys") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise ValueError("the answer is no JWK set")
    keys: Dict[str, ec.EllipticCurvePublicKey] = {}
    for jwk in listed:
        entry = _read_key(jwk)
        if entry is not None:
            keys[entry[0]] = entry[1]
    return keys


def _read_key(jwk: Any) -> Optional[Tuple[str, ec.EllipticCurvePublicKey]]:
    """Keys for other algorithms are passed over: there may be some one day."""
    if not isinstance(jwk, dict) or (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        return None
    kid = jwk.get("kid")
    if jwk.get("alg", "ES256") != "ES256" or jwk.get("use", "sig") != "sig" or not isinstance(kid, str):
        return None
    try:
        x, y = (int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=="), "big") for name in ("x", "y"))
        # Refuses a point that is not on the curve.
        return kid, ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (KeyError, TypeError, ValueError):
        return None
