import copy
import pickle
import unittest

import httpx

import gatehouse_client
from gatehouse_client import ForbiddenError, NotEntitledError, RateLimitError

from .fakes import RUNNERS, answer, printed
from .vectors import cases

FIELDS = {
    "reason": "reason",
    "status": "status",
    "code": "code",
    "requestId": "request_id",
    "retryAfter": "retry_after",
}


class Errors(unittest.TestCase):
    def test_every_case_of_errors_json_both_clients(self) -> None:
        for case in cases("errors.json"):
            given, expect = case["input"], case["expect"]
            secret = given.get("secret", "hush")
            credential = {"api_key" if given["credential"] == "api_key" else "access_token": secret}
            for runner in RUNNERS:
                with self.subTest(case["name"], client=runner.name):
                    client = runner.make(
                        given["preset"],
                        lambda _: answer(given["answer"]),
                        clock=lambda: given.get("now", 0),
                        max_retries=0,
                        environ={},
                        **credential,
                    )
                    error = runner.request(client, method="GET", path="/x")
                    self.assertIs(type(error), getattr(gatehouse_client, expect["class"]))
                    for name, attribute in FIELDS.items():
                        if name in expect:
                            self.assertEqual(getattr(error, attribute), expect[name], name)
                    if expect.get("message") is not None:
                        self.assertEqual(error.message, expect["message"])
                    self.assertTrue(str(error))
                    if len(secret) >= 8:
                        self.assertNotIn(secret, printed(error))

    def test_the_documents_own_error_names_are_classes(self) -> None:
        """KLOAKD: AuthenticationError, ForbiddenError, NotEntitledError, RateLimitError."""
        self.assertTrue(issubclass(NotEntitledError, ForbiddenError))
        for name in ("AuthenticationError", "ForbiddenError", "NotEntitledError", "RateLimitError"):
            self.assertTrue(issubclass(getattr(gatehouse_client, name), gatehouse_client.GatehouseError))

    def test_an_error_survives_a_queue_between_processes(self) -> None:
        error = RateLimitError("Wait", reason="rate_limited", status=429, retry_after=9, request_id="r1")
        for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            self.assertIs(type(twin), RateLimitError)
            self.assertEqual((str(twin), vars(twin)), (str(error), vars(error)))

    def test_a_body_nested_beyond_reason_is_still_an_answer(self) -> None:
        for runner in RUNNERS:
            with self.subTest(client=runner.name):
                client = runner.make("klen", lambda _: httpx.Response(401, text="[" * 200_000), api_key="k", environ={})
                self.assertEqual(runner.request(client, method="GET", path="/x").reason, "invalid_api_key")
