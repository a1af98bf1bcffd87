import asyncio
import unittest
from typing import Any, Dict, List, Optional

import httpx

from gatehouse_client import ConfigurationError
from gatehouse_client.asgi import GatehouseMiddleware, RequireScope, principal_of
from gatehouse_client.identity import IdentityVerifier, Principal, Refusal

from .vectors import load

VECTORS = load("assertions.json")
HEADERS = {"assertion": "x-gatehouse-assertion", "bearer": "authorization"}


class KeyServer:
    """The issuer's /oauth/jwks."""

    def __init__(self) -> None:
        self.key_set = "both"
        self.fetches = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == f"{VECTORS['issuer']}/oauth/jwks"
        self.fetches += 1
        # Others get their turn while this one is under way.
        await asyncio.sleep(0)
        if self.key_set == "down":
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json=VECTORS["keySets"][self.key_set])


def verifier_with(server: KeyServer, clock: Any, **more: Any) -> IdentityVerifier:
    return IdentityVerifier(
        issuer=VECTORS["issuer"],
        audience=VECTORS["audience"],
        http_client=httpx.AsyncClient(transport=httpx.MockTransport(server)),
        clock=clock,
        **more,
    )


def headers_for(where: str, token: str) -> Dict[str, List[str]]:
    if not token:
        return {}
    return {HEADERS[where]: [f"Bearer {token}" if where == "bearer" else token]}


