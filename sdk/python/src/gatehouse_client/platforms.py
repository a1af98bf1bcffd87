"""The clients of the four platforms."""

from __future__ import annotations

from .async_client import AsyncClient
from .client import Client
from .preset import PRESETS


class KliqClient(Client):
    """Reads KLIQ_API_KEY and its companions."""

    preset = PRESETS["kliq"]


class Kaie(Client):
    """Reads KAIE_API_KEY and its companions."""

    preset = PRESETS["kaie"]


class Klen(Client):
    """Reads KLEN_API_KEY and its companions."""

    preset = PRESETS["klen"]


class Kloakd(Client):
    """Reads KLOAKD_API_KEY, KLOAKD_ORG_ID and their companions."""

    preset = PRESETS["kloakd"]


class AsyncKliqClient(AsyncClient):
    """As KliqClient, for asyncio."""

    preset = PRESETS["kliq"]


class AsyncKaie(AsyncClient):
    """As Kaie, for asyncio."""

    preset = PRESETS["kaie"]


class AsyncKlen(AsyncClient):
    """As Klen, for asyncio."""

    preset = PRESETS["klen"]


class AsyncKloakd(AsyncClient):
    """As Kloakd, for asyncio."""

    preset = PRESETS["kloakd"]
