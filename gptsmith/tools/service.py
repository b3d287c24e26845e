"""Requests to a web service that a spec declares: the safe fetcher's connection, with any method.

A host that the spec itself names may be on this machine or in a private network; one that is only met on the way (in a
document that was fetched, in a redirect) may not, and no secret is sent to it.
"""

from __future__ import annotations

import json
import os
import re
import socket
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, quote, quote_plus, urljoin, urlsplit

import httpcore

from gptsmith import fetch
from gptsmith.assistants.format.variables import env_names
from gptsmith.errors import FetchError, ToolError

# The secrets that a tool sends: taken out of whatever comes back before anybody reads it.

HIDDEN = "•••"
_SHORTEST = 4  # characters; shorter values stand in ordinary text, too
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|session|password", re.IGNORECASE)


class SecretValues:
    """What must not appear in results, errors and events: the values of `${env:…}`, and headers that sign in."""

    def __init__(self, *declared: Any, headers: Mapping[str, str] | None = None) -> None:
        values = {os.environ.get(name, "") for name in env_names(list(declared))}
        for name, value in (headers or {}).items():
            if _SECRET_HEADER.search(name):
                values |= {value, value.partition(" ")[2]}
        forms = {form for value in values for form in _forms(value.strip()) if len(form) >= _SHORTEST}
        longest_first = sorted(forms, key=len, reverse=True)
        self._found = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def hide(self, text: str) -> str:
        """Return `text` with every secret in it replaced."""
        return self._found.sub(HIDDEN, text) if self._found else text


def _forms(value: str) -> set[str]:
    return {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]} if value else set()


SECONDS = 45.0  # for a whole call, redirects included
MAX_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class ServiceRequest:
    """One request: `headers` go to the service itself, never on to another host."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """What came back; `cut` says that the body was longer than what was read."""

    url: str
    status: int
    kind: str
    charset: str
    data: bytes
    cut: bool = False

    @property
    def reason(self) -> str:
        """Return the status in words: `404 Not Found`."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)

    def text(self) -> str:
        """Return the body as text."""
        try:
            return self.data.decode(self.charset or "utf-8", "replace")
        except LookupError:
            return self.data.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as data; raises ValueError when it is none."""
        return json.loads(self.data, parse_constant=str)


class Service:
    """What may be called: the origins of the URLs in `declared`, wherever they are, and public ones."""

    def __init__(self, declared: Iterable[str], *, anywhere: bool = False, secrets: SecretValues | None = None) -> None:
        self._declared = {origin(url) for url in declared}
        self._anywhere = anywhere
        self._secrets = secrets or SecretValues()

    def send(self, request: ServiceRequest, *, seconds: float = SECONDS, max_bytes: int = MAX_BYTES) -> Answer:
        """Send it and return the answer of any status; redirects are followed as far as that is safe.

        Raises:
            ToolError: the address is refused, or nothing answers in time; no secret is in its words.
        """
        until = time.monotonic() + seconds
        try:
            return self._send(request, until, max_bytes)
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise _failed(f"the service did not answer within {seconds:g} seconds", "timeout") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, zlib.error) as error:
            why = self._secrets.hide(str(error) or type(error).__name__).splitlines()[0][:120]
            raise _failed(f"the service cannot be reached ({why})", "unreachable") from error
        except FetchError as error:
            raise ToolError(self._secrets.hide(error.message), code=error.code, hint=error.hint) from error

    def _send(self, request: ServiceRequest, until: float, max_bytes: int) -> Answer:
        for _ in range(fetch.MAX_HOPS + 1):
            parts = check(request.url)
            found = self._exchange(request, parts, until, max_bytes)
            if isinstance(found, Answer):
                return found
            request = _redirected(request, *found)
        raise _failed(f"the service redirects more than {fetch.MAX_HOPS} times", "redirects")

    def _exchange(
        self, request: ServiceRequest, parts: SplitResult, until: float, max_bytes: int
    ) -> Answer | tuple[int, str]:
        headers = list(request.headers.items())
        addresses = self._addresses(parts)
        with fetch.exchange(request.method, parts, addresses, until, headers=headers, body=request.body) as response:
            given = fetch.headers_of(response)
            if response.status in fetch.REDIRECTS and given.get("location"):
                return response.status, given["location"]
            data = b"" if request.method == "HEAD" else fetch.body_of(response, max_bytes, until)
            kind, charset = fetch.kind_of(given) if given.get("content-type") else ("", "")
            return Answer(request.url, response.status, kind, charset, data[:max_bytes], len(data) > max_bytes)

    def _addresses(self, parts: SplitResult) -> list[str]:
        host, port = parts.hostname or "", fetch.port_of(parts)
        if self._anywhere or origin(parts.geturl()) in self._declared:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(entry[4][0]) for entry in found))
        return fetch.public_addresses(host, port)


def check(url: str) -> SplitResult:
    """Return the parts of an address whose form may be called, on any port; raises ToolError for any other."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise _failed("the address of the service is not valid", "bad_address") from error
    odd = any(ord(c) <= 32 or c == "\\" or ord(c) == 127 for c in url)
    if odd or len(url) > 8192 or parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise _failed("the address of the service cannot be used", "bad_address")
    return parts


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL; empty ones for what is none."""
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "").lower(), fetch.port_of(parts)
    except ValueError:
        return "", "", 0


def _redirected(request: ServiceRequest, status: int, location: str) -> ServiceRequest:
    """Return the request to where an answer leads: 303 becomes GET; another host gets neither body nor secrets."""
    url = urljoin(request.url, location)
    method, body, headers = request.method, request.body, request.headers
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", None
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    if origin(url) != origin(request.url):
        if method not in ("GET", "HEAD"):
            host = urlsplit(url).hostname or "another host"
            raise _failed(f"the service sends the request on to {host}, which was not followed", "redirects")
        headers = {name: value for name, value in headers.items() if name.lower() == "accept"}
    return replace(request, url=url, method=method, body=body, headers=headers)


def _failed(what: str, code: str) -> ToolError:
    return ToolError(what, code=code)
