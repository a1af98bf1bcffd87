"""
ASGI middleware for the API behind the gate. Needs gatehouse-client[jwt].

    app = GatehouseMiddleware(app, issuer="https://auth.example.com", audience="https://api.example.com")
"""

from __future__ import annotations

import json
from typing import Any, Awaitable, Callable, Dict, List, MutableMapping, Optional, Sequence

from .identity import UNAUTHENTICATED, IdentityVerifier, Principal, Refusal, missing_scope

__all__ = ["GatehouseMiddleware", "Principal", "RequireScope", "principal_of"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_KEY = "gatehouse.principal"


class GatehouseMiddleware:
    """
    Lets pass whom Gatehouse let pass, and puts who that is where principal_of finds it. Of requests and
    websockets alike; only the lifespan of the application passes unasked. The options are IdentityVerifier's.
    """

    def __init__(self, app: App, *, verifier: Optional[IdentityVerifier] = None, **options: Any) -> None:
        self._app = app
        self._verifier = verifier or IdentityVerifier(**options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        verdict = await self._verifier.verify(_headers_of(scope))
        if isinstance(verdict, Refusal):
            return await _answer(verdict, scope, receive, send)
        return await self._app({**scope, _KEY: verdict}, receive, send)


class RequireScope:
    """Behind GatehouseMiddleware: 403 for a caller who lacks one of the scopes."""

    def __init__(self, app: App, *scopes: str) -> None:
        self._app = app
        self._scopes = scopes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        principal = principal_of(scope)
        refusal = UNAUTHENTICATED if principal is None else missing_scope(principal, self._scopes)
        if refusal is not None:
            return await _answer(refusal, scope, receive, send)
        return await self._app(scope, receive, send)


def principal_of(scope: Scope) -> Optional[Principal]:
    """Who is calling; in Starlette and FastAPI: principal_of(request.scope). None: nobody verified it."""
    found = scope.get(_KEY)
    return found if isinstance(found, Principal) else None


def _headers_of(scope: Scope) -> Dict[str, List[str]]:
    headers: Dict[str, List[str]] = {}
    for name, value in scope.get("headers", ()):
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip())
    return headers


async def _answer(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await receive()
        # Before it was accepted: servers answer with 403. Policy violation (RFC 6455 §7.4.1).
        return await send({"type": "websocket.close", "code": 1008, "reason": refusal.error})
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    body = json.dumps({"error": refusal.error, "message": refusal.message}).encode()
    headers = {
        **refusal.headers,
        "cache-control": "no-store",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    encoded: Sequence[Any] = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": f"{kind}.start", "status": refusal.status, "headers": encoded})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})
