"""The client that waits for each answer. One may be shared by any number of threads."""

from __future__ import annotations

import copy
import os
import random
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, ClassVar, Mapping, NoReturn, Optional, Sequence, Type, TypeVar, Union

import httpx

from ._answers import Response
from ._configuration import AccessToken, ApiKey, Configuration, configure
from ._flows import (
    Effect,
    Flow,
    Pause,
    Policy,
    Surroundings,
    TokenSource,
    TokenWanted,
    UserTokens,
    call,
    get_user_tokens,
    refresh_user_tokens,
)
from ._outgoing import Outgoing, Query, build_request
from ._secret import Secret
from ._sending import failure_of, late, to_httpx, to_response
from .errors import ConnectionError, GatehouseError
from .preset import Preset
from .webhooks import VerifiedWebhook, verify_webhook

Self = TypeVar("Self", bound="BaseClient")


class BaseClient:
    """What both clients are before they send anything."""

    preset: ClassVar[Preset]

    def __init__(
        self,
        *,
        options: Mapping[str, Optional[str]],
        token_url: Optional[str],
        scopes: Sequence[str],
        max_retries: int,
        timeout: float,
        clock: Callable[[], float],
        chance: Callable[[], float],
        environ: Optional[Mapping[str, str]],
    ) -> None:
        self._configuration = configure(
            self.preset,
            options,
            os.environ if environ is None else environ,
            token_url=token_url,
            scopes=scopes,
            max_retries=max_retries,
            timeout=timeout,
        )
        self._policy = Policy(self.preset, self._configuration, Surroundings(clock, chance))
        self._tokens = TokenSource(self._policy)

    @property
    def base_url(self) -> str:
        return self._configuration.base_url

    @property
    def organization_id(self) -> Optional[str]:
        return self._configuration.organization_id

    @property
    def method(self) -> str:
        """How it authenticates: api_key, access_token, client_credentials or password."""
        return self._configuration.credential.method

    @classmethod
    def verify_webhook(
        cls,
        payload: Union[bytes, str],
        headers: Mapping[str, str],
        secrets: Union[str, Sequence[str]],
        *,
        tolerance_seconds: float = 300,
        now: Optional[float] = None,
    ) -> VerifiedWebhook:
        """Checks a delivery of this platform's webhooks; no client is needed: see verify_webhook."""
        return verify_webhook(
            payload,
            headers,
            secrets,
            header=cls.preset.webhook.header,
            style=cls.preset.webhook.style,
            tolerance_seconds=tolerance_seconds,
            now=now,
        )

    def _call(self, method: str, path: str, more: Mapping[str, Any]) -> Flow:
        outgoing = build_request(self.preset, self._configuration, method, path, **more)
        fixed, sort = _fixed(self._configuration)
        return call(self._policy, outgoing, fixed, sort)

    def __repr__(self) -> str:
        shown = f"base_url={self.base_url!r}, method={self.method!r}, organization_id={self.organization_id!r}"
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client holds secrets: it is not written anywhere. Make a new one.")


def _fixed(configuration: Configuration) -> tuple[Optional[Secret], str]:
    credential = configuration.credential
    if isinstance(credential, ApiKey):
        return credential.secret, "api_key"
    return (credential.secret if isinstance(credential, AccessToken) else None), "token"