class Recorder:
    """An ASGI application that notes who called, and what was answered."""

    def __init__(self) -> None:
        self.principals: List[Optional[Principal]] = []
        self.sent: List[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.principals.append(principal_of(scope))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def receive(self) -> Any:
        return {"type": "websocket.connect"}

    def header(self, name: str) -> Optional[str]:
        found = [value for key, value in self.sent[0]["headers"] if key == name.encode()]
        assert len(found) <= 1
        return found[0].decode() if found else None


def scope_with(headers: Dict[str, List[str]], **more: Any) -> Dict[str, Any]:
    pairs = [(name.encode(), value.encode()) for name, values in headers.items() for value in values]
    return {"type": "http", "headers": pairs, **more}


class Assertions(unittest.TestCase):
    def test_every_case_of_assertions_json_through_the_middleware(self) -> None:
        for case in VECTORS["cases"]:
            with self.subTest(case["name"]):
                asyncio.run(self._check(case["input"], case["expect"]))

    async def _check(self, given: Any, expect: Any) -> None:
        server, recorder = KeyServer(), Recorder()
        server.key_set = given.get("jwks", "both")
        verifier = verifier_with(server, lambda: VECTORS["now"])
        app = GatehouseMiddleware(RequireScope(recorder, *given.get("requireScopes", [])), verifier=verifier)
        await app(scope_with(headers_for(given["header"], given["token"])), recorder.receive, recorder.send)
        status, challenge = recorder.sent[0]["status"], recorder.header("www-authenticate")
        if "principal" in expect:
            self.assertEqual(status, 204)
            self.assertEqual([described(found) for found in recorder.principals], [expect["principal"]])
            return
        self.assertEqual(recorder.principals, [])
        if expect.get("forbidden"):
            scopes = " ".join(given["requireScopes"])
            self.assertEqual((status, challenge), (403, f'Bearer error="insufficient_scope", scope="{scopes}"'))
        else:
            error = expect["challenge"]
            wanted = "Bearer" if error is None else f'Bearer error="{error}"'
            self.assertEqual((status, challenge), (401, wanted))

    def test_every_case_of_caching(self) -> None:
        for case in VECTORS["caching"]:
            with self.subTest(case["name"]):
                asyncio.run(self._check_caching(case["steps"]))

    async def _check_caching(self, steps: Any) -> None:
        server, now = KeyServer(), [0]
        verifier = verifier_with(server, lambda: now[0])
        for step in steps:
            now[0], server.key_set = VECTORS["now"] + step["at"], step["jwks"]
            headers = headers_for("bearer", step["token"])
            verdicts = await asyncio.gather(*(verifier.verify(headers) for _ in range(step.get("atOnce", 1))))
            self.assertEqual({result_of(verdict) for verdict in verdicts}, {step["result"]})
            self.assertEqual(server.fetches, step["fetches"])


def described(principal: Optional[Principal]) -> Any:
    assert principal is not None
    return {
        "kind": principal.kind,
        "id": principal.id,
        "subject": principal.subject,
        "organizationId": principal.organization_id,
        "environment": principal.environment,
        "scopes": list(principal.scopes),
        "plan": principal.plan,
    }


def result_of(verdict: Any) -> str:
    if not isinstance(verdict, Refusal):
        return "ok"
    return "unavailable" if verdict.status == 503 else "refused"


def token_of(name: str) -> str:
    return next(case["input"]["token"] for case in VECTORS["cases"] if case["name"] == name)


class Middleware(unittest.TestCase):
    def answer(self, scope: Dict[str, Any], **more: Any) -> Recorder:
        recorder = Recorder()
        verifier = verifier_with(KeyServer(), lambda: VECTORS["now"], **more)
        app = GatehouseMiddleware(recorder, verifier=verifier)
        asyncio.run(app(scope, recorder.receive, recorder.send))
        return recorder

    def test_a_header_that_comes_twice_is_refused(self) -> None:
        assertion, token = token_of("an assertion"), token_of("an access token")
        twice = {"x-gatehouse-assertion": [assertion, assertion]}, {"authorization": [f"Bearer {token}"] * 2}
        for headers in twice:
            with self.subTest(list(headers)):
                recorder = self.answer(scope_with(headers))
                self.assertEqual((recorder.sent[0]["status"], recorder.principals), (401, []))

    def test_a_bad_assertion_is_not_made_good_by_a_token_beside_it(self) -> None:
        headers = {
            "x-gatehouse-assertion": ["nonsense"],
            "authorization": [f"Bearer {token_of('an access token')}"],
        }
        self.assertEqual(self.answer(scope_with(headers)).principals, [])

    def test_what_is_not_accepted_does_not_count(self) -> None:
        assertion = headers_for("assertion", token_of("an assertion"))
        token = headers_for("bearer", token_of("an access token"))
        self.assertEqual(self.answer(scope_with(token), accept=["assertion"]).principals, [])
        self.assertEqual(self.answer(scope_with(assertion), accept=["access_token"]).principals, [])

    def test_a_principal_that_was_there_before_does_not_count(self) -> None:
        forged = Principal(kind="api_key", id="k", subject="s")
        scope = scope_with(headers_for("assertion", token_of("an assertion")))
        recorder = self.answer({**scope, "gatehouse.principal": forged})
        self.assertEqual([found and found.id for found in recorder.principals], ["key_1"])

    def test_a_websocket_is_asked_too(self) -> None:
        refused = self.answer({"type": "websocket", "headers": []})
        self.assertEqual(refused.principals, [])
        self.assertEqual((refused.sent[0]["type"], refused.sent[0]["code"]), ("websocket.close", 1008))
        answered = self.answer(
            {"type": "websocket", "headers": [], "extensions": {"websocket.http.response": {}}}
        )
        self.assertEqual(answered.sent[0]["type"], "websocket.http.response.start")
        self.assertEqual(answered.sent[0]["status"], 401)
        good = scope_with(headers_for("assertion", token_of("an assertion")), type="websocket")
        self.assertEqual(len(self.answer(good).principals), 1)

    def test_the_lifespan_passes(self) -> None:
        self.assertEqual(self.answer({"type": "lifespan"}).principals, [None])

    def test_a_scope_is_not_granted_where_nobody_verified_anything(self) -> None:
        recorder = Recorder()
        asyncio.run(RequireScope(recorder, "a")(scope_with({}), recorder.receive, recorder.send))
        self.assertEqual((recorder.sent[0]["status"], recorder.principals), (401, []))

    def test_a_refusal_is_not_stored_by_anybody(self) -> None:
        recorder = self.answer(scope_with({}))
        self.assertEqual(recorder.header("cache-control"), "no-store")

    def test_options_that_accept_nothing_are_refused(self) -> None:
        for wrong in ({"accept": []}, {"accept": "assertion"}, {"accept": ["key"]}):
            with self.subTest(wrong), self.assertRaises(ConfigurationError):
                verifier_with(KeyServer(), lambda: 0, **wrong)
        with self.assertRaises(ConfigurationError):
            IdentityVerifier(issuer="https://auth.example.com", audience="")
