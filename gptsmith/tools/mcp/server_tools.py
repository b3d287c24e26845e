"""The tools of one `mcp` entry: those of its server that the spec allows, as they are at each turn."""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
import weakref
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from langchain_core.tools import BaseTool
from mcp import types

from gptsmith.assistants.format.problems import list_names
from gptsmith.assistants.format.variables import expand_env
from gptsmith.errors import GptsmithError, NotReadyError, ToolError
from gptsmith.tools.described_tool import DescribedTool, safe_schema
from gptsmith.tools.mcp.connection import Server, ServerConnection
from gptsmith.tools.registry import ToolContext, Toolset, call_name
from gptsmith.tools.results import show_picture, trimmed, trimmed_text
from gptsmith.tools.service import SecretValues

if TYPE_CHECKING:
    from gptsmith.tools.mcp import Mcp


# What an MCP server's result is to the model, as text, and to the person: pictures are shown.

_MOST_PICTURES = 4


def told(result: types.CallToolResult, context: ToolContext, tool: str) -> str:
    """Return the text of a result; its pictures are shown to the person and named in it.

    Raises:
        ToolError: the server says that the call failed.
    """
    pictures = 0
    parts: list[str] = []
    for block in result.content:
        if isinstance(block, types.ImageContent) and not result.isError:
            pictures += 1
            parts.append(
                _picture(block.data, context, tool)
                if pictures <= _MOST_PICTURES
                else "(One more picture, which is not shown.)"
            )
        else:
            parts.append(_text(block, context, tool))
    text = "\n".join(part for part in parts if part)
    if not text and result.structuredContent is not None:
        text = trimmed(result.structuredContent)
    if result.isError:
        raise ToolError(trimmed_text(" ".join(text.split()) or "the server says that the call failed", 600))
    return trimmed_text(text) if text else "Done; the server answered without any text."


def _text(block: Any, context: ToolContext, tool: str) -> str:
    if isinstance(block, types.TextContent):
        return block.text
    if isinstance(block, types.ImageContent):
        return "(a picture)"
    if isinstance(block, types.AudioContent):
        return f"(A sound of {len(block.data) * 3 // 4:,} bytes, {block.mimeType[:40]}, which cannot be played here.)"
    if isinstance(block, types.ResourceLink):
        return f"{block.title or block.name}: {block.uri}"
    if isinstance(block, types.EmbeddedResource):
        found = block.resource
        if isinstance(found, types.TextResourceContents):
            return f"{found.uri}:\n{found.text}"
        if (found.mimeType or "").startswith("image/"):
            return _picture(found.blob, context, tool)
        kind = (found.mimeType or "unknown kind")[:60]
        return f"(A file, {found.uri}, {len(found.blob) * 3 // 4:,} bytes of {kind}, which cannot be shown as text.)"
    return ""


def _picture(data: str, context: ToolContext, tool: str) -> str:
    try:
        return show_picture(base64.b64decode(data, validate=True), context, tool)
    except (binascii.Error, ValueError):
        return "(A picture that cannot be read.)"
    except GptsmithError as error:
        return f"(A picture that cannot be shown: {error.message}.)"


_MOST_TOOLS = 60
_LIST_AGAIN = 60.0  # seconds; a server that changes its tools need not say so
_TRY_AGAIN = 10.0  # seconds after a failure: a server that is away must not slow every message down


