import time
import unittest
from typing import Any, Dict, List, Optional, Tuple, Union

import httpx

from .serving import application, handshake, serving
from .test_assertions import VECTORS, KeyServer, token_of, verifier_with

Headers = Union[Dict[str, str], List[Tuple[str, str]]]


class RealServer(unittest.TestCase):
    """The middleware as uvicorn and Starlette run it."""

    address: str
    keys: KeyServer

    @classmethod
    def setUpClass(cls) -> None:
        cls.keys = KeyServer()
        verifier = verifier_with(cls.keys, lambda: VECTORS["now"])
        running = serving(application(verifier, "notes:read"))
        cls.address = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)

    def get(self, path: str, headers: Optional[Headers] = None) -> httpx.Response:
        return httpx.get(f"http://{self.address}{path}", headers=headers)

    def assertion(self, name: str = "an assertion") -> Dict[str, str]:
        return {"X-Gatehouse-Assertion": token_of(name)}

    def test_the_application_knows_whom_the_gate_vouches_for(self) -> None:
        answer = self.get("/who", self.assertion())
        self.assertEqual((answer.status_code, answer.json()["id"]), (200, "key_1"))
        bearer = {"Authorization": f"Bearer {token_of('an access token')}"}
        self.assertEqual(self.get("/who", bearer).json()["kind"], "access_token")

    def test_nobody_forged_and_expired_are_refused_before_the_application(self) -> None:
        for name in ("expired 5 s ago", "signed by a stranger", "a changed payload", "for another audience"):
            with self.subTest(name):
                answer = self.get("/who", self.assertion(name))
                self.assertEqual((answer.status_code, answer.json()["error"]), (401, "invalid_token"))
                self.assertEqual(answer.headers["www-authenticate"], 'Bearer error="invalid_token"')
        nobody = self.get("/who", {"X-Gatehouse-Subject": "user_1"})
        self.assertEqual((nobody.status_code, nobody.headers["www-authenticate"]), (401, "Bearer"))
        self.assertEqual(nobody.headers["cache-control"], "no-store")
        self.assertEqual(self.get("/nowhere").status_code, 401)

    def test_two_assertions_are_none(self) -> None:
        assertion = token_of("an assertion")
        twice = [("X-Gatehouse-Assertion", assertion)] * 2
        self.assertEqual(self.get("/who", twice).status_code, 401)

    def test_a_mounted_application_asks_for_its_scope(self) -> None:
        self.assertEqual(self.get("/notes/", self.assertion()).status_code, 200)
        forbidden = self.get("/notes/", self.assertion("without scopes"))
        self.assertEqual(forbidden.status_code, 403)
        self.assertIn('scope="notes:read"', forbidden.headers["www-authenticate"])

    def test_a_websocket_is_opened_to_whom_the_gate_vouches_for_alone(self) -> None:
        status, answer = handshake(self.address, self.assertion())
        self.assertEqual(status, 101)
        self.assertIn(b'"key_1"', answer)
        for headers in ({}, self.assertion("signed by a stranger")):
            status, answer = handshake(self.address, headers)
            self.assertEqual(status, 401, answer)
            self.assertIn(b"www-authenticate: bearer", answer.lower())


class WithoutKeys(unittest.TestCase):
    def test_the_answer_says_when_to_come_again(self) -> None:
        keys = KeyServer()
        keys.key_set = "down"
        verifier = verifier_with(keys, time.time)
        with serving(application(verifier, "notes:read")) as address:
            headers = {"X-Gatehouse-Assertion": token_of("an assertion")}
            answer: Any = httpx.get(f"http://{address}/who", headers=headers)
        self.assertEqual((answer.status_code, answer.headers["retry-after"]), (503, "2"))
