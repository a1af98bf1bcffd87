"""JWS compact serialization, ES256 only (RFC 7515 §3.1, RFC 7518 §3.4, RFC 8725)."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, Mapping, NoReturn, Optional

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

Claims = Mapping[str, Any]

LONGEST = 16_384


@dataclass(frozen=True)
class UnverifiedJwt:
    """What a token says of itself, before anybody checked its signature."""

    header: Claims
    kid: str
    payload: str
    signed: bytes
    signature: bytes


def read_jwt(token: str, expected_type: str) -> Optional[UnverifiedJwt]:
    """
    None: it is none of the expected type, signed in the one way that counts. The algorithm is the key's,
    never the token's word; typ tells one kind of JWT from another (RFC 8725 §3.11).
    """
    parts = token.split(".") if len(token) <= LONGEST else []
    if len(parts) != 3:
        return None
    header = _object_in(parts[0])
    signature = _bytes_in(parts[2])
    if header is None or signature is None or len(signature) != 64:
        return None
    kid, kind = header.get("kid"), header.get("typ")
    is_ours = header.get("alg") == "ES256" and isinstance(kind, str) and kind.lower() == expected_type
    if not is_ours or not isinstance(kid, str) or "crit" in header:
        return None
    return UnverifiedJwt(header, kid, parts[1], f"{parts[0]}.{parts[1]}".encode("ascii"), signature)


def claims_of(jwt: UnverifiedJwt, key: ec.EllipticCurvePublicKey) -> Optional[Claims]:
    """None: the key did not sign it, or there is no JSON object inside."""
    r, s = (int.from_bytes(part, "big") for part in (jwt.signature[:32], jwt.signature[32:]))
    try:
        key.verify(encode_dss_signature(r, s), jwt.signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return None
    return _object_in(jwt.payload)


def _bytes_in(text: str) -> Optional[bytes]:
    """Base64url without padding, in the one way there is to spell it (RFC 4648 §3.5)."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        return None
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    is_canonical = base64.urlsafe_b64encode(found).rstrip(b"=").decode() == text
    return found if is_canonical else None


def _object_in(part: str) -> Optional[Claims]:
    found = _bytes_in(part)
    try:
        value = json.loads(found.decode("utf-8"), parse_constant=_no_constant) if found else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _no_constant(name: str) -> NoReturn:
    """Python reads Infinity and NaN; JSON has neither, and a token that ends at Infinity would never end."""
    raise ValueError(name)
