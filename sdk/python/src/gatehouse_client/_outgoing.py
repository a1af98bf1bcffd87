"""A call → the request that is sent."""

from __future__ import annotations

import json as json_text
import re
from dataclasses import dataclass, field, replace
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union
from urllib.parse import quote

from ._configuration import Configuration
from ._version import __version__
from .errors import ConfigurationError
from .preset import Preset

Scalar = Union[str, int, float, bool]
Query = Mapping[str, Union[Scalar, Sequence[Scalar], None]]

_ORGANIZATION = "{organization}"
_METHOD = re.compile(r"[A-Z]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_DOT_SEGMENT = re.compile(r"(\.|%2e){1,2}", re.IGNORECASE)


@dataclass(frozen=True)
class Outgoing:
    """One request. Its headers hold the credential, so it shows none of them."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    content: Optional[bytes] = field(default=None, repr=False)
    timeout: float = 30.0
    """Seconds, until the body is read."""
    credential: str = "token"
    """What the headers hold: api_key or token."""
    secrets: Tuple[str, ...] = field(default=(), repr=False)
    """Those it carries beside the client's own, for no error to repeat."""


def build_request(
    preset: Preset,
    configuration: Configuration,
    method: str,
    path: str,
    *,
    query: Optional[Query],
    headers: Optional[Mapping[str, str]],
    json: Any,
    body: Union[bytes, str, None],
    timeout: Optional[float],
) -> Outgoing:
    """Everything but the credential. Raises ConfigurationError for what could lead anywhere else."""
    verb = method.upper()
    if not _METHOD.fullmatch(verb):
        raise ConfigurationError("The method is not usable: it is a word such as GET.")
    if json is not None and body is not None:
        raise ConfigurationError("Give json or body, not both.")
    content = body.encode() if isinstance(body, str) else body
    if json is not None:
        content = json_text.dumps(json, ensure_ascii=False, allow_nan=False).encode()
    return Outgoing(
        method=verb,
        url=_url(configuration, path, query or {}),
        headers=_headers(preset, configuration, headers or {}, has_json=json is not None),
        content=content,
        timeout=configuration.timeout if timeout is None else timeout,
    )


def with_credential(outgoing: Outgoing, preset: Preset, secret: str, sort: str) -> Outgoing:
    """Adds the credential. sort: api_key or token."""
    if sort == "api_key" and preset.api_key_header:
        own = {preset.api_key_header.lower(): secret}
    else:
        own = {"authorization": f"Bearer {secret}"}
    return replace(outgoing, headers={**outgoing.headers, **own}, credential=sort, secrets=(secret,))


def form_encoded(pairs: Mapping[str, str]) -> str:
    """application/x-www-form-urlencoded, UTF-8."""
    return "&".join(f"{form_text(name)}={form_text(value)}" for name, value in pairs.items())


def form_text(text: str) -> str:
    """As a form writes it: how Basic carries identifier and secret, too (RFC 6749 §2.3.1)."""
    return quote(text, safe=" *-._").replace("~", "%7E").replace(" ", "+")


def own_headers(content_type: str) -> Dict[str, str]:
    """Those of a request that the client makes by itself."""
    return {"accept": "application/json", "content-type": content_type, "user-agent": USER_AGENT}


USER_AGENT = f"gatehouse-client-python/{__version__}"


def _url(configuration: Configuration, path: str, query: Query) -> str:
    problem = _path_problem(path)
    if problem:
        raise ConfigurationError(f"The path is not usable: {problem}.")
    organization = configuration.organization_id
    if _ORGANIZATION in path:
        if organization is None:
            raise ConfigurationError(
                "The path names the organization, but the client has none: pass organization_id."
            )
        path = path.replace(_ORGANIZATION, quote(organization, safe=""))
        # An identifier can be dots alone.
        if _has_dot_segment(path):
            raise ConfigurationError("The path is not usable: it has a segment of dots.")
    pairs = [f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in _pairs(query)]
    return configuration.base_url + path + ("?" + "&".join(pairs) if pairs else "")


def _path_problem(path: str) -> Optional[str]:
    if not path.startswith("/") or path.startswith("//"):
        return "it begins with one slash, and names no host"
    if re.search(r"[\\\x00-\x20\x7f]", path):
        return "it has a backslash, a space or a control character"
    if re.search(r"[?#]", path):
        return "it has a ? or #; parameters go into query"
    if _has_dot_segment(path):
        return "it has a segment of dots"
    return None


def _has_dot_segment(path: str) -> bool:
    return any(_DOT_SEGMENT.fullmatch(segment) for segment in path.split("/"))


def _pairs(query: Query) -> Iterable[Tuple[str, str]]:
    for name, value in query.items():
        many: List[Any] = list(value) if isinstance(value, (list, tuple)) else [value]
        for one in many:
            if one is not None:
                yield name, ("true" if one else "false") if isinstance(one, bool) else str(one)


def _headers(
    preset: Preset, configuration: Configuration, given: Mapping[str, str], *, has_json: bool
) -> Dict[str, str]:
    for name, value in given.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ConfigurationError("A header is not usable: it has a line break, or another character of none.")
    headers = {"accept": "application/json", "user-agent": USER_AGENT}
    if has_json:
        headers["content-type"] = "application/json"
    headers.update({name.lower(): value for name, value in given.items()})
    # Credential and organization are the client's.
    for own in ("authorization", preset.api_key_header, preset.organization_header):
        if own:
            headers.pop(own.lower(), None)
    if preset.organization_header and configuration.organization_id is not None:
        headers[preset.organization_header.lower()] = configuration.organization_id
    return headers
