"""
Plays the cases of sdk/vectors/live.json against started Gatehouses, one for each platform file, and reports each:
GATEHOUSE_LIVE names the JSON that sdk/live/start.ts wrote. Not found by discovery: python -m unittest tests.live
"""

import asyncio
import base64
import json
import os
import unittest
from pathlib import Path
from typing import Any, Callable, Dict
from unittest.mock import patch

import httpx

import gatehouse_client
from gatehouse_client import GatehouseError, WebhookVerificationError
from gatehouse_client.identity import IdentityVerifier, Principal

from .serving import application, serving
from .vectors import CLIENTS, cases, snake

SERVERS: Dict[str, Any] = json.loads(Path(os.environ["GATEHOUSE_LIVE"]).read_text("utf-8"))
SECRET_OPTIONS = ("apiKey", "accessToken", "clientSecret", "password")


def report(line: str) -> None:
    """In one piece, that nothing of unittest's own comes into the line."""
    print(f"\n{line}\n", end="", flush=True)


class OnPlatform(unittest.TestCase):
    """For one platform; load_tests makes it one for each."""

    name: str

    def setUp(self) -> None:
        self.server = SERVERS[self.name]
        self.client_class, self.async_class = CLIENTS[self.name]

    def client(self, **options: Any) -> gatehouse_client.Client:
        server = self.server
        given: Dict[str, Any] = {"organization_id": server["organizationId"], "base_url": server["baseUrl"]}
        client = self.client_class(environ={}, max_retries=0, **{**given, **options})
        self.addCleanup(client.close)
        return client

    def ask(self, client: gatehouse_client.Client, ask: str) -> Any:
        return client.request(self.server[ask]["method"], self.server[ask]["path"]).json()


class Scenario(OnPlatform):
    """One case of the list."""

    case: Any

    def runTest(self) -> None:
        case = self.case
        where, unless = case.get("where"), case.get("unless")
        line = f"live: {self.name}: {case['name']}"
        if (where and not self.server[where]) or (unless and self.server[unless]):
            report(f"{line}: none")
            return
        deed = case["input"].get("do")
        play: Callable[[], None] = getattr(self, "do_" + snake(deed)) if deed else self.play_call
        play()
        report(f"{line}: ok")

    def play_call(self) -> None:
        given, expect = self.case["input"], self.case["expect"]
        options = {name: self.at(place) for name, place in given["options"].items()}
        spelled = {snake(name): [value] if name == "scopes" else value for name, value in options.items()}
        if "credential" in expect:
            self.check_heard(self.ask(self.client(**spelled), given["ask"]), given["ask"])
            return
        with self.assertRaises(GatehouseError) as caught:
            client = self.client(**spelled)
            for _ in range(given.get("calls", 1)):
                self.ask(client, given["ask"])
        error = caught.exception
        self.assertEqual(type(error).__name__, expect["error"])
        for name in ("status", "reason", "code"):
            if name in expect:
                self.assertEqual(getattr(error, name), expect[name])
        if expect.get("requestId"):
            self.assertTrue(error.request_id)
        if expect.get("retryAfter"):
            self.assertTrue(1 <= (error.retry_after or 0) <= 60, error.retry_after)
        for name in SECRET_OPTIONS:
            if name in options:
                self.assertNotIn(options[name], repr(error) + str(error) + repr(vars(error)))

    def at(self, place: str) -> Any:
        value = self.server
        for name in place.split("."):
            value = value[name]
        return value

    def check_heard(self, heard: Any, ask: str) -> None:
        server = self.server
        self.assertEqual(heard["method"], server[ask]["method"])
        self.assertEqual(heard["path"], server[ask]["path"].replace("{organization}", server["organizationId"]))
        self.assertEqual(heard["headers"]["x-gatehouse-organization"], server["organizationId"])
        self.assertEqual(heard["headers"]["x-gatehouse-credential"], self.case["expect"]["credential"])
        self.assertNotIn(server["apiKey"], json.dumps(heard))

    def do_environment(self) -> None:
        server = self.server
        prefix = self.client_class.preset.env_prefix
        environment = {
            f"{prefix}_API_KEY": server["apiKey"],
            f"{prefix}_ORG_ID": server["organizationId"],
            f"{prefix}_BASE_URL": server["baseUrl"],
        }
        with patch.dict(os.environ, environment):
            client = self.client_class()
        self.addCleanup(client.close)
        self.check_heard(self.ask(client, "allowed"), "allowed")

    def do_bodies(self) -> None:
        client, ask = self.client(api_key=self.server["apiKey"]), self.server["forbidden"]
        text = self.case["input"]["body"]
        headers = {"content-type": "application/json"}
        heard = client.request(ask["method"], ask["path"], body=text, headers=headers).json()
        self.assertEqual(heard["body"], text)
        self.check_heard(heard, "forbidden")
        heard = client.request(ask["method"], ask["path"], json=json.loads(text)).json()
        self.assertEqual(json.loads(heard["body"]), json.loads(text))

    def do_refresh(self) -> None:
        server = self.server
        auth = self.client(api_key=server["apiKey"]).auth
        first = auth.get_token(email=server["email"], password=server["password"])
        then = auth.refresh(first.refresh_token)
        self.ask(self.client(access_token=then.access_token), "allowed")
        with self.assertRaises(GatehouseError) as caught:
            auth.refresh(first.refresh_token)
        self.assertEqual(type(caught.exception).__name__, self.case["expect"]["error"])

    def do_no_refresh_token(self) -> None:
        auth = self.client(api_key=self.server["apiKey"]).auth
        for none in ("", None):
            with self.assertRaises(GatehouseError) as caught:
                auth.refresh(none)
            self.assertEqual(type(caught.exception).__name__, self.case["expect"]["error"])

    def do_webhook(self) -> None:
        webhook = self.server["webhook"]
        payload, headers, secret = webhook["payload"], webhook["headers"], webhook["secret"]
        tolerance = {"tolerance_seconds": 3600.0}
        verify = self.client_class.verify_webhook
        self.assertEqual(verify(payload, headers, secret, **tolerance).id, headers["webhook-id"])
        own = {name: value for name, value in headers.items() if not name.startswith("webhook-")}
        self.assertTrue(verify(payload, own, secret, **tolerance).timestamp)
        with self.assertRaises(WebhookVerificationError) as caught:
            verify(payload + " ", headers, secret, **tolerance)
        self.assertEqual(caught.exception.reason, self.case["expect"]["reason"])

    def verdict(self, headers: Dict[str, str], audience: str = "") -> Any:
        server = self.server
        verifier = IdentityVerifier(issuer=server["issuer"], audience=audience or server["audience"])
        return asyncio.run(verifier.verify({name: [value] for name, value in headers.items()}))

    def do_assertion(self) -> None:
        server = self.server
        heard = self.ask(self.client(api_key=server["apiKey"]), "allowed")
        assertion: str = heard["headers"]["x-gatehouse-assertion"]
        forwarded = {"x-gatehouse-assertion": assertion}
        caller = self.verdict(forwarded)
        assert isinstance(caller, Principal), caller
        expected = (self.case["expect"]["kind"], server["organizationId"])
        self.assertEqual((caller.kind, caller.organization_id), expected)
        self.assertIn(server["allowed"]["scope"], caller.scopes)
        self.assertNotIsInstance(self.verdict(forwarded, "https://else.example.com"), Principal)
        self.assertNotIsInstance(self.verdict({"x-gatehouse-assertion": forged(assertion)}), Principal)
        self.assertNotIsInstance(self.verdict({"authorization": f"Bearer {assertion}"}), Principal)

    def do_access_token(self) -> None:
        server = self.server
        token: str = server["accessToken"]
        caller = self.verdict({"authorization": f"Bearer {token}"})
        assert isinstance(caller, Principal), caller
        expected = (self.case["expect"]["kind"], server["clientId"], server["organizationId"])
        self.assertEqual((caller.kind, caller.subject, caller.organization_id), expected)
        self.assertNotIsInstance(self.verdict({"authorization": f"Bearer {token}x"}), Principal)
        self.assertNotIsInstance(self.verdict({"x-gatehouse-assertion": token}), Principal)


