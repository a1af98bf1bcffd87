"""
Against started Gatehouses, one for each platform file: GATEHOUSE_LIVE names the JSON that sdk/live/start.ts
wrote. Not found by discovery: python -m unittest tests.live
"""

import asyncio
import base64
import json
import os
import unittest
from pathlib import Path
from typing import Any, Dict
from unittest.mock import patch

import httpx

import gatehouse_client
from gatehouse_client import (
    AuthenticationError,
    ForbiddenError,
    NotEntitledError,
    RateLimitError,
    WebhookVerificationError,
)
from gatehouse_client.identity import IdentityVerifier, Principal

from .serving import application, serving
from .vectors import CLIENTS

SERVERS: Dict[str, Any] = json.loads(Path(os.environ["GATEHOUSE_LIVE"]).read_text("utf-8"))


class Live(unittest.TestCase):
    """For one platform; load_tests makes it one for each."""

    name: str

    def setUp(self) -> None:
        self.server = SERVERS[self.name]
        self.client_class, self.async_class = CLIENTS[self.name]

    def client(self, **credential: Any) -> gatehouse_client.Client:
        server = self.server
        given: Dict[str, Any] = {"organization_id": server["organizationId"], "base_url": server["baseUrl"]}
        client = self.client_class(environ={}, **{**given, **credential})
        self.addCleanup(client.close)
        return client

    def ask(self, client: gatehouse_client.Client, ask: Any) -> Any:
        return client.request(ask["method"], ask["path"]).json()

    def test_a_key_calls_and_the_api_hears_for_whom(self) -> None:
        server = self.server
        heard = self.ask(self.client(api_key=server["apiKey"]), server["allowed"])
        self.assertEqual(heard["method"], server["allowed"]["method"])
        self.assertEqual(heard["headers"]["x-gatehouse-organization"], server["organizationId"])

    def test_the_environment_alone_is_enough(self) -> None:
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
        self.ask(client, server["allowed"])

    def test_a_body_arrives_as_it_was_sent(self) -> None:
        server = self.server
        client, ask = self.client(api_key=server["apiKey"]), server["forbidden"]
        text = '{ "text": "Grüße, 世界" }'
        headers = {"content-type": "application/json"}
        heard = client.request(ask["method"], ask["path"], body=text, headers=headers).json()
        self.assertEqual(heard["body"], text)
        heard = client.request(ask["method"], ask["path"], json=json.loads(text)).json()
        self.assertEqual(json.loads(heard["body"]), json.loads(text))

    def test_an_unknown_key_and_a_mistyped_one_are_an_authentication_error(self) -> None:
        server = self.server
        for key in (server["wrongApiKey"], server["mistypedApiKey"]):
            client = self.client(api_key=key)
            with self.assertRaises(AuthenticationError) as caught:
                self.ask(client, server["allowed"])
            error = caught.exception
            self.assertEqual((error.status, error.reason), (401, "invalid_api_key"))
            self.assertTrue(error.request_id)
            self.assertNotIn(key, repr(error) + repr(vars(error)))

    def test_a_key_without_the_scope_is_forbidden(self) -> None:
        server = self.server
        client = self.client(api_key=server["narrowApiKey"])
        self.ask(client, server["allowed"])
        with self.assertRaises(ForbiddenError) as caught:
            self.ask(client, server["forbidden"])
        self.assertEqual(caught.exception.reason, "insufficient_permission")

    def test_another_organization_is_forbidden(self) -> None:
        server = self.server
        if "{organization}" not in server["allowed"]["path"]:
            self.skipTest("no organization in its paths")
        client = self.client(api_key=server["apiKey"], organization_id=server["otherOrganizationId"])
        with self.assertRaises(ForbiddenError) as caught:
            self.ask(client, server["allowed"])
        self.assertNotIsInstance(caught.exception, NotEntitledError)
        self.assertEqual(caught.exception.reason, "organization_mismatch")

    def test_what_the_plan_lacks_is_not_entitled(self) -> None:
        server = self.server
        if server["notEntitled"] is None:
            self.skipTest("no plans")
        with self.assertRaises(NotEntitledError) as caught:
            self.ask(self.client(api_key=server["apiKey"]), server["notEntitled"])
        self.assertEqual(caught.exception.reason, "not_entitled")

    def test_client_credentials_fetch_their_own_token(self) -> None:
        server = self.server
        pair = {"client_id": server["clientId"], "client_secret": server["clientSecret"]}
        self.ask(self.client(**pair), server["allowed"])
        with self.assertRaises(AuthenticationError) as caught:
            wrong = self.client(**{**pair, "client_secret": "wrong"})
            self.ask(wrong, server["allowed"])
        self.assertEqual(caught.exception.code, "invalid_client")

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

    def test_email_and_password_buy_tokens_where_the_platform_has_them(self) -> None:
        server = self.server
        if not server["hasUserTokens"]:
            self.skipTest("no tokens of users")
        pair = {"email": server["email"], "password": server["password"]}
        self.ask(self.client(**pair), server["allowed"])
        kliq = self.client(api_key=server["apiKey"])
        tokens = kliq.auth.get_token(**pair)
        self.ask(self.client(access_token=tokens.access_token), server["allowed"])
        new_tokens = kliq.auth.refresh(tokens.refresh_token)
        self.ask(self.client(access_token=new_tokens.access_token), server["allowed"])
        with self.assertRaises(AuthenticationError):
            kliq.auth.get_token(email=server["email"], password="wrong")

    def test_a_used_up_limit_says_for_how_long(self) -> None:
        server = self.server
        if server["limitedApiKey"] is None:
            self.skipTest("no limits of keys")
        client = self.client(api_key=server["limitedApiKey"], max_retries=0)
        with self.assertRaises(RateLimitError) as caught:
            # Two in one minute are one too many; a minute may begin between any two.
            for _ in range(4):
                self.ask(client, server["allowed"])
        self.assertEqual(caught.exception.reason, "rate_limited")
        self.assertGreaterEqual(caught.exception.retry_after or 0, 1)

    def test_a_delivery_is_verified_as_gatehouse_signs_it(self) -> None:
        server = self.server
        webhook = server["webhook"]
        tolerance = {"tolerance_seconds": 3600.0}
        verify = self.client_class.verify_webhook
        self.assertTrue(verify(webhook["payload"], webhook["headers"], webhook["secret"], **tolerance).id)
        own = self.client_class.preset.webhook.header
        only_own = {key: value for key, value in webhook["headers"].items() if key.lower() == own.lower()}
        self.assertTrue(verify(webhook["payload"], only_own, webhook["secret"], **tolerance).timestamp)
        with self.assertRaises(WebhookVerificationError):
            verify(webhook["payload"] + " ", webhook["headers"], webhook["secret"], **tolerance)

    def test_the_middleware_believes_what_the_gate_forwarded_and_a_token_by_the_servers_keys(self) -> None:
        server = self.server
        heard = self.ask(self.client(api_key=server["apiKey"]), server["allowed"])
        forwarded = {"x-gatehouse-assertion": [heard["headers"]["x-gatehouse-assertion"]]}
        principal = verdict(server, forwarded)
        assert isinstance(principal, Principal), principal
        self.assertEqual((principal.kind, principal.organization_id), ("api_key", server["organizationId"]))
        self.assertIn(server["allowed"]["scope"], principal.scopes)
        token = access_token(server)
        of_token = verdict(server, {"authorization": [f"Bearer {token}"]})
        assert isinstance(of_token, Principal), of_token
        self.assertEqual((of_token.kind, of_token.subject), ("access_token", server["clientId"]))
        # Neither passes for the other.
        self.assertNotIsInstance(verdict(server, {"x-gatehouse-assertion": [token]}), Principal)

    def test_an_application_behind_the_gate_knows_its_callers(self) -> None:
        server = self.server
        heard = self.ask(self.client(api_key=server["apiKey"]), server["allowed"])
        assertion: str = heard["headers"]["x-gatehouse-assertion"]
        verifier = IdentityVerifier(issuer=server["issuer"], audience=server["audience"])
        with serving(application(verifier, server["allowed"]["scope"])) as address:

            def ask(**headers: str) -> httpx.Response:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                return httpx.get(f"http://{address}/notes/", headers=named)

            by_key = ask(x_gatehouse_assertion=assertion).json()
            self.assertEqual((by_key["kind"], by_key["organization_id"]), ("api_key", server["organizationId"]))
            by_token = ask(authorization=f"Bearer {access_token(server)}").json()
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
        one = type(f"Live_{name}", (Live,), {"name": name})
        suite.addTests(loader.loadTestsFromTestCase(one))
    return suite


def verdict(server: Any, headers: Any) -> Any:
    verifier = IdentityVerifier(issuer=server["issuer"], audience=server["audience"])
    return asyncio.run(verifier.verify(headers))


def access_token(server: Any) -> str:
    answer = httpx.post(
        f"{server['issuer']}/oauth/token",
        auth=(server["clientId"], server["clientSecret"]),
        data={"grant_type": "client_credentials"},
    )
    token: str = answer.json()["access_token"]
    return token