class ServerTools(Toolset):
    """The server's tools; the connection begins with `begin` and is made again when it is lost."""

    moving = True

    def __init__(self, spec: Mcp, context: ToolContext) -> None:
        super().__init__()
        self.spec = spec
        self._context = context
        headers: dict[str, str] = expand_env(spec.headers)
        server = Server(
            folder=context.base_dir,
            url=expand_env(spec.url or ""),
            headers=headers,
            command=expand_env(spec.command or []),
            env=expand_env(spec.env),
        )
        declared = (spec.headers, spec.url, spec.command, spec.env)
        self._secrets = SecretValues(*declared, headers={**headers, **server.env})
        name, emit = spec.name, context.emit  # not self, which would never be let go of
        self._connection = ServerConnection(
            server, self._secrets, lambda text: emit("progress", {"stage": "tools", "text": f"{name}: {text}"})
        )
        weakref.finalize(self, self._connection.release)  # an assistant that nobody closes leaves no server behind
        self._made: dict[str, DescribedTool] = {}
        self._now: list[BaseTool] = []
        self._guard = threading.Lock()
        self._listed = 0.0
        self._failed: tuple[float, NotReadyError] | None = None

    def begin(self) -> None:
        """Start or reach the server beside everything else."""
        if self._is_trusted():
            self._connection.begin()

    def tools(self) -> list[BaseTool]:
        """Return the tools as the server lists them now; it is asked when it says so, and once a minute."""
        if not self._is_trusted():
            raise NotReadyError(
                f"it starts {' '.join(self.spec.command or [])[:200]}", code="trust_required", hint="run with --trust"
            )
        with self._guard:
            now = time.monotonic()
            if not self._connection.changed and now - self._listed < _LIST_AGAIN:
                return self._now
            if self._failed is not None and now - self._failed[0] < _TRY_AGAIN:
                raise self._failed[1]
            try:
                self._now = self._offered(self._connection.list_tools())
                self._listed, self._failed = now, None
            except ToolError as error:
                hint = "check the command" if self.spec.command else "check the address and that the server runs"
                failed = NotReadyError(error.message, code="unreachable", hint=hint)
                self._failed = (time.monotonic(), failed)
                raise failed from error
            return self._now

    def close(self) -> None:
        """End the connection, and the server with it when it was started here."""
        self._connection.close()

    def _is_trusted(self) -> bool:
        return self._context.trust or self.spec.command is None

    def _offered(self, found: list[types.Tool]) -> list[BaseTool]:
        allowed = self.spec.tools
        wanted = [tool for tool in found if allowed is None or tool.name in allowed]
        if not wanted:
            there = list_names([tool.name[:60] for tool in found], 20)
            what = f"the server has no tool {', '.join(allowed)[:200]}" if allowed else "the server has no tools"
            raise NotReadyError(what, code="unknown_operation", hint=f"it has: {there}" if found else "")
        if len(wanted) > _MOST_TOOLS:
            what = f"the server has {len(wanted)} tools, more than {_MOST_TOOLS}"
            raise NotReadyError(what, code="too_many_tools", hint="name the ones that are wanted under tools")
        tools: list[BaseTool] = []
        for tool in wanted:
            tools.append(self._tool(tool, [one.name for one in tools]))
        return tools

    def _tool(self, tool: types.Tool, taken: list[str]) -> DescribedTool:
        """Return the tool; the same one as before where nothing of it changed."""
        schema = safe_schema(tool.inputSchema)
        about = " ".join((tool.description or tool.title or tool.name).split())[:1000]
        key = json.dumps([tool.name, about, schema], default=str)
        if key not in self._made:
            name = call_name(self.spec.name, tool.name, taken)
            call = self._caller(tool.name)
            reads = {"reads": bool(tool.annotations and tool.annotations.readOnlyHint)}
            made = DescribedTool(name=name, description=about, args_schema=schema, call=call, metadata=reads)
            self._made[key] = made
        return self._made[key]

    def _caller(self, name: str) -> Callable[[dict[str, Any]], str]:
        def call(arguments: dict[str, Any]) -> str:
            context = copy_context()  # events of the turn, from the connection's own thread

            def progress(text: str) -> None:
                data = {"stage": "tools", "text": f"{self.spec.name}: {self._secrets.hide(text)[:200]}"}
                context.run(self._context.emit, "progress", data)

            result = self._connection.call(name, arguments, progress)
            return self._secrets.hide(told(result, self._context, self.spec.name))

        def hidden(arguments: dict[str, Any]) -> str:
            try:
                return call(arguments)
            except ToolError as error:
                raise ToolError(self._secrets.hide(error.message), code=error.code, hint=error.hint) from None

        return hidden
