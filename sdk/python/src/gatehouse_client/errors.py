"""What this package raises. It puts no credential into an error: neither its text nor its attributes."""

from __future__ import annotations

from typing import Optional


class GatehouseError(Exception):
    """
    Everything this package raises, by what went wrong.

    reason: Gatehouse's own name for it, the same on every platform; "unknown" where the answer tells
        nothing, None where there was no answer.
    status: of HTTP; None: there was no answer.
    code: the platform's name for it.
    request_id: for the operator, who finds the request in the log by it.
    retry_after: seconds after which it is worth trying again; None: waiting is not said to help.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Optional[str] = None,
        status: Optional[int] = None,
        code: Optional[str] = None,
        request_id: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after


class ConfigurationError(GatehouseError):
    """The client or a call was put together wrongly: nothing was sent. The message says how to mend it."""


class AuthenticationError(GatehouseError):
    """401: the credential is missing, wrong, expired or revoked."""


class ForbiddenError(GatehouseError):
    """403: the credential is good, but not for this."""


class NotEntitledError(ForbiddenError):
    """403: the organization's plan does not include this."""


class RateLimitError(GatehouseError):
    """429: a rate or a quota is used up; retry_after says for how long, where waiting helps."""


class ServerError(GatehouseError):
    """5xx: the fault is not the caller's."""


class ConnectionError(GatehouseError):  # noqa: A001 - named as in the other languages
    """There was no answer: no connection, or one that broke."""


class TimeoutError(ConnectionError):  # noqa: A001 - named as in the other languages
    """There was no answer in time."""


class WebhookVerificationError(GatehouseError):
    """
    A delivery that is not to be trusted; answer it with 400.

    reason: missing_signature, malformed_signature, timestamp_out_of_tolerance or signature_mismatch.
    """
