"""The documents' SDK examples, adapted only in the package's name; and the README's own."""

import json
import os
import re
import unittest
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from unittest.mock import patch

import httpx

import gatehouse_client
from gatehouse_client import PRESETS, AsyncClient, Client, Preset

from .fakes import RUNNERS
from .vectors import DIRECTORY, load

ROOT = Path(__file__).resolve().parents[1]


class Document(unittest.TestCase):
    def test_kloakd_sdk_configuration_python(self) -> None:
        from gatehouse_client import Kloakd

        client = Kloakd(
            api_key="sk-live-...",
            organization_id="your-org-uuid",
        )
        self.assertEqual((client.method, client.organization_id), ("api_key", "your-org-uuid"))

    def test_kloakd_environment_variables_are_read_when_no_explicit_value_is_passed(self) -> None:
        from gatehouse_client import Kloakd

        environment = {"KLOAKD_API_KEY": "sk-live-...", "KLOAKD_ORG_ID": "your-org-uuid"}
        with patch.dict(os.environ, environment, clear=True):
            client = Kloakd()
        self.assertEqual((client.method, client.organization_id), ("api_key", "your-org-uuid"))

    def test_kliq_jwt_tokens(self) -> None:
        """The document's own are in TypeScript: getToken, a client with the token, refresh."""

        def handler(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/v1/auth/token":
                return httpx.Response(200, json={"accessToken": "a1", "refreshToken": "r1"})
            if request.url.path == "/v1/auth/refresh":
                self.assertEqual(json.loads(request.content), {"refreshToken": "r1"})
                return httpx.Response(200, json={"accessToken": "a2", "refreshToken": "r2"})
            return httpx.Response(200, json={"authorization": request.headers["authorization"]})

        sync = RUNNERS[0]
        kliq = sync.make("kliq", handler, api_key="kliq_live_abc123", environ={})
        tokens = kliq.auth.get_token(email="user@example.com", password="your-password")
        kliq_auth = sync.make("kliq", handler, access_token=tokens.access_token, environ={})
        self.assertEqual(kliq_auth.get("/x").json(), {"authorization": "Bearer a1"})
        self.assertEqual(kliq.auth.refresh(tokens.refresh_token).access_token, "a2")


class Package(unittest.TestCase):
    def test_the_presets_are_those_of_the_vectors(self) -> None:
        own = Path(gatehouse_client.__file__).with_name("presets.json")
        self.assertEqual(json.loads(own.read_text("utf-8")), load("presets.json"), f"copy it from {DIRECTORY}")
        for name, data in load("presets.json")["presets"].items():
            classes = [data["className"], f"Async{data['className']}"]
            for class_name in classes:
                self.assertIs(getattr(gatehouse_client, class_name).preset, PRESETS[name])

    def test_everything_that_is_promised_is_there(self) -> None:
        for name in gatehouse_client.__all__:
            self.assertTrue(hasattr(gatehouse_client, name), name)
        self.assertEqual(len(set(gatehouse_client.__all__)), len(gatehouse_client.__all__))

    def test_the_version_is_the_packages(self) -> None:
        try:
            installed = version("gatehouse-client")
        except PackageNotFoundError:
            self.skipTest("not installed, but read from its sources")
        self.assertEqual(gatehouse_client.__version__, installed)

    def test_a_platform_of_ones_own_is_a_preset(self) -> None:
        preset = Preset(
            name="Notes",
            env_prefix="NOTES",
            base_url="https://api.example.com",
            organization_header="X-Organization",
            api_key_header="X-API-Key",
        )
        notes = gatehouse_client.create_platform_client(preset)
        async_notes = gatehouse_client.create_async_platform_client(preset)
        self.assertTrue(issubclass(notes, Client) and issubclass(async_notes, AsyncClient))
        client = notes(environ={"NOTES_API_KEY": "k", "NOTES_ORG_ID": "org-1"})
        shown = "Notes(base_url='https://api.example.com', method='api_key', organization_id='org-1')"
        self.assertEqual(repr(client), shown)

    def test_the_readmes_python_compiles_and_imports(self) -> None:
        blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
        self.assertGreater(len(blocks), 4)
        for block in blocks:
            with self.subTest(block.splitlines()[0]):
                compile(block, "README.md", "exec", flags=0x2000)  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
                for line in re.findall(r"^from gatehouse_client[\w.]* import .+$", block, re.MULTILINE):
                    exec(line, {})
