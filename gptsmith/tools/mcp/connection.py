"""One connection to an MCP server: made on a loop of its own, used from any thread, made again when it is lost."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import logging
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, TypeVar

import httpx
from mcp import ClientSession, McpError, StdioServerParameters, types
from mcp.client.streamable_http import streamable_http_client

from gptsmith.errors import ToolError
from gptsmith.tools.mcp import stdio
from gptsmith.tools.service import SecretValues

START_SECONDS = 20.0
SLOW_SECONDS = 1.5  # after them a server that is being started is told of
LIST_SECONDS = 15.0
CALL_SECONDS = 60.0
_CLOSE_SECONDS = 4.0
_MOST_PAGES = 50
_MOST_BYTES = 64 * 1024 * 1024  # of one answer over HTTP

T = TypeVar("T")
Streams = AbstractAsyncContextManager[Any]


def _silent(_text: str) -> None:
    """Say nothing: nobody waits."""


@dataclass(frozen=True)
class Server:
    """Where a server is: `url` with `headers`, or a `command` with its environment, started in `folder`."""

    folder: Path
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How it is called in errors."""
        return Path(self.command[0]).name if self.command else "the server"


class ServerConnection:
    """A session with a server. Every method may be called from any thread and ends in time."""

    def __init__(self, server: Server, secrets: SecretValues, say: Callable[[str], None] = _silent) -> None:
        self.server = server
        self._say = say  # told that it starts slowly
        self.changed = True  # the server's tools are not known, or it says that they are others now
        self._secrets = secrets
        self._guard = threading.Lock()
        self._link: _Link | None = None
        self._is_closed = False
        _CONNECTIONS.append(self)

    def begin(self) -> None:
        """Start or reach the server beside everything else."""
        self._alive()

    def list_tools(self) -> list[types.Tool]:
        """Return the server's tools.

        Raises:
            ToolError: it cannot be started or reached, or does not answer.
        """

        async def listed(session: ClientSession) -> list[types.Tool]:
            found: list[types.Tool] = []
            cursor: str | None = None
            for _ in range(_MOST_PAGES):
                params = types.PaginatedRequestParams(cursor=cursor) if cursor else None
                page = await session.list_tools(params=params)
                found += page.tools
                cursor = page.nextCursor
                if not cursor:
                    break
            return found

        tools = self._run(listed, LIST_SECONDS)
        self.changed = False
        return tools

    def call(
        self, name: str, arguments: dict[str, Any], hear: Callable[[str], None], seconds: float = CALL_SECONDS
    ) -> types.CallToolResult:
        """Call a tool of the server; `hear` is told what it says meanwhile.

        Raises:
            ToolError: as `list_tools`; whether the tool ran is then not known.
        """

        async def heard(progress: float, total: float | None, message: str | None) -> None:
            hear(message or (f"{progress:g} of {total:g}" if total else f"{progress:g}"))

        async def called(session: ClientSession) -> types.CallToolResult:
            request = types.CallToolRequest(params=types.CallToolRequestParams(name=name, arguments=arguments))
            limit = timedelta(seconds=seconds)
            return await session.send_request(  # not call_tool: what a server sends is read by us, whatever it promised
                types.ClientRequest(request), types.CallToolResult, limit, progress_callback=heard
            )

        return self._run(called, seconds)

    def close(self) -> None:
        """Close the session and end the server that was started."""
        if (link := self.release()) is not None:
            concurrent.futures.wait([link.ended], timeout=_CLOSE_SECONDS)

    def release(self) -> _Link | None:
        """Close the session without waiting for its end; return it."""
        with self._guard:
            link, self._link, self._is_closed = self._link, None, True
        if link is not None:
            link.stop()
        if self in _CONNECTIONS:
            _CONNECTIONS.remove(self)
        return link

    def _alive(self) -> _Link:
        with self._guard:
            if self._is_closed:
                raise _said(f"the connection to {self.server.name} is closed", "unreachable")
            if self._link is None or self._link.ended.done():
                self.changed = True
                self._link = _Link(self.server, self._note_change)
            return self._link

    def _note_change(self) -> None:
        self.changed = True

    def _run(self, work: Callable[[ClientSession], Coroutine[Any, Any, T]], seconds: float) -> T:
        link = self._alive()
        try:
            concurrent.futures.wait([link.ready], timeout=SLOW_SECONDS)
            if not link.ready.done():
                self._say(f"{self.server.name} is starting" if self.server.command else "waiting for the server")
                concurrent.futures.wait([link.ready], timeout=START_SECONDS - SLOW_SECONDS)
            if not link.ready.done():
                link.stop()
                raise _said(f"{self.server.name} did not start within {START_SECONDS:g} seconds", "timeout")
            link.ready.result()
            return link.run(work, seconds)
        except ToolError:
            raise
        except TimeoutError:
            raise _said(f"{self.server.name} did not answer within {seconds:g} seconds", "timeout") from None
        except McpError as error:
            if error.error.code == httpx.codes.REQUEST_TIMEOUT:
                raise _said(f"{self.server.name} did not answer within {seconds:g} seconds", "timeout") from None
            if error.error.code == types.CONNECTION_CLOSED:
                link.stop()
                raise self._lost(link, "it ended the connection") from None
            raise _said(f"{self.server.name} refused: {self._plain(error.error.message)}", "refused") from None
        except Exception as error:  # noqa: BLE001 - a broken server breaks the library in many ways
            link.stop()
            raise self._lost(link, _why(error)) from None

    def _lost(self, link: _Link, why: str) -> ToolError:
        last = link.last_words()
        more = f"; its last words were: {last}" if last else ""
        return _said(self._plain(f"{self.server.name} cannot be used ({why}{more})", 500), "unreachable")

    def _plain(self, text: str, longest: int = 300) -> str:
        line = " ".join(self._secrets.hide(text).split())
        return line if len(line) <= longest else f"{line[:longest]}…"


