import json
import unittest
from typing import Any, List

import httpx

from gatehouse_client import ConfigurationError, GatehouseError

from .fakes import RUNNERS
from .vectors import cases, options, squeezed


class Requests(unittest.TestCase):
    def test_every_case_of_requests_json_both_clients(self) -> None:
        for case in cases("requests.json"):
            for runner in RUNNERS:
                with self.subTest(case["name"], client=runner.name):
                    self._check(runner, case["input"], case["expect"])

    def _check(self, runner: Any, given: Any, expect: Any) -> None:
        sent: List[httpx.Request] = []

        def handler(request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return httpx.Response(200, json={})

        client = runner.make(given["preset"], handler, environ=given.get("env", {}), **options(given["options"]))
        outcome = runner.request(client, **given["request"])
        if "error" in expect:
            self.assertIsInstance(outcome, ConfigurationError)
            for word in expect["mentions"]:
                self.assertIn(word, squeezed(outcome))
            self.assertEqual(sent, [])
            return
        self.assertNotIsInstance(outcome, GatehouseError)
        (request,) = sent
        self.assertEqual(request.method, expect.get("method", request.method))
        if "url" in expect:
            url = request.url
            self.assertEqual(f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode()}", expect["url"])
        for name, value in expect["headers"].items() if "headers" in expect else ():
            self.assertEqual(request.headers.get_list(name), [value])
        for name in expect.get("absent", []):
            self.assertNotIn(name, request.headers)
        if "body" in expect:
            self.assertEqual(request.content.decode(), expect["body"])
        if "json" in expect:
            self.assertEqual(json.loads(request.content), expect["json"])
        self.assertTrue(request.headers["user-agent"].startswith("gatehouse-client-python/"))

    def test_nothing_follows_a_redirect_and_no_cookie_is_kept(self) -> None:
        for runner in RUNNERS:
            with self.subTest(client=runner.name):
                sent: List[httpx.Request] = []

                def handler(request: httpx.Request) -> httpx.Response:
                    sent.append(request)
                    headers = {"location": "https://evil.example.com/", "set-cookie": "a=b; Path=/"}
                    return httpx.Response(302, headers=headers)

                client = runner.make("kloakd", handler, api_key="k", environ={})
                for _ in range(2):
                    outcome = runner.request(client, method="GET", path="/x")
                    self.assertEqual((type(outcome), outcome.status), (GatehouseError, 302))
                self.assertEqual([request.url.host for request in sent], ["api.kloakd.dev"] * 2)
                self.assertNotIn("cookie", sent[1].headers)

    def test_what_the_user_gave_the_http_client_replaces_no_credential(self) -> None:
        """Its auth, headers and parameters are for its own requests."""
        sent: List[httpx.Request] = []

        def handler(request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return httpx.Response(200)

        from .vectors import CLIENTS

        http_client = httpx.Client(
            transport=httpx.MockTransport(handler),
            auth=("other", "other"),
            headers={"authorization": "Bearer other", "x-kloakd-organization": "other"},
            params={"other": "other"},
            follow_redirects=True,
        )
        client = CLIENTS["kloakd"][0](api_key="k", http_client=http_client, environ={})
        client.get("/x")
        self.assertEqual(sent[0].headers["authorization"], "Bearer k")
        self.assertNotIn("x-kloakd-organization", sent[0].headers)
        self.assertEqual(str(sent[0].url), "https://api.kloakd.dev/x")

    def test_a_header_with_a_line_break_is_refused_without_repeating_it(self) -> None:
        for runner in RUNNERS:
            client = runner.make("kloakd", lambda _: httpx.Response(200), api_key="k", environ={})
            for headers in ({"x-a": "hidden\r\nx-b: 1"}, {"x-a\r\nx-b": "1"}, {"": "1"}):
                with self.subTest(client=runner.name, headers=headers):
                    outcome = runner.request(client, method="GET", path="/x", headers=headers)
                    self.assertIsInstance(outcome, ConfigurationError)
                    self.assertNotIn("hidden", str(outcome))

    def test_an_answer_gives_status_headers_json_text_and_request_id(self) -> None:
        def handler(_: httpx.Request) -> httpx.Response:
            return httpx.Response(201, headers={"X-Request-Id": "r1"}, json={"a": "é"})

        for runner in RUNNERS:
            with self.subTest(client=runner.name):
                client = runner.make("kloakd", handler, api_key="k", environ={})
                response = runner.request(client, method="post", path="/x", json={})
                self.assertEqual((response.status, response.request_id), (201, "r1"))
                self.assertEqual(response.json(), {"a": "é"})
                self.assertEqual(json.loads(response.text), {"a": "é"})
