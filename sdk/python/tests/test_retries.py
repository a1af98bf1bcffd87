import asyncio
import socket
import threading
import unittest
from contextlib import contextmanager
from typing import Any, Iterator, List

import httpx

from gatehouse_client import AsyncKloakd, ConnectionError, Kloakd, TimeoutError

from .fakes import RUNNERS, answer, summary
from .vectors import cases, options

NOW = 1795219200


class Retries(unittest.TestCase):
    def test_every_case_of_retries_json_both_clients(self) -> None:
        for case in cases("retries.json"):
            for runner in RUNNERS:
                with self.subTest(case["name"], client=runner.name):
                    self._check(runner, case["input"], case["expect"])

    def _check(self, runner: Any, given: Any, expect: Any) -> None:
        waited: List[float] = []
        attempts: List[httpx.Request] = []

        def handler(request: httpx.Request) -> httpx.Response:
            attempts.append(request)
            return answer(given["answers"][len(attempts) - 1])

        client = runner.make(
            "kloakd",
            handler,
            api_key="k",
            environ={},
            clock=lambda: NOW,
            chance=lambda: 0.5,
            sleep=runner.sleep(waited),
            **options(given.get("options", {})),
        )
        outcome = runner.request(client, method=given["method"], path="/x")
        self.assertEqual(len(attempts), expect["attempts"])
        self.assertEqual(waited, expect["delays"])
        self.assertEqual(summary(outcome), expect.get("status", expect.get("error")))
        if "reason" in expect:
            self.assertEqual(outcome.reason, expect["reason"])
        if "retryAfter" in expect:
            self.assertEqual(outcome.retry_after, expect["retryAfter"])

    def test_nobody_there_is_a_connection_error(self) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{bound.getsockname()[1]}"
            for outcome in both(url, timeout=5):
                self.assertIs(type(outcome), ConnectionError)

    def test_a_server_that_says_nothing_is_a_timeout(self) -> None:
        with serving(b"") as url:
            for outcome in both(url, timeout=0.2):
                self.assertIs(type(outcome), TimeoutError)

    def test_a_body_that_comes_drop_by_drop_ends_at_the_timeout_of_the_whole_attempt(self) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
        with serving(head, drip=0.02) as url:
            for outcome in both(url, timeout=0.3):
                self.assertIs(type(outcome), TimeoutError)

    def test_an_answer_that_breaks_off_is_a_connection_error(self) -> None:
        with serving(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", hang_up=True) as url:
            for outcome in both(url, timeout=5):
                self.assertIs(type(outcome), ConnectionError)


def both(url: str, timeout: float) -> List[Any]:
    """What the sync and the async client came to."""
    given: Any = dict(api_key="k", base_url=url, max_retries=0, timeout=timeout, environ={})

    def sync() -> Any:
        with Kloakd(**given) as client:
            return client.get("/x")

    async def twin() -> Any:
        async with AsyncKloakd(**given) as client:
            return await client.get("/x")

    outcomes = []
    for call in (sync, lambda: asyncio.run(twin())):
        try:
            outcomes.append(call())
        except ConnectionError as error:
            outcomes.append(error)
    return outcomes


@contextmanager
def serving(head: bytes, drip: float = 0, hang_up: bool = False) -> Iterator[str]:
    """Takes connections, answers each with these bytes, and then hangs up, drips or waits."""
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(head)
                while not hang_up and not over.wait(drip or 30):
                    connection.sendall(b"x")
            except OSError:
                return

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=listen, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
