"""
What a call does, without doing it: generators that yield what is to be done and are sent what came of it.
The client and its async twin carry them out, each in its own way, and so cannot differ in anything else.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Generator, Mapping, Optional, Union

from ._answers import Response, error_of, fields_of
from ._configuration import ClientCredentials, Configuration, UserPassword, secret_in
from ._outgoing import Outgoing, form_encoded, form_text, own_headers, with_credential
from ._secret import Secret
from .errors import AuthenticationError, ConfigurationError, ConnectionError, GatehouseError
from .preset import Preset

IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
BASE_SECONDS = 0.5
CAP_SECONDS = 8.0
LONGEST_WAIT_SECONDS = 60
"""A longer Retry-After is for the caller to wait for."""
EARLY_SECONDS = 60
"""A token is fetched anew when no more than this is left of it."""
PRESUMED_SECONDS = 3600
"""For answers that don't say how long a token lasts (RFC 6749 §5.1 only recommends it)."""
LONGEST_SECONDS = 1e9
"""More than this says no more than this."""


@dataclass(frozen=True)
class Pause:
    seconds: float


@dataclass(frozen=True)
class TokenWanted:
    """refused: the API refused this one; another is wanted, unless there is another by now."""

    refused: Optional[str] = field(default=None, repr=False)


Effect = Union[Outgoing, Pause, TokenWanted]
# An Outgoing is answered with a Response or a ConnectionError, a TokenWanted with the token, a Pause with None.
Flow = Generator[Effect, Any, Any]


@dataclass(frozen=True)
class Surroundings:
    """Time and chance, replaced in tests. clock: seconds since the epoch. random: from 0 up to 1."""

    clock: Callable[[], float]
    random: Callable[[], float]


class Policy:
    """Whether and when a request is tried again."""

    def __init__(self, preset: Preset, configuration: Configuration, surroundings: Surroundings) -> None:
        self.preset = preset
        self.configuration = configuration
        self.surroundings = surroundings

    def send(self, outgoing: Outgoing) -> Generator[Effect, Any, Response]:
        """Raises GatehouseError for every answer outside 200 to 299, and for none."""
        waits = 0
        while True:
            outcome = yield outgoing
            error = self._error_in(outcome, outgoing)
            if error is None:
                return outcome  # type: ignore[no-any-return]
            wait = self._wait_after(error, outgoing.method, waits)
            if wait is None:
                raise error
            yield Pause(wait)
            waits += 1

    def _error_in(self, outcome: Union[Response, GatehouseError], outgoing: Outgoing) -> Optional[GatehouseError]:
        if isinstance(outcome, GatehouseError):
            return outcome
        if 200 <= outcome.status < 300:
            return None
        secrets = (*outgoing.secrets, secret_in(self.configuration.credential).reveal())
        return error_of(self.preset, outcome, outgoing.credential, secrets, self.surroundings.clock())

    def _wait_after(self, error: GatehouseError, method: str, waits: int) -> Optional[float]:
        """Seconds; None: not again."""
        if waits >= self.configuration.max_retries:
            return None
        if error.status in (429, 503) and error.retry_after is not None:
            return error.retry_after if error.retry_after <= LONGEST_WAIT_SECONDS else None
        may_pass = isinstance(error, ConnectionError) or error.status in (502, 503, 504)
        if not may_pass or method not in IDEMPOTENT:
            return None
        # The exponent has a cap of its own: 2 ** 5000 is no float.
        return self.surroundings.random() * min(CAP_SECONDS, BASE_SECONDS * 2.0 ** min(waits, 10))


def call(policy: Policy, outgoing: Outgoing, fixed: Optional[Secret], sort: str) -> Flow:
    """A call with its credential. fixed: a key or token that was given; None: the client fetches its own."""
    if fixed is not None:
        return (yield from policy.send(with_credential(outgoing, policy.preset, fixed.reveal(), sort)))
    token = yield TokenWanted()
    try:
        return (yield from policy.send(with_credential(outgoing, policy.preset, token, sort)))
    except AuthenticationError:
        token = yield TokenWanted(refused=token)
    return (yield from policy.send(with_credential(outgoing, policy.preset, token, sort)))


# --- Tokens of users -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UserTokens:
    """What a user's email and password buy."""

    access_token: str = field(repr=False)
    refresh_token: Optional[str] = field(default=None, repr=False)
    """For one use; None: there is none, and whoever has email and password signs in anew."""
    expires_in: Optional[float] = None
    """Seconds; None: it was not said."""
    token_type: str = "Bearer"
    scopes: tuple[str, ...] = ()
    organization_id: Optional[str] = None


def get_user_tokens(
    policy: Policy,
    email: str,
    password: str,
    organization_id: Optional[str],
    scopes: tuple[str, ...],
) -> Flow:
    """Raises AuthenticationError when email or password is wrong."""
    fields = {"email": email, "password": password}
    if organization_id:
        fields["organization_id"] = organization_id
    if scopes:
        fields["scope"] = " ".join(scopes)
    paths = policy.preset.user_token_paths
    return (yield from _exchange(policy, paths.token if paths else None, fields, password))


def refresh_user_tokens(policy: Policy, refresh_token: Optional[str]) -> Flow:
    """
    Raises AuthenticationError when the refresh token was used before, or is not good any more, and
    ConfigurationError when there is none.
    """
    if not refresh_token:
        raise ConfigurationError("There is no refresh token: sign in anew.")
    paths = policy.preset.user_token_paths
    fields = {"refresh_token": refresh_token}
    return (yield from _exchange(policy, paths.refresh if paths else None, fields, refresh_token))


