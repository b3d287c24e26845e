"""What every request passes first: who may ask from where, how often, how long, how much."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gptsmith.ui.http.faults import Refusal, answer
from gptsmith.ui.http.keys import ANYBODY, Key, Keys
from gptsmith.ui.http.metrics import Metrics

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

OPEN = frozenset({"/health", "/ready"})
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_KEYS_FRESH = 2.0  # seconds for which it is known whether there are keys


@dataclass(frozen=True)
class Limits:
    """What a caller may use: bytes of a request, seconds for sending it, requests a minute."""

    bytes: int = 64_000_000
    seconds: float = 60.0
    per_minute: int = 300


@dataclass
class Bucket:
    """What is left of a caller's requests; it fills up again as time goes."""

    left: float
    seen: float = field(default_factory=time.monotonic)

    def take(self, per_minute: int) -> int:
        """Take one; return 0, or the seconds until there is one again."""
        now = time.monotonic()
        self.left = min(per_minute, self.left + (now - self.seen) * per_minute / 60)
        self.seen = now
        if self.left >= 1:
            self.left -= 1
            return 0
        return max(1, round((1 - self.left) * 60 / per_minute))


class Guard:
    """The outermost layer of the app: refuses a request before anything reads it, and puts the key into its scope.

    Where no key is set, only this machine is answered, under its own name (a page of another site that calls itself
    127.0.0.1 by DNS is not), and no page of another origin. Where keys are set, each request needs one.
    """

    def __init__(self, app: Any, keys: Keys, limits: Limits, metrics: Metrics) -> None:
        self.app, self.keys, self.limits, self.metrics = app, keys, limits, metrics
        self._buckets: dict[str, Bucket] = {}
        self._keyed: tuple[float, bool] = (0.0, True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        send = self._counted(scope, send)
        try:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            if scope["path"] not in OPEN:
                key = await self._who(headers)
                scope.setdefault("state", {})["key"] = key
                self._count(key)
            receive = await self._read(headers, receive)
        except Refusal as refusal:
            await answer(refusal)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _counted(self, scope: Scope, send: Send) -> Send:
        async def counted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                self.metrics.request(scope["method"], route, message["status"])
            await send(message)

        return counted

    async def _who(self, headers: dict[str, str]) -> Key:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
        if not await self._has_keys():
            _only_this_machine(headers)
            return ANYBODY
        key = await asyncio.to_thread(self.keys.find, given) if given else None
        if key is None:
            told = "This key is not known here." if given else "A key is needed: Authorization: Bearer gsk_…"
            raise Refusal(401, told, code="invalid_api_key")
        return key

    async def _has_keys(self) -> bool:
        looked, found = self._keyed
        if time.monotonic() - looked > _KEYS_FRESH:
            found = bool(await asyncio.to_thread(self.keys.all))
            self._keyed = (time.monotonic(), found)
        return found

    def _count(self, key: Key) -> None:
        bucket = self._buckets.setdefault(key.id, Bucket(self.limits.per_minute))
        if wait := bucket.take(self.limits.per_minute):
            told = f"More than {self.limits.per_minute} requests a minute; wait {wait} s."
            raise Refusal(429, told, code="rate_limit_exceeded", retry_after=wait)

    async def _read(self, headers: dict[str, str], receive: Receive) -> Receive:
        """Read the whole body, within its limits, and return what hands it on."""
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self.limits.bytes:
            raise _too_large(self.limits.bytes)
        if length == "0" and "transfer-encoding" not in headers:
            return receive
        try:
            async with asyncio.timeout(self.limits.seconds):
                data = await self._gathered(receive)
        except TimeoutError:
            raise Refusal(408, f"The request did not come within {self.limits.seconds:g} s.") from None
        handed = False

        async def again() -> MutableMapping[str, Any]:
            nonlocal handed
            if handed:
                return await receive()
            handed = True
            return {"type": "http.request", "body": data, "more_body": False}

        return again

    async def _gathered(self, receive: Receive) -> bytes:
        pieces, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise Refusal(400, "The request ended before it was whole.")
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > self.limits.bytes:
                raise _too_large(self.limits.bytes)
            more = message.get("more_body", False)
        return b"".join(pieces)


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"The request is larger than {most // 1_000_000} MB.", code="request_too_large")


def _only_this_machine(headers: dict[str, str]) -> None:
    if not _is_loopback(f"//{headers.get('host', '')}"):
        told = "Without keys only this machine is answered, by the name localhost. Add a key: gptsmith keys add NAME"
        raise Refusal(403, told, code="unknown_host")
    origin = headers.get("origin")
    if origin is not None and not _is_loopback(origin):
        raise Refusal(403, "Pages of other sites are not answered.", code="foreign_origin")


def _is_loopback(url: str) -> bool:
    try:
        return urlsplit(url).hostname in _LOOPBACK
    except ValueError:
        return False
