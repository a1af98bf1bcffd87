import asyncio
import base64
import json
import threading
import unittest
from typing import Any, Dict, List, Optional
from urllib.parse import parse_qsl

import httpx

from gatehouse_client import AsyncKaie, AuthenticationError, ConfigurationError, GatehouseError

from .fakes import RUNNERS, AsyncRunner, CountingClock, SyncRunner, answer, printed, summary
from .vectors import cases, options

BEGINNING = 1795219200


class Tokens(unittest.TestCase):
    def test_every_case_of_tokens_json_both_clients(self) -> None:
        for case in cases("tokens.json"):
            for runner in RUNNERS:
                with self.subTest(case["name"], client=runner.name):
                    self._check(runner, case["input"], case["expect"])

    def _check(self, runner: Any, given: Any, expect: Any) -> None:
        clock = CountingClock(BEGINNING)
        server = TokenServer(given, clock, is_sync=runner.name == "sync")
        client = runner.make(
            given["preset"],
            server,
            environ={},
            clock=clock,
            sleep=runner.sleep([]),
            **{"max_retries": 0, **options(given["options"])},
        )
        results: List[Any] = []
        for step in given["steps"]:
            server.callers = step.get("calls", 1)
            clock.set(BEGINNING + step["at"])
            results += runner.requests(client, server.callers, "/v1/x")
        self.assertEqual([summary(result) for result in results], expect["results"])
        self.assertEqual(server.authorizations, expect["authorizations"])
        self.assertEqual(server.token_requests, expect["tokenRequests"])
        errors = "".join(printed(result) for result in results if isinstance(result, GatehouseError))
        for text in expect.get("hides", []):
            self.assertNotIn(text, errors)

    def test_one_refused_token_of_many_calls_is_replaced_once(self) -> None:
        for runner in RUNNERS:
            with self.subTest(client=runner.name):
                fetched: List[str] = []
                lock = threading.Lock()

                def handler(request: httpx.Request) -> httpx.Response:
                    with lock:
                        if request.url.path == "/oauth/token":
                            fetched.append(f"a{len(fetched) + 1}")
                            return httpx.Response(200, json={"access_token": fetched[-1], "expires_in": 3600})
                    is_old = request.headers["authorization"] == "Bearer a1"
                    return httpx.Response(401 if is_old else 200, json={})

                client = runner.make("kaie", handler, client_id="c", client_secret="s", environ={})
                results = runner.requests(client, 20, "/v1/x")
                self.assertEqual([summary(result) for result in results], [200] * 20)
                self.assertEqual(fetched, ["a1", "a2"])

    def test_a_caller_who_gives_up_does_not_take_the_flight_from_the_others(self) -> None:
        async def play() -> None:
            asked, answered = asyncio.Event(), asyncio.Event()

            async def handler(request: httpx.Request) -> httpx.Response:
                if request.url.path == "/oauth/token":
                    asked.set()
                    await answered.wait()
                    return httpx.Response(200, json={"access_token": "a1", "expires_in": 3600})
                return httpx.Response(200, json={})

            http_client = httpx.AsyncClient(transport=httpx.MockTransport(handler))
            client = AsyncKaie(client_id="c", client_secret="s", http_client=http_client, environ={})
            first = asyncio.ensure_future(client.get("/v1/x"))
            await asked.wait()
            second = asyncio.ensure_future(client.get("/v1/x"))
            await asyncio.sleep(0)
            first.cancel()
            answered.set()
            self.assertEqual((await second).status, 200)
            with self.assertRaises(asyncio.CancelledError):
                await first

        asyncio.run(play())

    def test_get_token_and_refresh_carry_no_other_credential(self) -> None:
        for runner in RUNNERS:
            with self.subTest(client=runner.name):
                sent: List[httpx.Request] = []

                def handler(request: httpx.Request) -> httpx.Response:
                    sent.append(request)
                    pair = {"accessToken": "a1", "refreshToken": "r1", "expiresIn": 900, "scope": "a b"}
                    return httpx.Response(200, json=pair)

                client = runner.make("kliq", handler, api_key="k", environ={})
                tokens = settled(client.auth.get_token(email="ada@example.com", password="pass-1"))
                self.assertEqual((tokens.access_token, tokens.refresh_token), ("a1", "r1"))
                self.assertEqual((tokens.expires_in, tokens.scopes), (900, ("a", "b")))
                self.assertNotIn("a1", repr(tokens))
                self.assertNotIn("r1", repr(tokens))
                settled(client.auth.refresh("r1"))
                self.assertEqual(json.loads(sent[1].content), {"refreshToken": "r1"})
                for request in sent:
                    self.assertNotIn("x-api-key", request.headers)
                    self.assertNotIn("authorization", request.headers)

    def test_where_there_are_no_tokens_of_users_nothing_is_sent(self) -> None:
        def handler(request: httpx.Request) -> httpx.Response:
            raise AssertionError("nothing is sent")

        for runner in RUNNERS:
            client = runner.make("kloakd", handler, api_key="k", environ={})
            with self.subTest(client=runner.name), self.assertRaises(ConfigurationError):
                settled(client.auth.get_token(email="ada@example.com", password="p"))

    def test_a_rate_limit_of_the_refresh_does_not_cost_the_password(self) -> None:
        for runner in RUNNERS:
            with self.subTest(client=runner.name):
                paths: List[str] = []
                replies = iter(
                    [
                        httpx.Response(200, json={"accessToken": "a1", "refreshToken": "r1", "expiresIn": 10}),
                        httpx.Response(429, json={}),
                    ]
                )

                def handler(request: httpx.Request) -> httpx.Response:
                    paths.append(request.url.path)
                    return next(replies) if "/auth/" in request.url.path else httpx.Response(200)

                client = runner.make("kliq", handler, email="a@example.com", password="p", environ={})
                self.assertEqual(summary(runner.request(client, method="GET", path="/x")), 200)
                outcome = runner.request(client, method="GET", path="/x")
                self.assertEqual(summary(outcome), "RateLimitError")
                self.assertEqual(paths, ["/v1/auth/token", "/x", "/v1/auth/refresh"])

    def test_a_token_that_no_header_can_carry_is_refused(self) -> None:
        for bad in ("a b", "a\r\nx-evil: 1", "é", 7, None):
            for runner in RUNNERS:
                with self.subTest(bad, client=runner.name):

                    def handler(_: httpx.Request) -> httpx.Response:
                        return httpx.Response(200, json={"access_token": bad})

                    client = runner.make("kaie", handler, client_id="c", client_secret="s", environ={})
                    outcome = runner.request(client, method="GET", path="/x")
                    self.assertIs(type(outcome), GatehouseError)

    def test_all_who_waited_get_an_error_of_their_own(self) -> None:
        clock = CountingClock(BEGINNING)
        clock_ready = SyncRunner()

        def handler(request: httpx.Request) -> httpx.Response:
            return httpx.Response(401, json={"error": "invalid_client"})

        client = clock_ready.make("kaie", handler, client_id="c", client_secret="s", environ={}, clock=clock)
        errors = clock_ready.requests(client, 5, "/v1/x")
        self.assertTrue(all(isinstance(error, AuthenticationError) for error in errors))
        self.assertEqual({error.code for error in errors}, {"invalid_client"})


