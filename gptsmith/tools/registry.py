"""The registry of tools: from a spec's `type` to the tool that runs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from gptsmith.assistants.format.spec import TOOL_TYPES, ToolSpec, register_tool_type
from gptsmith.errors import GptsmithError, NotReadyError, ToolError, UsageError
from gptsmith.models.chat.messages import Passage, fence

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool

    from gptsmith.rag.hit import Hit


# What a tool is given when it is made: folders, trust, and the way to show something.


def _nowhere() -> str:
    """Name no conversation: the tool runs outside a turn."""
    return ""


def _nothing() -> dict[str, Any]:
    """Add nothing to a call: no surface made it."""
    return {}


def _silent(_type: str, _data: dict[str, Any]) -> None:
    """Show nothing: the tool runs outside a turn."""


def _numbered(_query: str, hits: list[Hit]) -> str:
    """Return hits as numbered passages: there is no turn to cite them in."""
    return fence([Passage(id=n, source=hit.source, page=hit.page, text=hit.text) for n, hit in enumerate(hits, 1)])


@dataclass(frozen=True)
class ToolContext:
    """One assistant's surroundings, the same for all of its tools.

    `base_dir` is the spec's folder, `folder` the assistant's state folder, `trust` what the caller granted,
    `spec` the spec's file. `cite(query, hits)` numbers what was found for the answer to cite, and
    gives it as a block. `helper(path)` gives what asks another assistant. `model` is
    the assistant's chat model (never looked up from here). `emit(type, data)` adds an event to the running turn,
    `thread()` is the id of its conversation, empty outside of one. `chosen()` holds what a surface adds to a call that
    the person made there, and that no model may pass. `given` are files and folders of the spec that code may read, by
    their names in its working folder.
    """

    base_dir: Path
    folder: Path
    trust: bool = False
    model: BaseChatModel | None = None
    emit: Callable[[str, dict[str, Any]], None] = field(default=_silent)
    thread: Callable[[], str] = field(default=_nowhere)
    chosen: Callable[[], dict[str, Any]] = field(default=_nothing)
    spec: Path | None = None
    cite: Callable[[str, list[Hit]], str] = field(default=_numbered)
    helper: Callable[[Path], Callable[[str], Awaitable[str]]] | None = None
    given: Mapping[str, Path] = field(default_factory=dict)


# What one entry under a spec's `tools` gives to the model: one tool, or as many as a server or document has.

_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]+")
_LONGEST = 64  # characters; providers refuse longer names


class Toolset:
    """The tools of one entry: a fixed list. A type whose tools come from elsewhere overrides `tools`.

    `moving` says that the list may differ from turn to turn; `tools` is then asked before each turn, on a thread.
    """

    moving = False

    def __init__(self, tools: Iterable[BaseTool] = ()) -> None:
        self._tools = list(tools)

    def begin(self) -> None:
        """Begin, beside everything else, what takes a while: the start of a server, the fetch of a document."""

    def tools(self) -> list[BaseTool]:
        """Return the tools as they are now.

        Raises:
            GptsmithError: they cannot be had; it says why, and the next turn asks again.
        """
        return self._tools

    def close(self) -> None:
        """Let go of processes and connections."""


def call_name(entry: str, name: str, taken: Collection[str] = ()) -> str:
    """Return the name by which the model calls the tool `name` of the entry: `shop_getOrder`; one not yet `taken`."""
    return free_name(f"{entry}_{_NOT_IN_A_NAME.sub('_', name).strip('_')}", taken)


def free_name(name: str, taken: Collection[str]) -> str:
    """Return `name`, no longer than a provider takes, with a number behind where it is `taken`."""
    found, n = name[:_LONGEST].rstrip("_"), 2
    while found in taken:
        found, n = f"{name[: _LONGEST - 4].rstrip('_')}_{n}", n + 1
    return found


STRICT = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, populate_by_name=True)

Maker = Callable[[Any, ToolContext], "BaseTool | Toolset"]
_MAKERS: dict[type[ToolSpec], tuple[Maker, type[BaseModel]]] = {}


class Request(BaseModel):
    """The call argument of a tool that takes one sentence."""

    request: str


def tool_type(make: Maker, arguments: type[BaseModel]) -> Callable[[type[ToolSpec]], type[ToolSpec]]:
    """Register a spec class, what makes its tool and what a call takes; use as a decorator of the class."""

    def register(cls: type[ToolSpec]) -> type[ToolSpec]:
        _MAKERS[cls] = (make, arguments)
        return register_tool_type(cls)

    return register


def make_tools(spec: ToolSpec, context: ToolContext) -> Toolset:
    """Return the tools that `spec` describes; each names its entry of the spec in `metadata["of"]`.

    A tool whose surroundings are missing (package, weights, runtime, trust) comes back as one that says so when it is
    called: the assistant still chats, and the model is told what it cannot do. Its `metadata` says why: `told` is for
    people who chat, `unavailable` for the author of the spec, with what to do.
    """
    try:
        made = _made(spec, context)
    except NotReadyError as error:
        return Toolset([_unavailable(spec, error)])
    return _Offered(spec, made)


class _Offered(Toolset):
    """The tools of an entry as the spec names them; where they cannot be had, one that says why."""

    def __init__(self, spec: ToolSpec, made: BaseTool | Toolset) -> None:
        super().__init__()
        self._spec = spec
        self._source = made if isinstance(made, Toolset) else Toolset([self._as_named(made)])
        self._missing: dict[str, BaseTool] = {}

    def _as_named(self, tool: BaseTool) -> BaseTool:
        tool.name = self._spec.name
        if self._spec.description:
            tool.description = self._spec.description
        return tool

    @property
    def moving(self) -> bool:  # type: ignore[override]
        """Whether the source's tools may change."""
        return self._source.moving

    def begin(self) -> None:
        """Let the source begin."""
        self._source.begin()

    def tools(self) -> list[BaseTool]:
        """Return the source's tools, or the one that stands for them."""
        try:
            found = self._source.tools()
        except GptsmithError as error:
            missing = self._missing.get(str(error))  # the same one again: nothing changed
            if missing is None:
                self._missing = {str(error): (missing := _unavailable(self._spec, error))}
            return [missing]
        for tool in found:
            if self._spec.description and "of" not in (tool.metadata or {}) and tool.name != self._spec.name:
                tool.description = f"{tool.description} {self._spec.description}"
            tool.metadata = {**(tool.metadata or {}), "of": self._spec.name}
        return found

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def not_ready(spec: ToolSpec, context: ToolContext) -> NotReadyError | None:
    """Return why `spec` cannot run here, or None when it can; nothing is called and nothing is downloaded."""
    try:
        made = _made(spec, context)
    except NotReadyError as error:
        return error
    if isinstance(made, Toolset):
        made.close()
    return None


