"""Assistants as an MCP server: each a tool, its knowledge resources, its conversation starters prompts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import mcp.types as types
from mcp.server.lowlevel import Server
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic import AnyUrl

from gptsmith import Assistant, Event, __version__
from gptsmith.agent.runtime.callers import Caller
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.ui.http.conversation import Conversation, Said
from gptsmith.ui.http.guard import Guard, Limits
from gptsmith.ui.http.keys import ANYBODY, Key, Keys
from gptsmith.ui.http.metrics import Metrics
from gptsmith.ui.http.served import Served
from gptsmith.ui.http.turns import Asked, follow, picture

PATH = "/mcp"
_LONGEST = 200_000  # characters of a resource
_ARGUMENTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "request": {"type": "string", "minLength": 1, "description": "What you want from it, in plain words."},
        "thread": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]{1,48}$",
            "description": "A name for the conversation, to go on with it later; left out, nothing is kept.",
        },
    },
    "required": ["request"],
    "additionalProperties": False,
}


def make_server(served: Served, metrics: Metrics | None = None) -> Server[Any, Any]:
    """Return the MCP server of some assistants; nothing is loaded before it is asked."""
    door = _Door(served, metrics or Metrics())
    server: Server[Any, Any] = Server("gptsmith", version=__version__)
    door.server = server
    server.list_tools()(door.tools)  # type: ignore[no-untyped-call]
    server.call_tool()(door.call)
    server.list_resources()(door.resources)  # type: ignore[no-untyped-call]
    server.read_resource()(door.read)  # type: ignore[no-untyped-call]
    server.list_prompts()(door.prompts)  # type: ignore[no-untyped-call]
    server.get_prompt()(door.prompt)  # type: ignore[no-untyped-call]
    return server


def make_http_app(served: Served, keys: Keys, limits: Limits) -> Any:
    """Return the server as an HTTP app at `/mcp`, behind the guard of the other doors."""
    from starlette.applications import Starlette
    from starlette.routing import Mount

    metrics = Metrics()
    manager = StreamableHTTPSessionManager(make_server(served, metrics), stateless=True)

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield
        served.close()

    inner = Starlette(routes=[Mount(PATH, app=manager.handle_request)], lifespan=life)
    return Guard(inner, keys, limits, metrics)


async def run_stdio(served: Served) -> None:
    """Serve one client on standard input and output, until it closes them.

    Whatever else is printed meanwhile goes to standard error: one stray line would end the conversation.
    """
    import os
    import sys
    from io import TextIOWrapper

    import anyio
    from mcp.server.stdio import stdio_server

    server = make_server(served)
    protocol = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    out = anyio.wrap_file(TextIOWrapper(protocol, encoding="utf-8"))
    async with stdio_server(stdout=out) as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
    served.close()


class _Door:
    """The handlers; each sees the assistants that the key of the request opens."""

    server: Server[Any, Any]

    def __init__(self, served: Served, metrics: Metrics) -> None:
        self.served, self.metrics = served, metrics

    async def tools(self) -> list[types.Tool]:
        """List the assistants."""
        return [
            types.Tool(
                name=_name(one),
                title=one.spec.name,
                description=f"{one.spec.name}: {one.spec.description}",
                inputSchema=_ARGUMENTS,
            )
            for one in await self._open()
        ]

    async def call(self, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        """Ask an assistant; what it does meanwhile is progress, what it draws comes with the answer."""
        try:
            assistant = await self._named(name)
            talk = Conversation([Said("user", arguments["request"])])
            asked = Asked(assistant, self._key(), talk, Caller(), arguments.get("thread", ""))
            return await self._answered(asked)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is the client's model to read
            told = str(error) if isinstance(error, GptsmithError) else getattr(error, "message", type(error).__name__)
            return _result([_text(told)], is_error=True)

    async def _answered(self, asked: Asked) -> types.CallToolResult:
        content: list[types.ContentBlock] = []
        async with aclosing(follow(asked, self.metrics)) as events:  # type: ignore[type-var]
            number = 0
            async for event in events:
                if event.type == "image":
                    data = (await picture(event)).partition(",")[2]
                    content.append(types.ImageContent(type="image", data=data, mimeType="image/png"))
                elif event.type == "error":
                    return _result([_text(event.data["message"])], is_error=True)
                elif event.type == "done":
                    return _result([_text(_with_sources(event.data)), *content], event.data)
                elif said := _progress(event):
                    number += 1
                    await self._tell(number, said)
        return _result([_text("The turn was stopped.")], is_error=True)

    async def _tell(self, number: int, said: str) -> None:
        context = self.server.request_context
        if context.meta is not None and context.meta.progressToken is not None:
            token, id = context.meta.progressToken, str(context.request_id)
            await context.session.send_progress_notification(token, number, message=said, related_request_id=id)

    async def resources(self) -> list[types.Resource]:
        """List the files and pages that the assistants answer from."""
        found = []
        for one in await self._open():
            for receipt in await asyncio.to_thread(_receipts, one):
                where = f"gptsmith://{one.spec.id}/{quote(receipt.source)}"
                about = f"{receipt.knowledge}, of {one.spec.name}"
                found.append(
                    types.Resource(uri=AnyUrl(where), name=receipt.source, description=about, mimeType="text/plain")
                )
        return found

    async def read(self, uri: AnyUrl) -> list[ReadResourceContents]:
        """Return the text of a file or page, as it is searched."""
        parts = urlsplit(str(uri))
        assistant = await self._named(_tool_name(parts.netloc))
        knowledge = assistant.engine.knowledge
        if parts.scheme != "gptsmith" or knowledge is None:
            raise UsageError("there is no such resource")
        view = await asyncio.to_thread(knowledge.named, unquote(parts.path.removeprefix("/")))
        return [ReadResourceContents(view.text[:_LONGEST], "text/plain")]

    async def prompts(self) -> list[types.Prompt]:
        """List the conversation starters."""
        return [
            types.Prompt(name=f"{_name(one)}_{n}", title=starter.title, description=f"For {one.spec.name}")
            for one in await self._open()
            for n, starter in enumerate(one.starters, 1)
        ]

    async def prompt(self, name: str, _arguments: dict[str, str] | None) -> types.GetPromptResult:
        """Return a conversation starter as a message."""
        tool, _, number = name.rpartition("_")
        starters = (await self._named(tool)).starters
        if not number.isdecimal() or not 0 < int(number) <= len(starters):
            raise UsageError(f"there is no prompt {name[:80]!r}")
        text = types.TextContent(type="text", text=starters[int(number) - 1].text)
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=text)])

    def _key(self) -> Key:
        request = getattr(self.server.request_context, "request", None)
        key = getattr(getattr(request, "state", None), "key", ANYBODY)
        return key if isinstance(key, Key) else ANYBODY

    async def _open(self) -> list[Assistant]:
        key = self._key()
        return [one for one in await asyncio.to_thread(self.served.all) if key.opens(one.spec.id or "assistant")]

    async def _named(self, name: str) -> Assistant:
        found = next((one for one in await self._open() if _name(one) == name), None)
        if found is None:
            raise UsageError(f"no assistant here is called {name[:80]!r}")
        return found


def _name(assistant: Assistant) -> str:
    return _tool_name(assistant.spec.id or "assistant")


def _tool_name(id: str) -> str:
    return id.replace("-", "_")


def _receipts(assistant: Assistant) -> list[Any]:
    if assistant.engine.knowledge is None:
        return []
    found = assistant.receipts() or assistant.sync_knowledge()
    return [receipt for receipt in found if receipt.status == "ok"]


def _progress(event: Event) -> str:
    if event.type == "progress":
        return str(event.data.get("text") or event.data.get("stage") or "")
    return f"Calling {event.data['name']}" if event.type == "tool_call" else ""


def _with_sources(reply: dict[str, Any]) -> str:
    lines = [f'[{one["id"]}] {one["source"]}: "{one["quote"]}"' for one in reply["citations"]]
    return "\n".join([reply["text"], "", *lines]) if lines else str(reply["text"])


def _result(
    content: list[types.ContentBlock], reply: dict[str, Any] | None = None, *, is_error: bool = False
) -> types.CallToolResult:
    about = {"gptsmith/finish_reason": reply["finish_reason"], "gptsmith/usage": reply["usage"]} if reply else None
    return types.CallToolResult(content=content, isError=is_error, _meta=about)


def _text(words: str) -> types.TextContent:
    return types.TextContent(type="text", text=words)