class _Link:
    """One attempt: a task on the loop that holds the session open until it is stopped or lost."""

    def __init__(self, server: Server, note_change: Callable[[], None]) -> None:
        self.ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._server = server
        self._note_change = note_change
        self._session: ClientSession | None = None
        self.words = _Words()
        self._loop = _loop()
        self._stop = asyncio.Event()
        self._lost: asyncio.Future[None] | None = None
        self.ended = asyncio.run_coroutine_threadsafe(self._hold(), self._loop)

    async def _hold(self) -> None:
        self._lost = self._loop.create_future()
        try:
            async with _streams(self._server, self) as (read, write):
                about = types.Implementation(name="gptsmith", version="1")
                async with ClientSession(read, write, client_info=about, message_handler=self._hear) as session:
                    await asyncio.wait_for(session.initialize(), START_SECONDS)
                    self._session = session
                    self.ready.set_result(None)
                    await self._stop.wait()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, who waits must hear of it
            self._end(error)
        finally:
            self._end(ConnectionError("the connection was closed"))
            self.words.close()

    def _end(self, error: BaseException) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(_why(error)))
        if self._lost is not None and not self._lost.done():
            self._lost.set_exception(ConnectionError(_why(error)))
            self._lost.exception()  # seen: nobody may be waiting

    async def _hear(self, message: Any) -> None:
        if isinstance(message, types.ServerNotification) and isinstance(
            message.root, types.ToolListChangedNotification
        ):
            self._note_change()

    def run(self, work: Callable[[ClientSession], Coroutine[Any, Any, T]], seconds: float) -> T:
        """Do something with the session; raises what it raises, TimeoutError or ConnectionError."""
        done = asyncio.run_coroutine_threadsafe(self._within(work, seconds), self._loop)
        try:
            return done.result(seconds + 5)
        except concurrent.futures.CancelledError:
            raise ConnectionError("the connection was closed") from None
        finally:
            done.cancel()

    async def _within(self, work: Callable[[ClientSession], Coroutine[Any, Any, T]], seconds: float) -> T:
        assert self._session is not None and self._lost is not None, "it is ready"  # noqa: S101
        task = asyncio.create_task(work(self._session))
        try:
            both: list[asyncio.Future[Any]] = [task, self._lost]
            done, _ = await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if task in done:
                return task.result()
            if not done:
                raise TimeoutError
            self._lost.result()
            raise ConnectionError("the connection was closed")
        finally:
            task.cancel()

    def stop(self) -> None:
        """Ask the task to end; a server that does not hear it is ended by the library."""
        self._loop.call_soon_threadsafe(self._stop.set)
        if not self.ready.done():
            self.ended.cancel()

    def last_words(self) -> str:
        """Return the last line that a started server complained with."""
        return self.words.last()


