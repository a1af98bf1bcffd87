"""A real ASGI server on a port of its own, and what is asked of it over the network."""

from __future__ import annotations

import base64
import os
import socket
import threading
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Tuple

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from gatehouse_client.asgi import GatehouseMiddleware, RequireScope, principal_of
from gatehouse_client.identity import IdentityVerifier, Principal


def application(verifier: IdentityVerifier, scope: str) -> Starlette:
    """/who tells who calls, as do the messages of /socket; /notes is for the scope."""

    async def who(request: Request) -> Response:
        return JSONResponse(described(principal_of(request.scope)))

    async def converse(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_json(described(principal_of(websocket.scope)))
        await websocket.close()

    notes = Starlette(routes=[Route("/", who)])
    routes = [
        Route("/who", who),
        WebSocketRoute("/socket", converse),
        Mount("/notes", RequireScope(notes, scope)),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(GatehouseMiddleware, verifier=verifier)
    return app


def described(principal: Any) -> Any:
    if not isinstance(principal, Principal):
        return None
    return {
        "kind": principal.kind,
        "id": principal.id,
        "subject": principal.subject,
        "organization_id": principal.organization_id,
    }


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serves while the block runs, which gets host:port."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, ws="wsproto", lifespan="on", log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise AssertionError("the server did not start")
            time.sleep(0.01)
        host, port = server.servers[0].sockets[0].getsockname()
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()


def handshake(address: str, headers: Dict[str, str]) -> Tuple[int, bytes]:
    """Asks for a websocket (RFC 6455 §4.1): the status, and all that followed."""
    host, port = address.split(":")
    lines = {
        "Host": address,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        **headers,
    }
    request = "GET /socket HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request.encode() + b"\r\n")
        answer = b""
        while True:
            part = connection.recv(65536)
            answer += part
            # A close frame ends the conversation; a refusal is over when its body has come.
            if not part or b"\x88" in part or b"}" in part:
                break
    return int(answer.split()[1]), answer
