"""A server inside the process, and clients that talk to it, sync and async alike."""

from __future__ import annotations

import asyncio
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, Union

import httpx

from gatehouse_client import AsyncClient, Client, GatehouseError

from .vectors import CLIENTS

Handler = Callable[[httpx.Request], httpx.Response]


class SyncRunner:
    """Calls a client; many calls at once are as many threads."""

    name = "sync"

    def make(self, preset: str, handler: Handler, **more: Any) -> Client:
        http_client = httpx.Client(transport=httpx.MockTransport(handler))
        return CLIENTS[preset][0](http_client=http_client, **more)

    def sleep(self, waited: List[float]) -> Callable[[float], None]:
        return waited.append

    def at_once(self, count: int, call: Callable[[], Any]) -> List[Any]:
        if count == 1:
            return [outcome_of(call)]
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda _: outcome_of(call), range(count)))

    def request(self, client: Client, **request: Any) -> Any:
        return self.at_once(1, lambda: client.request(**request))[0]

    def requests(self, client: Client, count: int, path: str) -> List[Any]:
        return self.at_once(count, lambda: client.request("GET", path))


class AsyncRunner:
    """Calls the async twin; many calls at once are as many tasks of one loop, which is made anew each time."""

    name = "async"

    def make(self, preset: str, handler: Handler, **more: Any) -> AsyncClient:
        http_client = httpx.AsyncClient(transport=httpx.MockTransport(handler))
        return CLIENTS[preset][1](http_client=http_client, **more)

    def sleep(self, waited: List[float]) -> Callable[[float], Any]:
        async def sleep(seconds: float) -> None:
            waited.append(seconds)

        return sleep

    def request(self, client: AsyncClient, **request: Any) -> Any:
        return asyncio.run(self._gathered(1, lambda: client.request(**request)))[0]

    def requests(self, client: AsyncClient, count: int, path: str) -> List[Any]:
        return asyncio.run(self._gathered(count, lambda: client.request("GET", path)))

    async def _gathered(self, count: int, call: Callable[[], Any]) -> List[Any]:
        async def one() -> Any:
            try:
                return await call()
            except GatehouseError as error:
                return error

        return list(await asyncio.gather(*(one() for _ in range(count))))


RUNNERS: List[Union[SyncRunner, AsyncRunner]] = [SyncRunner(), AsyncRunner()]


def outcome_of(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except GatehouseError as error:
        return error


def summary(outcome: Any) -> Union[int, str]:
    """A status, or the class of an error."""
    return type(outcome).__name__ if isinstance(outcome, GatehouseError) else outcome.status


def printed(error: GatehouseError) -> str:
    """All that a log could make of an error."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return text + repr(error) + repr(vars(error))


class CountingClock:
    """
    Stands still until it is set. A client looks at it, with its lock held, just before it joins a flight: who
    waits for so many looks knows that so many callers are there.
    """

    def __init__(self, beginning: float) -> None:
        self._now = beginning
        self._looks = 0
        self._changed = threading.Condition()

    def set(self, now: float) -> None:
        with self._changed:
            self._now, self._looks = now, 0

    def __call__(self) -> float:
        with self._changed:
            self._looks += 1
            self._changed.notify_all()
            return self._now

    def await_looks(self, count: int) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._looks >= count, timeout=10):
                raise AssertionError(f"only {self._looks} of {count} callers came")


def answer(data: Dict[str, Any]) -> httpx.Response:
    """An answer of the vectors, or their failure; an object as body is JSON."""
    if data.get("failure") == "connection":
        raise httpx.ConnectError("refused")
    if data.get("failure") == "timeout":
        raise httpx.ReadTimeout("late")
    body = data.get("body", {})
    headers = data.get("headers", {})
    if isinstance(body, str):
        return httpx.Response(data["status"], headers={"content-type": "application/json", **headers}, text=body)
    return httpx.Response(data["status"], headers=headers, json=body)