def settled(value: Any) -> Any:
    """The value, of the async twin, too."""

    async def wait() -> Any:
        return await value

    return asyncio.run(wait()) if asyncio.iscoroutine(value) else value


class TokenServer:
    """Answers as a case of tokens.json says, and notes what it was asked."""

    def __init__(self, given: Any, clock: CountingClock, *, is_sync: bool) -> None:
        self._token_answers = iter(given["tokenAnswers"])
        self._api_answers = iter(given.get("apiAnswers", []))
        self._token_url = given["options"].get("tokenUrl", "/oauth/token")
        self._clock = clock
        self._is_sync = is_sync
        self._lock = threading.Lock()
        self.callers = 1
        self.token_requests: List[Dict[str, Any]] = []
        self.authorizations: List[Optional[str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/x":
            with self._lock:
                self.authorizations.append(request.headers.get("authorization"))
                return answer(next(self._api_answers, {"status": 200}))
        if self._is_sync and self.callers > 1:
            # Only now have all of them joined this flight.
            self._clock.await_looks(self.callers)
        with self._lock:
            assert request.method == "POST"
            self.token_requests.append(described(request))
            return answer(next(self._token_answers))


def described(request: httpx.Request) -> Dict[str, Any]:
    authorization = request.headers.get("authorization")
    basic = base64.b64decode(authorization[len("Basic ") :]).decode() if authorization else None
    is_form = request.headers["content-type"] == "application/x-www-form-urlencoded"
    body = {"form": dict(parse_qsl(request.content.decode()))} if is_form else {"json": json.loads(request.content)}
    return {"url": str(request.url), "basic": basic, **body}