class Live(OnPlatform):
    """What only Python has."""

    def test_the_async_twin_calls_many_times_at_once(self) -> None:
        server = self.server

        async def play() -> None:
            async with self.async_class(
                client_id=server["clientId"],
                client_secret=server["clientSecret"],
                organization_id=server["organizationId"],
                base_url=server["baseUrl"],
                environ={},
            ) as client:
                ask = server["allowed"]
                calls = (client.request(ask["method"], ask["path"]) for _ in range(10))
                answers = await asyncio.gather(*calls)
                self.assertEqual({answer.status for answer in answers}, {200})

        asyncio.run(play())

    def test_an_application_behind_the_gate_knows_its_callers(self) -> None:
        server = self.server
        heard = self.ask(self.client(api_key=server["apiKey"]), "allowed")
        assertion: str = heard["headers"]["x-gatehouse-assertion"]
        verifier = IdentityVerifier(issuer=server["issuer"], audience=server["audience"])
        with serving(application(verifier, server["allowed"]["scope"])) as address:

            def ask(**headers: str) -> httpx.Response:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                return httpx.get(f"http://{address}/notes/", headers=named)

            by_key = ask(x_gatehouse_assertion=assertion).json()
            self.assertEqual((by_key["kind"], by_key["organization_id"]), ("api_key", server["organizationId"]))
            by_token = ask(authorization=f"Bearer {server['accessToken']}").json()
            self.assertEqual((by_token["kind"], by_token["subject"]), ("access_token", server["clientId"]))
            self.assertEqual(ask().status_code, 401)
            self.assertEqual(ask(x_gatehouse_assertion=forged(assertion)).status_code, 401)


def forged(jwt: str) -> str:
    """The same signature below other claims."""
    header, claims, signature = jwt.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    changed = json.dumps({**said, "org_id": "another"}).encode()
    return ".".join([header, base64.urlsafe_b64encode(changed).decode().rstrip("="), signature])


def load_tests(loader: unittest.TestLoader, *_: object) -> unittest.TestSuite:
    suite = unittest.TestSuite()
    for name in CLIENTS:
        for case in cases("live.json"):
            suite.addTest(type(f"Scenario_{name}", (Scenario,), {"name": name, "case": case})())
        suite.addTests(loader.loadTestsFromTestCase(type(f"Live_{name}", (Live,), {"name": name})))
    return suite
