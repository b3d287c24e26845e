"""What an MCP server's result is to the model, as text, and to the person: pictures are shown."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from mcp import types

from gptsmith.errors import GptsmithError, ToolError
from gptsmith.tools.context import ToolContext
from gptsmith.tools.shown_pictures import show_picture
from gptsmith.tools.trimming import trimmed, trimmed_text

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
