"""The registry of tool types: what a spec may write under `tools`, one class per `type`.

The classes themselves live with their runtimes in `gptsmith/tools/`; this module knows only the names, so that a new
tool is one new file there.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$"


class ToolSpec(BaseModel):
    """Fields that every tool shares. A subclass sets `TYPE` and adds its own."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)
    TYPE: ClassVar[str]
    SUMMARY: ClassVar[str] = ""
    STARTS: ClassVar[bool] = False  # a server or the like is started or asked before the first call

    type: str = Field(description="Which tool this is.")
    name: str = Field(
        default="",
        pattern=r"^([a-zA-Z_][a-zA-Z0-9_-]{0,63})?$",
        description="The name that the model calls; default: the type.",
    )
    description: str = Field(default="", max_length=1000, description="What the tool is for, told to the model.")
    requires_approval: bool = Field(
        default=False, description="Ask the person before each call: allow it, change its arguments or refuse it."
    )
    max_calls: int | None = Field(default=None, ge=1, le=100, description="Calls per user message.")

    def model_post_init(self, _context: Any) -> None:
        if not self.name:
            self.name = self.type


TOOL_TYPES: dict[str, type[ToolSpec]] = {}


def register_tool_type(cls: type[ToolSpec]) -> type[ToolSpec]:
    """Make `cls.TYPE` a tool type that specs may name; use as a decorator. A later class replaces an earlier one."""
    TOOL_TYPES[cls.TYPE] = cls
    return cls


def load_tool_types() -> dict[str, type[ToolSpec]]:
    """Return the registry with gptsmith's own types in it.

    They are named here as a plug-in is, not imported: `tools` builds on `assistants`, never the other way round.
    """
    import_module("gptsmith.tools")
    return TOOL_TYPES
