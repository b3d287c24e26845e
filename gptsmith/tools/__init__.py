"""Tools: one file per type, with its spec class and its runtime. Importing this package registers the types."""

from gptsmith.tools import (
    assistant,
    code,
    image_captioning,
    image_generation,
    image_recognition,
    mcp,
    openapi,
    python,
    web,
)
from gptsmith.tools.registry import ToolContext, Toolset, make_tools, not_ready, register_tool, tool_type

__all__ = [
    "ToolContext",
    "Toolset",
    "assistant",
    "code",
    "image_captioning",
    "image_generation",
    "image_recognition",
    "make_tools",
    "mcp",
    "not_ready",
    "openapi",
    "python",
    "register_tool",
    "tool_type",
    "web",
]
