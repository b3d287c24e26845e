"""HTTP to an engine: each request goes to where the engine listens now, and starts it where it does not run.

A client made once outlives the engine's restarts: the address and key are set per request.
"""

from __future__ import annotations

import asyncio

import httpx

from gptsmith.models.chat.local.engine import Address, Engine

PLACEHOLDER = "http://127.0.0.1/v1"
"""The base address that a client is given; the transport puts the real one in."""
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=0)  # a kept connection dies with its event loop


class EngineTransport(httpx.BaseTransport):
    """Send requests to the engine of a model."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._inner = httpx.HTTPTransport(limits=_LIMITS, trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; where nobody listens any more, start the engine anew and send it once more."""
        try:
            return self._inner.handle_request(_aimed(request, self._engine.address()))
        except httpx.ConnectError:
            self._engine.stop()
            return self._inner.handle_request(_aimed(request, self._engine.address()))

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class AsyncEngineTransport(httpx.AsyncBaseTransport):
    """Send requests to the engine of a model; the loop is free while the engine loads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._inner = httpx.AsyncHTTPTransport(limits=_LIMITS, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; where nobody listens any more, start the engine anew and send it once more."""
        try:
            return await self._inner.handle_async_request(_aimed(request, await self._address()))
        except httpx.ConnectError:
            await asyncio.to_thread(self._engine.stop)
            return await self._inner.handle_async_request(_aimed(request, await self._address()))

    async def _address(self) -> Address:
        return await asyncio.to_thread(self._engine.address)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _aimed(request: httpx.Request, address: Address) -> httpx.Request:
    target = httpx.URL(address.url)
    request.url = request.url.copy_with(host=target.host, port=target.port)
    request.headers["Host"] = f"{target.host}:{target.port}"
    request.headers["Authorization"] = f"Bearer {address.key}"
    return request
