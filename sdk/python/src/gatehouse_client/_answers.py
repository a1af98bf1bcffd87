"""An answer of the API → its value, or the error it stands for."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

from .errors import (
    AuthenticationError,
    ForbiddenError,
    GatehouseError,
    NotEntitledError,
    RateLimitError,
    ServerError,
)
from .preset import Preset


@dataclass(frozen=True)
class Response:
    """An answer of 200 to 299."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    content: bytes = field(repr=False)
    """The body as it came."""

    @property
    def request_id(self) -> Optional[str]:
        """For the operator, who finds the request in the log by it."""
        return self.headers.get("x-request-id")

    @property
    def text(self) -> str:
        """The body as UTF-8; what is none is replaced."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is none."""
        return json.loads(self.content)


_SHORTEST_SECRET = 8
"""A shorter one may be a word of a message by chance, and is no secret anyway."""


def error_of(
    preset: Preset, response: Response, credential: str, secrets: Sequence[str], now: float
) -> GatehouseError:
    """
    The error that an answer outside 200 to 299 stands for.

    credential: what was sent, api_key or token. secrets: they are in no error, whatever the answer repeats.
    now: seconds since the epoch, for a Retry-After that is a date.
    """
    status, headers = response.status, response.headers
    said = _read_body(preset, response)
    answer = {
        "status": status,
        "code": said["code"],
        "message": said["message"],
        "credential": credential,
        "challenge": _challenge_in(headers.get("www-authenticate", "")),
    }
    reason = _reason_in(preset, answer) or _reason_by_status(status, credential)
    header = retry_after_of(headers.get("retry-after"), now)
    return _class_of(reason, status)(
        _masked(said["message"], secrets) or f"{preset.name} answered {status}.",
        reason=reason,
        status=status,
        code=_masked(said["code"], secrets),
        request_id=_masked(response.request_id, secrets),
        retry_after=said["retry_after"] if header is None else header,
    )


def _masked(text: Optional[str], secrets: Sequence[str]) -> Optional[str]:
    for secret in secrets:
        if text is not None and len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "[redacted]")
    return text


def retry_after_of(header: Optional[str], now: float) -> Optional[int]:
    """Seconds from now, never below 0; None: it says nothing (RFC 9110 §10.2.3)."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    # Dates of HTTP end in GMT; the parser would take much else for one.
    if not text.endswith(" GMT"):
        return None
    try:
        return max(0, math.ceil(parsedate_to_datetime(text).timestamp() - now))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def fields_of(response: Response) -> Mapping[str, Any]:
    """The JSON object in an answer, or one without fields."""
    value = _parse(response)
    return value if isinstance(value, dict) else {}


def _parse(response: Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _read_body(preset: Preset, response: Response) -> Dict[str, Any]:
    """The platform's words, or else OAuth's own (RFC 6749 §5.2)."""
    body, paths = _parse(response), preset.error_body
    seconds = _at(body, paths.retry_after)
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    said = {
        "code": _text(_at(body, paths.code)),
        "message": _text(_at(body, paths.message)),
        "retry_after": seconds if is_number and 0 <= seconds < math.inf else None,
    }
    code = _text(_at(body, "error"))
    if said["code"] is None and code is not None:
        said.update(code=code, message=_text(_at(body, "error_description")))
    return said


def _text(value: Any) -> Optional[str]:
    return value if isinstance(value, str) else None


def _at(body: Any, path: str) -> Any:
    for step in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(step)
    return body


def _challenge_in(header: str) -> Optional[str]:
    """RFC 6750 §3. Of several challenges the first that names an error."""
    found = re.search(r'\berror="([^"]*)"', header)
    return found.group(1) if found else None


def _reason_in(preset: Preset, answer: Mapping[str, Any]) -> Optional[str]:
    for row in preset.error_table:
        if all(getattr(row, column) in (None, value) for column, value in answer.items()):
            return row.reason
    return None


def _reason_by_status(status: int, credential: str) -> str:
    is_key = credential == "api_key"
    return {
        400: "malformed_request",
        401: "invalid_api_key" if is_key else "invalid_token",
        403: "insufficient_permission" if is_key else "insufficient_scope",
        429: "rate_limited",
        502: "upstream_unreachable",
        503: "temporarily_unavailable",
        504: "upstream_timeout",
    }.get(status, "unknown")


def _class_of(reason: str, status: int) -> Callable[..., GatehouseError]:
    if reason == "not_entitled":
        return NotEntitledError
    if status >= 500:
        return ServerError
    by_status = {401: AuthenticationError, 403: ForbiddenError, 429: RateLimitError}
    return by_status.get(status, GatehouseError)