class _Words:
    """What a started server writes to its error output; still there when it has ended."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the link
        self._guard = threading.Lock()
        self._kept = ""

    def last(self) -> str:
        """Return the last line."""
        with self._guard:
            if not self.file.closed:
                size = os.fstat(self.file.fileno()).st_size
                said = os.pread(self.file.fileno(), 4000, max(0, size - 4000)).decode("utf-8", "replace")
                lines = [line.strip() for line in said.splitlines() if line.strip()]
                self._kept = lines[-1] if lines else ""
            return self._kept

    def close(self) -> None:
        """Keep the last line and let go of the file."""
        self.last()
        self.file.close()


class _Capped(httpx.AsyncHTTPTransport):
    """Ends an answer that has more bytes than anybody wants; proxies of the environment are not used."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream), "the transport is asynchronous"  # noqa: S101
        response.stream = _CappedStream(response.stream)
        return response


class _CappedStream(httpx.AsyncByteStream):
    def __init__(self, real: httpx.AsyncByteStream) -> None:
        self._real = real

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._real:
            read += len(part)
            if read > _MOST_BYTES:
                raise httpx.ReadError(f"it sends more than {_MOST_BYTES // 2**20} MB")
            yield part

    async def aclose(self) -> None:
        await self._real.aclose()


@asynccontextmanager
async def _streams(server: Server, link: _Link) -> AsyncIterator[tuple[Any, Any]]:
    if server.command:
        program, *arguments = server.command
        parameters = StdioServerParameters(
            command=program, args=arguments, env=server.env, cwd=server.folder, encoding_error_handler="replace"
        )
        async with stdio.streams(parameters, link.words.file) as (read, write):
            yield read, write
        return
    limits = httpx.Timeout(START_SECONDS, read=CALL_SECONDS + 5)
    async with (
        httpx.AsyncClient(headers=server.headers, timeout=limits, transport=_Capped()) as client,
        streamable_http_client(server.url, http_client=client) as (read, write, _),
    ):
        yield read, write


def _why(error: BaseException) -> str:
    """Return the first cause in words; a group of errors hides it."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    if isinstance(error, FileNotFoundError):
        return f"there is no program {error.filename}" if error.filename else "there is no such program"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answered {error.response.status_code} {error.response.reason_phrase}"
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__


def _said(what: str, code: str) -> ToolError:
    return ToolError(what, code=code)


# -- the loop that all connections share -----------------------------------------------------------------------------

_CONNECTIONS: list[ServerConnection] = []
_LOCK = threading.Lock()
_LOOP: asyncio.AbstractEventLoop | None = None


def _loop() -> asyncio.AbstractEventLoop:
    global _LOOP
    with _LOCK:
        if _LOOP is None:
            for name in ("mcp.client", "mcp.os"):  # they log what servers send, secrets included, and how they end
                logging.getLogger(name).setLevel(logging.CRITICAL)
            _LOOP = asyncio.new_event_loop()
            threading.Thread(target=_LOOP.run_forever, name="gptsmith-mcp", daemon=True).start()
            atexit.register(_close_all)
        return _LOOP


def _close_all() -> None:
    """End the servers that were started, when the program ends."""
    links = [link for one in _CONNECTIONS if (link := one._link) is not None]
    for link in links:
        with contextlib.suppress(RuntimeError):
            link.stop()
    concurrent.futures.wait([link.ended for link in links], timeout=_CLOSE_SECONDS)


def _after_fork() -> None:
    """Leave the loop and the servers to the parent process."""
    global _LOOP, _LOCK
    _LOOP, _LOCK = None, threading.Lock()
    _CONNECTIONS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