class Client(BaseClient):
    """
    Calls a platform's API. Subclass it with a preset, or take one of the four there are.

    Exactly one way to authenticate: api_key, access_token, client_id with client_secret, or, where the platform
    has tokens of users, email with password. Without any, <PREFIX>_API_KEY and its companions in the
    environment count; organization_id and base_url are each read there on their own.

    max_retries: how often a request is tried again. timeout: seconds, for each attempt.
    http_client: for proxies, certificates and tests; it is not closed with this client.
    clock, chance, sleep, environ: for tests.
    """

    def __init__(
        self,
        *,
        api_key: Optional[str] = None,
        access_token: Optional[str] = None,
        client_id: Optional[str] = None,
        client_secret: Optional[str] = None,
        email: Optional[str] = None,
        password: Optional[str] = None,
        organization_id: Optional[str] = None,
        base_url: Optional[str] = None,
        token_url: Optional[str] = None,
        scopes: Sequence[str] = (),
        max_retries: int = 2,
        timeout: float = 30.0,
        http_client: Optional[httpx.Client] = None,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], None] = time.sleep,
        environ: Optional[Mapping[str, str]] = None,
    ) -> None:
        super().__init__(
            options={
                "api_key": api_key,
                "access_token": access_token,
                "client_id": client_id,
                "client_secret": client_secret,
                "email": email,
                "password": password,
                "organization_id": organization_id,
                "base_url": base_url,
            },
            token_url=token_url,
            scopes=scopes,
            max_retries=max_retries,
            timeout=timeout,
            clock=clock,
            chance=chance,
            environ=environ,
        )
        self._owns_http = http_client is None
        self._http = http_client or httpx.Client(follow_redirects=False)
        self._sleep = sleep
        self._lock = threading.Lock()
        self._flight: Optional[Future[str]] = None
        self.auth = Auth(self)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Query] = None,
        headers: Optional[Mapping[str, str]] = None,
        json: Any = None,
        body: Union[bytes, str, None] = None,
        timeout: Optional[float] = None,
    ) -> Response:
        """
        Calls any method and path of the API.

        path: below the base URL; `{organization}` in it is the client's organization. query: None is left out,
        a list repeats the name. json: sent as JSON; body: sent as it is. timeout: seconds, for each attempt.

        Raises AuthenticationError, ForbiddenError, NotEntitledError, RateLimitError, ServerError,
        ConnectionError, TimeoutError or another GatehouseError.
        """
        more = dict(query=query, headers=headers, json=json, body=body, timeout=timeout)
        response: Response = self._run(self._call(method, path, more))
        return response

    def get(self, path: str, **more: Any) -> Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> Response:
        return self.request("POST", path, **more)

    def put(self, path: str, **more: Any) -> Response:
        return self.request("PUT", path, **more)

    def patch(self, path: str, **more: Any) -> Response:
        return self.request("PATCH", path, **more)

    def delete(self, path: str, **more: Any) -> Response:
        return self.request("DELETE", path, **more)

    def close(self) -> None:
        if self._owns_http:
            self._http.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, flow: Flow) -> Any:
        outcome: Any = None
        try:
            while True:
                outcome = self._carry_out(flow.send(outcome))
        except StopIteration as end:
            return end.value

    def _carry_out(self, effect: Effect) -> Any:
        if isinstance(effect, Outgoing):
            return self._send(effect)
        if isinstance(effect, TokenWanted):
            return self._token(effect.refused)
        return self._pause(effect)

    def _pause(self, pause: Pause) -> None:
        self._sleep(pause.seconds)

    def _send(self, outgoing: Outgoing) -> Union[Response, GatehouseError]:
        deadline = time.monotonic() + outgoing.timeout
        try:
            answer = self._http.send(to_httpx(outgoing), stream=True, auth=None, follow_redirects=False)
            try:
                content = bytearray()
                for chunk in answer.iter_bytes():
                    content += chunk
                    if time.monotonic() > deadline:
                        return late(outgoing)
            finally:
                answer.close()
        except httpx.HTTPError as error:
            return failure_of(error, outgoing)
        return to_response(answer, bytes(content))

    def _token(self, refused: Optional[str]) -> str:
        """One flight at a time: those who ask meanwhile get what it brings, or its error."""
        with self._lock:
            self._tokens.refuse(refused)
            token = self._tokens.good()
            if token is not None:
                return token
            flight, is_first = self._flight or Future(), self._flight is None
            self._flight = flight
        if not is_first:
            return flight.result()
        try:
            fetched: str = self._run(self._tokens.fetch())
        except BaseException as error:
            self._land()
            flight.set_exception(_for_others(error))
            raise
        self._land()
        flight.set_result(fetched)
        return fetched

    def _land(self) -> None:
        with self._lock:
            self._flight = None


def _for_others(error: BaseException) -> GatehouseError:
    """An error of their own, so that tracebacks don't mix; an interrupt is for one thread alone."""
    if isinstance(error, GatehouseError):
        return copy.copy(error)
    return ConnectionError("The request for a token was given up.")


class Auth:
    """Tokens of users, where the platform has them. Calls here carry no other credential."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get_token(
        self,
        *,
        email: str,
        password: str,
        organization_id: Optional[str] = None,
        scopes: Sequence[str] = (),
    ) -> UserTokens:
        """
        organization_id: for users who belong to several. scopes: default all that the user's role allows.
        Raises AuthenticationError when email or password is wrong.
        """
        client = self._client
        flow = get_user_tokens(client._policy, email, password, organization_id, tuple(scopes))
        tokens: UserTokens = client._run(flow)
        return tokens

    def refresh(self, refresh_token: Optional[str]) -> UserTokens:
        """
        Raises AuthenticationError when the refresh token was used before, or is not good any more, and
        ConfigurationError when there is none.
        """
        tokens: UserTokens = self._client._run(refresh_user_tokens(self._client._policy, refresh_token))
        return tokens


def create_platform_client(preset: Preset) -> Type[Client]:
    """The client class of a platform, from what distinguishes it."""
    return type(preset.name, (Client,), {"preset": preset})