def _made(spec: ToolSpec, context: ToolContext) -> BaseTool | Toolset:
    make, _ = _MAKERS[type(spec)]
    return make(spec, context)


def not_built(what: str, hint: str) -> NotReadyError:
    """Return the error of a tool type whose runtime is not part of this release."""
    return NotReadyError(f"{what} cannot run yet in this release", code="not_built", hint=hint)


class OwnTool(ToolSpec):
    """A tool that a program registered; it has the fields that every tool has."""

    model_config = STRICT


def register_tool(tool: BaseTool | Callable[..., Any], name: str = "") -> None:
    """Make a program's own tool a type that specs may name: `tools: [{type: <name>}]`.

    `tool` is a LangChain tool or a function with type hints and a docstring; `name` defaults to its name.

    Raises:
        UsageError: the name is one of gptsmith's own types or cannot be a tool's name.
    """
    title = name or getattr(tool, "name", "") or getattr(tool, "__name__", "")
    if not title.replace("-", "_").isidentifier():
        raise UsageError(f"{title!r} cannot be the name of a tool", hint="pass name= with letters, digits, _ and -")
    if title in TOOL_TYPES and not issubclass(TOOL_TYPES[title], OwnTool):
        raise UsageError(f"{title!r} is one of gptsmith's own tool types", hint="pass another name=")
    summary = (getattr(tool, "description", "") or getattr(tool, "__doc__", "") or title).strip().split("\n")[0]
    kind = type(title, (OwnTool,), {"__module__": __name__, "__doc__": summary, "TYPE": title, "SUMMARY": summary})
    tool_type(lambda _spec, _context: _own_tool(tool, title), Request)(kind)


def _own_tool(tool: BaseTool | Callable[..., Any], name: str) -> BaseTool:
    from langchain_core.tools import BaseTool, StructuredTool

    if isinstance(tool, BaseTool):
        return tool.model_copy()
    if inspect.iscoroutinefunction(tool):
        return StructuredTool.from_function(coroutine=tool, name=name)
    return StructuredTool.from_function(tool, name=name)


def _unavailable(spec: ToolSpec, error: GptsmithError) -> BaseTool:
    from langchain_core.tools import StructuredTool

    # What to do about it is for the author of the spec; the people who chat, and so the model, are told why alone.
    reason, told = (f"The tool {spec.name} is not available here: {why}." for why in (error, error.message))

    def refuse(**_arguments: Any) -> str:
        raise ToolError(told)

    return StructuredTool.from_function(
        refuse,
        name=spec.name,
        description=f"{spec.description or spec.SUMMARY} (Not available here.)",
        args_schema=_MAKERS[type(spec)][1],
        metadata={"of": spec.name, "unavailable": reason, "told": told, "code": error.code},
    )
