"""A server that is started here, over its standard streams: as the SDK does it, with a cap on one line."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import IO, Any

import anyio
from anyio.abc import ByteReceiveStream, Process
from mcp import StdioServerParameters, types
from mcp.client.stdio import get_default_environment, stdio_client
from mcp.shared.message import SessionMessage

MOST_BYTES = 64 * 1024 * 1024  # of one message
_END_SECONDS = 2.0


def streams(server: StdioServerParameters, words: IO[bytes]) -> AbstractAsyncContextManager[Any]:
    """Start the server and give the streams of a session; `words` takes what it writes to its error output."""
    if sys.platform == "win32":  # its processes are started in the SDK's own way, which has no cap
        return stdio_client(server, errlog=words)  # type: ignore[arg-type]
    return _capped(server, words)


@asynccontextmanager
async def _capped(server: StdioServerParameters, words: IO[bytes]) -> AsyncIterator[tuple[Any, Any]]:
    process = await anyio.open_process(
        [server.command, *server.args],
        env={**get_default_environment(), **(server.env or {})},
        stderr=words,
        cwd=server.cwd,
        start_new_session=True,
    )
    to_session, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, from_session = anyio.create_memory_object_stream[SessionMessage](0)
    async with process, anyio.create_task_group() as group:
        group.start_soon(_read, process, to_session)
        group.start_soon(_write, process, from_session)
        try:
            yield read, write
        finally:
            with anyio.CancelScope(shield=True):
                await _end(process)
            for stream in (read, write, to_session, from_session):
                await stream.aclose()
            group.cancel_scope.cancel()


async def _read(process: Process, out: Any) -> None:
    assert process.stdout is not None, "it was opened"  # noqa: S101
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
        async with out:
            async for line in lines(process.stdout, MOST_BYTES):
                try:
                    message: SessionMessage | Exception = SessionMessage(
                        types.JSONRPCMessage.model_validate_json(line.decode("utf-8", "replace"))
                    )
                except ValueError as error:  # a line that is no message: the session passes over it
                    message = error
                await out.send(message)


async def lines(stream: ByteReceiveStream, most: int) -> AsyncIterator[bytes]:
    """Yield the lines of a stream.

    Raises:
        ConnectionError: one has more than `most` bytes; it is not read any further.
    """
    parts: list[bytes] = []
    held = 0
    async for chunk in stream:
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            yield b"".join([*parts, line])
            parts, held = [], 0
        parts.append(rest)
        held += len(rest)
        if held > most:
            raise ConnectionError(f"it writes a line of more than {most // 2**20} MB")


async def _write(process: Process, given: Any) -> None:
    assert process.stdin is not None, "it was opened"  # noqa: S101
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
        async with given:
            async for one in given:
                text = one.message.model_dump_json(by_alias=True, exclude_none=True)
                await process.stdin.send(f"{text}\n".encode())


async def _end(process: Process) -> None:
    """End it as the protocol wants: its input is closed, then it is asked to end, then it is ended."""
    from mcp.os.posix.utilities import terminate_posix_process_tree

    if process.stdin is not None:
        with suppress(OSError, anyio.ClosedResourceError, anyio.BrokenResourceError):
            await process.stdin.aclose()
    try:
        with anyio.fail_after(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        await terminate_posix_process_tree(process, _END_SECONDS)
    except ProcessLookupError:
        return