def _exchange(policy: Policy, path: Optional[str], fields: Mapping[str, str], secret: str) -> Flow:
    preset = policy.preset
    if path is None:
        raise ConfigurationError(f"{preset.name} has no tokens of users.")
    named = {_spelled(preset, name): value for name, value in fields.items()}
    response = yield from policy.send(
        Outgoing(
            method="POST",
            url=policy.configuration.base_url + path,
            headers=own_headers("application/json"),
            content=json.dumps(named, ensure_ascii=False).encode(),
            timeout=policy.configuration.timeout,
            secrets=(secret,),
        )
    )
    return _to_user_tokens(preset, fields_of(response))


def _spelled(preset: Preset, name: str) -> str:
    if preset.field_style != "camelCase":
        return name
    return re.sub(r"_([a-z])", lambda found: found.group(1).upper(), name)


def _to_user_tokens(preset: Preset, body: Mapping[str, Any]) -> UserTokens:
    def text(name: str) -> Optional[str]:
        value = body.get(_spelled(preset, name))
        return value if isinstance(value, str) else None

    access_token = text("access_token")
    if not access_token:
        raise GatehouseError("The answer of the token endpoint has no access token.", reason="unknown", status=200)
    expires_in = body.get(_spelled(preset, "expires_in"))
    return UserTokens(
        access_token=access_token,
        refresh_token=text("refresh_token") or None,
        expires_in=expires_in if _is_number(expires_in) else None,
        token_type=text("token_type") or "Bearer",
        scopes=tuple((text("scope") or "").split()),
        organization_id=text("organization_id"),
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# --- Tokens that a client fetches by itself --------------------------------------------------------------


@dataclass(frozen=True)
class Token:
    access_token: Secret
    expires_at: float
    """Seconds since the epoch."""


class TokenSource:
    """
    The token of a client that fetches its own. Who calls it sees to it that one fetch runs at a time:
    `good` and `refuse` are quick, `fetch` is the flow of the flight that all share.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._token: Optional[Token] = None
        self._refresh_token: Optional[Secret] = None

    def good(self) -> Optional[str]:
        """The token, if it is good for now; None: fetch."""
        now, token = self._policy.surroundings.clock(), self._token
        if token is None or token.expires_at - now <= EARLY_SECONDS:
            return None
        return token.access_token.reveal()

    def refuse(self, access_token: Optional[str]) -> None:
        """The API refused it: it is not good any more, unless it is another one by now."""
        if self._token is not None and self._token.access_token.reveal() == access_token:
            self._token = None

    def fetch(self) -> Flow:
        """Raises what the token endpoint said. A refresh token is kept until it is used or refused."""
        self._token = None
        credential = self._policy.configuration.credential
        if isinstance(credential, ClientCredentials):
            token = yield from self._by_client(credential)
        elif isinstance(credential, UserPassword):
            token = yield from self._by_user(credential)
        else:
            raise AssertionError("a key or token that was given is not fetched")
        self._token = token
        return token.access_token.reveal()

    def _by_client(self, credential: ClientCredentials) -> Generator[Effect, Any, Token]:
        """RFC 6749 §4.4."""
        configuration = self._policy.configuration
        spelled = form_text(credential.client_secret.reveal())
        basic = base64.b64encode(f"{form_text(credential.client_id)}:{spelled}".encode()).decode()
        form: Dict[str, str] = {"grant_type": "client_credentials"}
        if configuration.scopes:
            form["scope"] = " ".join(configuration.scopes)
        response = yield from self._policy.send(
            Outgoing(
                method="POST",
                url=configuration.token_url,
                headers={
                    **own_headers("application/x-www-form-urlencoded"),
                    "authorization": f"Basic {basic}",
                },
                content=form_encoded(form).encode(),
                timeout=configuration.timeout,
                secrets=(basic, spelled),
            )
        )
        body = fields_of(response)
        return self._token_of(body.get("access_token"), body.get("expires_in"))

    def _by_user(self, credential: UserPassword) -> Generator[Effect, Any, Token]:
        """The refresh token first, and where it is refused the password, each once."""
        pair: Optional[UserTokens] = yield from self._refreshed()
        if pair is None:
            configuration = self._policy.configuration
            pair = yield from get_user_tokens(
                self._policy,
                credential.email,
                credential.password.reveal(),
                configuration.organization_id,
                configuration.scopes,
            )
        assert pair is not None
        self._refresh_token = Secret(pair.refresh_token) if pair.refresh_token else None
        return self._token_of(pair.access_token, pair.expires_in)

    def _refreshed(self) -> Generator[Effect, Any, Optional[UserTokens]]:
        """None: there is no refresh token, or it was refused."""
        if self._refresh_token is None:
            return None
        try:
            pair: UserTokens = yield from refresh_user_tokens(self._policy, self._refresh_token.reveal())
            return pair
        except GatehouseError as error:
            # What fails for the moment may pass: the password would only meet the same.
            if error.status is None or not 400 <= error.status < 500 or error.status in (408, 429):
                raise
            self._refresh_token = None
            return None

    def _token_of(self, access_token: Any, expires_in: Any) -> Token:
        if not isinstance(access_token, str) or not re.fullmatch(r"[\x21-\x7e]+", access_token):
            raise GatehouseError(
                "The answer of the token endpoint has no access token.", reason="unknown", status=200
            )
        seconds = min(expires_in, LONGEST_SECONDS) if _is_number(expires_in) else PRESUMED_SECONDS
        return Token(Secret(access_token), self._policy.surroundings.clock() + seconds)
