"""The client for asyncio. One may be shared by all tasks of a loop."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any, Awaitable, Callable, Mapping, Optional, Sequence, Type, TypeVar, Union

import httpx

from ._answers import Response
from ._flows import Effect, Flow, TokenWanted, UserTokens, get_user_tokens, refresh_user_tokens
from ._outgoing import Outgoing, Query
from ._sending import failure_of, late, to_httpx, to_response
from .client import BaseClient
from .errors import GatehouseError
from .preset import Preset

Self = TypeVar("Self", bound="AsyncClient")


class AsyncClient(BaseClient):
    """As Client, with the same options; every call is awaited."""

    def __init__(
        self,
        *,
        api_key: Optional[str] = None,
        access_token: Optional[str] = None,
        client_id: Optional[str] = None,
        client_secret: Optional[str] = None,
        email: Optional[str] = None,
        password: Optional[str] = None,
        organization_id: Optional[str] = None,
        base_url: Optional[str] = None,
        token_url: Optional[str] = None,
        scopes: Sequence[str] = (),
        max_retries: int = 2,
        timeout: float = 30.0,
        http_client: Optional[httpx.AsyncClient] = None,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        environ: Optional[Mapping[str, str]] = None,
    ) -> None:
        super().__init__(
            options={
                "api_key": api_key,
                "access_token": access_token,
                "client_id": client_id,
                "client_secret": client_secret,
                "email": email,
                "password": password,
                "organization_id": organization_id,
                "base_url": base_url,
            },
            token_url=token_url,
            scopes=scopes,
            max_retries=max_retries,
            timeout=timeout,
            clock=clock,
            chance=chance,
            environ=environ,
        )
        self._owns_http = http_client is None
        self._http = http_client or httpx.AsyncClient(follow_redirects=False)
        self._sleep = sleep
        self._flight: Optional[asyncio.Task[str]] = None
        self.auth = AsyncAuth(self)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Query] = None,
        headers: Optional[Mapping[str, str]] = None,
        json: Any = None,
        body: Union[bytes, str, None] = None,
        timeout: Optional[float] = None,
    ) -> Response:
        """As Client.request."""
        more = dict(query=query, headers=headers, json=json, body=body, timeout=timeout)
        response: Response = await self._run(self._call(method, path, more))
        return response

    async def get(self, path: str, **more: Any) -> Response:
        return await self.request("GET", path, **more)

    async def post(self, path: str, **more: Any) -> Response:
        return await self.request("POST", path, **more)

    async def put(self, path: str, **more: Any) -> Response:
        return await self.request("PUT", path, **more)

    async def patch(self, path: str, **more: Any) -> Response:
        return await self.request("PATCH", path, **more)

    async def delete(self, path: str, **more: Any) -> Response:
        return await self.request("DELETE", path, **more)

    async def close(self) -> None:
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run(self, flow: Flow) -> Any:
        outcome: Any = None
        try:
            while True:
                outcome = await self._carry_out(flow.send(outcome))
        except StopIteration as end:
            return end.value

    async def _carry_out(self, effect: Effect) -> Any:
        if isinstance(effect, Outgoing):
            return await self._send(effect)
        if isinstance(effect, TokenWanted):
            return await self._token(effect.refused)
        return await self._sleep(effect.seconds)

    async def _send(self, outgoing: Outgoing) -> Union[Response, GatehouseError]:
        try:
            return await asyncio.wait_for(self._exchange(outgoing), outgoing.timeout)
        except asyncio.TimeoutError:
            return late(outgoing)
        except httpx.HTTPError as error:
            return failure_of(error, outgoing)

    async def _exchange(self, outgoing: Outgoing) -> Response:
        answer = await self._http.send(to_httpx(outgoing), auth=None, follow_redirects=False)
        return to_response(answer, answer.content)

    async def _token(self, refused: Optional[str]) -> str:
        """One flight at a time: those who ask meanwhile get what it brings, or its error."""
        self._tokens.refuse(refused)
        token = self._tokens.good()
        if token is not None:
            return token
        if self._flight is None:
            self._flight = asyncio.ensure_future(self._run(self._tokens.fetch()))
            self._flight.add_done_callback(self._land)
        # A caller who is cancelled does not take the flight from the others.
        return await asyncio.shield(self._flight)

    def _land(self, flight: asyncio.Task[str]) -> None:
        self._flight = None
        # Taken note of, in case that everybody who waited was cancelled.
        if not flight.cancelled():
            flight.exception()


class AsyncAuth:
    """Tokens of users, where the platform has them. Calls here carry no other credential."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get_token(
        self,
        *,
        email: str,
        password: str,
        organization_id: Optional[str] = None,
        scopes: Sequence[str] = (),
    ) -> UserTokens:
        """As Auth.get_token."""
        client = self._client
        flow = get_user_tokens(client._policy, email, password, organization_id, tuple(scopes))
        tokens: UserTokens = await client._run(flow)
        return tokens

    async def refresh(self, refresh_token: Optional[str]) -> UserTokens:
        """As Auth.refresh."""
        flow = refresh_user_tokens(self._client._policy, refresh_token)
        tokens: UserTokens = await self._client._run(flow)
        return tokens


def create_async_platform_client(preset: Preset) -> Type[AsyncClient]:
    """The async client class of a platform, from what distinguishes it."""
    return type(f"Async{preset.name}", (AsyncClient,), {"preset": preset})
