"""Tool calls that a local model writes as text: `<tool_call>{…}</tool_call>`, or one bare JSON object."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from uuid import uuid4

from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk

from gptsmith.models.chat.incoming import strict_arguments, unrunnable

OPEN = "<tool_call>"
_BLOCK = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.DOTALL)


def may_begin_call(text: str) -> bool:
    """Tell whether an answer that starts with `text` may be a tool call written as one bare JSON object."""
    return text.lstrip().startswith("{")


def read_calls(text: str, names: Collection[str]) -> tuple[str, list[ToolCallChunk]]:
    """Split an answer into its words and its calls.

    A marked call that cannot be read keeps its raw text as arguments, as a JSON string: it stays an invalid call. A
    bare JSON object is a call only when it names one of `names`.
    """
    blocks = _BLOCK.findall(text)
    if not blocks:
        call = _call(text.strip(), 0)
        return ("", [call]) if call is not None and call["name"] in names else (text, [])
    calls = [_call(b, i) or _chunk(None, unrunnable(b), i) for i, b in enumerate(blocks)]
    return _BLOCK.sub("", text).strip(), calls


def _call(text: str, index: int) -> ToolCallChunk | None:
    data = strict_arguments(text) if text else None
    name = (data or {}).get("name")
    arguments = (data or {}).get("arguments", (data or {}).get("parameters", {}))
    if isinstance(arguments, str):  # some models write the arguments as JSON in a string
        arguments = strict_arguments(arguments)
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return None
    return _chunk(name, json.dumps(arguments, ensure_ascii=False), index)


def _chunk(name: str | None, arguments: str, index: int) -> ToolCallChunk:
    return tool_call_chunk(name=name, args=arguments, id=f"call_{uuid4().hex[:12]}", index=index)
