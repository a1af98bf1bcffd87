"""What the two clients share in handling httpx."""

from __future__ import annotations

import httpx

from ._answers import Response
from ._outgoing import Outgoing
from .errors import ConnectionError, GatehouseError, TimeoutError


def to_httpx(outgoing: Outgoing) -> httpx.Request:
    """
    Made by hand, so that no cookie, header or parameter of an httpx client goes with it. Each single wait is
    bounded by the whole timeout; the client that reads the body sees to the sum.
    """
    seconds = outgoing.timeout
    return httpx.Request(
        outgoing.method,
        outgoing.url,
        headers=dict(outgoing.headers),
        content=outgoing.content,
        extensions={"timeout": httpx.Timeout(seconds).as_dict()},
    )


def to_response(answer: httpx.Response, content: bytes) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status_code, headers, content)


def failure_of(error: Exception, outgoing: Outgoing) -> GatehouseError:
    """
    Says no more than what went wrong: httpx's own errors carry the request, and with it the credential. So
    they are not chained either.
    """
    if isinstance(error, httpx.TimeoutException):
        return late(outgoing)
    return ConnectionError(f"There was no answer: {_cause_of(error)}.")


def late(outgoing: Outgoing) -> TimeoutError:
    return TimeoutError(f"There was no answer within {outgoing.timeout:g} s.")


def _cause_of(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"the connection failed ({error})" if str(error) else "the connection failed"
    return f"the connection broke ({type(error).__name__})"
