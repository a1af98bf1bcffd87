"""Deliveries of webhooks: whether they are the platform's, unchanged and of now."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from typing import List, Mapping, Optional, Sequence, Tuple, Union

from .errors import ConfigurationError, WebhookVerificationError


@dataclass(frozen=True)
class VerifiedWebhook:
    id: Optional[str]
    """The same over all attempts, to take each message once; None: the platform's own header has none."""
    timestamp: Optional[int]
    """Seconds since the epoch; None: the style has none."""


@dataclass(frozen=True)
class _Claim:
    """What was signed, and the signatures that came with it; None is one that cannot be read."""

    content: bytes
    signatures: Sequence[Optional[bytes]]
    id: Optional[str] = None
    timestamp: Optional[int] = None


def verify_webhook(
    payload: Union[bytes, str],
    headers: Mapping[str, str],
    secrets: Union[str, Sequence[str]],
    *,
    header: Optional[str] = None,
    style: str = "timestamped",
    tolerance_seconds: float = 300,
    now: Optional[float] = None,
) -> VerifiedWebhook:
    """
    Standard Webhooks' headers count where they are, and then nothing else; otherwise the platform's own.

    payload: the body exactly as it came, before anything parsed it. secrets: `whsec_…`, all that are good at
    the moment: several while one is being replaced. header, style: the platform's own (timestamped or plain);
    without, Standard Webhooks alone. tolerance_seconds: how far a timestamp may be from now, either way.
    now: seconds since the epoch.

    Raises WebhookVerificationError by what is wrong; ConfigurationError when no usable secret is given.
    See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    keys = _keys(secrets)
    body = payload.encode() if isinstance(payload, str) else bytes(payload)
    claim = _read_claim(body, {name.lower(): value for name, value in headers.items()}, header, style)
    if not _is_signed(claim, keys):
        raise _refusal("signature_mismatch", "No signature fits: another sender, secret or body.")
    at = time.time() if now is None else now
    if claim.timestamp is not None and not abs(at - claim.timestamp) <= tolerance_seconds:
        raise _refusal(
            "timestamp_out_of_tolerance",
            f"The delivery is more than {tolerance_seconds:g} s away from now: a replay, or a clock that is wrong.",
        )
    return VerifiedWebhook(claim.id, claim.timestamp)


def _refusal(reason: str, message: str) -> WebhookVerificationError:
    return WebhookVerificationError(message, reason=reason)


def _keys(secrets: Union[str, Sequence[str]]) -> List[bytes]:
    listed = [secrets] if isinstance(secrets, str) else list(secrets)
    keys = [_base64(secret[len("whsec_") :]) if secret.startswith("whsec_") else None for secret in listed]
    usable = [key for key in keys if key]
    if not listed or len(usable) < len(listed):
        raise ConfigurationError("Give the webhook's secrets as they were shown: whsec_ and base64.")
    return usable


def _read_claim(body: bytes, headers: Mapping[str, str], header: Optional[str], style: str) -> _Claim:
    if headers.get("webhook-signature"):
        claim = _standard_claim(body, headers)
    else:
        own = headers.get(header.lower()) if header else None
        if not own:
            raise _refusal("missing_signature", "The delivery has no signature.")
        claim = _plain_claim(body, own) if style == "plain" else _timestamped_claim(body, own)
    if not claim.signatures:
        raise _refusal("malformed_signature", "There is no signature of a version that is known here.")
    return claim


def _standard_claim(body: bytes, headers: Mapping[str, str]) -> _Claim:
    identifier, seconds = headers.get("webhook-id"), headers.get("webhook-timestamp")
    if not identifier or not seconds:
        raise _refusal("missing_signature", "webhook-id or webhook-timestamp is not there.")
    timestamp = _seconds(seconds)
    parts = headers["webhook-signature"].split(" ")
    signatures = [_base64(part[len("v1,") :]) for part in parts if part.startswith("v1,")]
    return _Claim(f"{identifier}.{seconds}.".encode() + body, signatures, identifier, timestamp)


def _timestamped_claim(body: bytes, header: str) -> _Claim:
    pairs = _pairs(header)
    times = [value for name, value in pairs if name == "t"]
    if len(times) != 1:
        raise _refusal("malformed_signature", "The signature has not exactly one time.")
    timestamp = _seconds(times[0])
    signatures = [_hex(value) for name, value in pairs if name == "v1"]
    return _Claim(f"{times[0]}.".encode() + body, signatures, None, timestamp)


def _plain_claim(body: bytes, header: str) -> _Claim:
    return _Claim(body, [_hex(value) for name, value in _pairs(header) if name == "sha256"])


def _pairs(header: str) -> List[Tuple[str, str]]:
    parts = (part.strip().partition("=") for part in header.split(","))
    return [(name, value) for name, equals, value in parts if equals]


def _seconds(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,12}", text):
        return int(text)
    raise _refusal("malformed_signature", "The time of the signature is not in whole seconds.")


def _is_signed(claim: _Claim, keys: Sequence[bytes]) -> bool:
    """In constant time: every key and signature is tried, whichever fits."""
    fits = False
    for key in keys:
        expected = hmac.new(key, claim.content, hashlib.sha256).digest()
        for signature in claim.signatures:
            fits |= signature is not None and hmac.compare_digest(expected, signature)
    return fits


def _hex(text: str) -> Optional[bytes]:
    return bytes.fromhex(text) if re.fullmatch(r"(?:[0-9a-fA-F]{2})*", text) else None


def _base64(text: str) -> Optional[bytes]:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        return None
