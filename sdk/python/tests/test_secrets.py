import copy
import io
import json
import logging
import pickle
import pprint
import traceback
import unittest
from typing import Any, Dict, List

import httpx

from gatehouse_client import ConnectionError, GatehouseError

from .fakes import RUNNERS, outcome_of
from .vectors import CLIENTS

HIDDEN = "hidden-8d1f"

METHODS: List[Dict[str, str]] = [
    {"api_key": HIDDEN},
    {"access_token": HIDDEN},
    {"client_id": "c", "client_secret": HIDDEN},
    {"email": "ada@example.com", "password": HIDDEN},
]


class Secrets(unittest.TestCase):
    def test_no_way_of_printing_a_client_shows_a_secret(self) -> None:
        for method in METHODS:
            for client_class in CLIENTS["kliq"]:
                with self.subTest(sorted(method), client=client_class.__name__):
                    client = client_class(environ={}, **method)
                    shown = [str(client), repr(client), f"{client}", pprint.pformat(everything_in(client))]
                    shown.append(json.dumps(everything_in(client), default=repr))
                    self.assertEqual([text for text in shown if HIDDEN in text], [])
                    for write in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
                        with self.assertRaises(TypeError):
                            write(client)

    def test_no_log_of_a_call_shows_a_secret(self) -> None:
        for method in METHODS:
            for runner in RUNNERS:
                with self.subTest(sorted(method), client=runner.name):
                    self.assertNotIn(HIDDEN, self._logged(runner, method, lambda _: grant()))
                    self.assertNotIn(HIDDEN, self._logged(runner, method, lambda _: httpx.Response(401)))
                    self.assertNotIn(HIDDEN, self._logged(runner, method, broken))

    def _logged(self, runner: Any, method: Dict[str, str], handler: Any) -> str:
        text, root = io.StringIO(), logging.getLogger()
        stream, level = logging.StreamHandler(text), root.level
        root.addHandler(stream)
        root.setLevel(logging.DEBUG)
        try:
            client = runner.make("kliq", handler, environ={}, max_retries=0, **method)
            logging.debug("%r", runner.request(client, method="GET", path="/x"))
        finally:
            root.removeHandler(stream)
            root.setLevel(level)
        return text.getvalue()

    def test_no_error_leads_to_a_request_with_its_headers(self) -> None:
        """httpx's errors hold the request: a reporter of errors that walks the chain would find the key."""
        for runner in RUNNERS:
            for method in METHODS:
                with self.subTest(sorted(method), client=runner.name):
                    client = runner.make("kliq", broken, environ={}, max_retries=0, **method)
                    error = runner.request(client, method="GET", path="/x")
                    self.assertIsInstance(error, ConnectionError)
                    self.assertIsNone(error.__cause__)
                    context = error.__context__
                    self.assertFalse(isinstance(context, httpx.HTTPError))
                    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
                    self.assertNotIn(HIDDEN, text + repr(vars(error)))

    def test_a_refusal_of_the_configuration_shows_no_secret(self) -> None:
        for client_class in CLIENTS["kliq"]:
            for wrong in ({"api_key": f"{HIDDEN}\n"}, {"api_key": HIDDEN, "access_token": HIDDEN}):
                error = outcome_of(lambda: client_class(environ={}, **wrong))
                self.assertIsInstance(error, GatehouseError)
                self.assertNotIn(HIDDEN, repr(error) + repr(vars(error)))


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("broken", request=request)


def grant() -> httpx.Response:
    return httpx.Response(200, json={"access_token": HIDDEN, "accessToken": HIDDEN, "refreshToken": HIDDEN})


def everything_in(value: Any, depth: int = 8) -> Any:
    """The attributes of an object, and of theirs, as a curious log would go through them."""
    is_ours = type(value).__module__.startswith(("gatehouse_client", "tests"))
    if depth == 0 or not (is_ours and hasattr(value, "__dict__")):
        return repr(value)
    return {name: everything_in(inner, depth - 1) for name, inner in vars(value).items() if name != "_client"}
