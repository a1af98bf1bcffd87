import unittest

from gatehouse_client import ConfigurationError

from .vectors import CLIENTS, cases, options, snake, squeezed


class Config(unittest.TestCase):
    def test_every_case_of_config_json_both_clients(self) -> None:
        for case in cases("config.json"):
            given, expect = case["input"], case["expect"]
            for client_class in CLIENTS[given["preset"]]:
                with self.subTest(case["name"], client=client_class.__name__):
                    make = lambda: client_class(**options(given["options"]), environ=given["env"])  # noqa: E731
                    if "error" in expect:
                        self._refused(make, expect)
                        continue
                    client = make()
                    found = {
                        "method": client.method,
                        "organizationId": client.organization_id,
                        "baseUrl": client.base_url,
                    }
                    wanted = {name: value for name, value in expect.items()}
                    if "method" in wanted:
                        wanted["method"] = snake(wanted["method"])
                    self.assertEqual({name: found[name] for name in wanted}, wanted)

    def _refused(self, make, expect) -> None:
        with self.assertRaises(ConfigurationError) as caught:
            make()
        self.assertEqual(type(caught.exception).__name__, expect["error"])
        text = squeezed(caught.exception)
        for word in expect["mentions"]:
            self.assertIn(word, text)
        for word in expect.get("hides", []):
            self.assertNotIn(word, text)

    def test_the_environment_of_the_process_is_read(self) -> None:
        import os
        from unittest.mock import patch

        with patch.dict(os.environ, {"KLOAKD_API_KEY": "sk-live-1", "KLOAKD_ORG_ID": "org-1"}, clear=True):
            client = CLIENTS["kloakd"][0]()
        self.assertEqual((client.method, client.organization_id), ("api_key", "org-1"))

    def test_options_of_a_wrong_type_are_refused_before_anything_is_sent(self) -> None:
        for wrong in (
            {"api_key": 7},
            {"api_key": b"k"},
            {"api_key": "k", "max_retries": -1},
            {"api_key": "k", "max_retries": True},
            {"api_key": "k", "timeout": 0},
            {"api_key": "k", "timeout": float("nan")},
            {"api_key": "k", "scopes": "notes:read"},
            {"api_key": "k", "base_url": "https://example.com:port"},
            {"api_key": "k", "base_url": "https://[::1"},
            {"api_key": "k", "base_url": "https://"},
            {"api_key": "k", "token_url": "ftp://example.com"},
        ):
            with self.subTest(wrong), self.assertRaises(ConfigurationError):
                CLIENTS["kloakd"][0](environ={}, **wrong)
