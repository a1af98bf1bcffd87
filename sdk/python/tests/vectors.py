"""The shared test vectors: sdk/vectors/README.md says what they are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List

import gatehouse_client

DIRECTORY = Path(__file__).resolve().parents[2] / "vectors"

CLIENTS = {
    "kliq": (gatehouse_client.KliqClient, gatehouse_client.AsyncKliqClient),
    "kaie": (gatehouse_client.Kaie, gatehouse_client.AsyncKaie),
    "klen": (gatehouse_client.Klen, gatehouse_client.AsyncKlen),
    "kloakd": (gatehouse_client.Kloakd, gatehouse_client.AsyncKloakd),
}


def load(name: str) -> Any:
    return json.loads((DIRECTORY / name).read_text(encoding="utf-8"))


def cases(name: str) -> List[Any]:
    found = load(name)["cases"]
    assert found, f"{name} has no cases"
    return found


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: "_" + found.group(1).lower(), name)


def options(given: Dict[str, Any]) -> Dict[str, Any]:
    """The options of a case, as Python spells them."""
    return {snake(name): value for name, value in given.items()}


def squeezed(error: Exception) -> str:
    """As the vectors compare texts: in lower case, without underscores."""
    return str(error).lower().replace("_", "")
