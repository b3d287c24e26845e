"""What holds for a draft's tools that reach further: files that are there, the person's own addresses, no keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from gptsmith.agent.builder.language.answers import Draft, DraftTool, Missing
from gptsmith.agent.builder.language.description import urls
from gptsmith.agent.builder.language.requests import BuildRequest
from gptsmith.agent.builder.reach.wishes import Wishes
from gptsmith.assistants.format.spec import load_tool_types

_KEY = re.compile(r"\$\{env:[A-Za-z_][A-Za-z0-9_]*\}")
_OURS = ("type", "name", "description")
_COMMON = ("requires_approval", "max_calls")


def reach(draft: Draft, wanted: Wishes, request: BuildRequest) -> None:
    """Keep what the draft's tools may reach, and add what the person's words plainly ask for and the draft lacks."""
    kept: list[DraftTool] = []
    for tool in draft.tools:
        tool.settings = dict(_known(tool))
        why = CHECKED.get(tool.type, _nothing)(tool, request) or _invented(tool, request.description)
        if why:
            draft.missing.append(Missing(kind="tool", what=tool.name.replace("_", " "), how=why))
        else:
            kept.append(tool)
    declined = [tool for tool in wanted.tools if _is_declined(tool, draft)]
    wanted.missing = [item for item in wanted.missing if not (declined and item.what == "web search")]
    for tool in wanted.tools:
        if tool in declined:
            continue
        same = next((one for one in kept if _same(one, tool)), None)
        if same is None:
            names = {one.name for one in kept}
            tool.name = next(n for n in (tool.name, *(f"{tool.name}_{i}" for i in range(2, 99))) if n not in names)
            kept.append(tool)
        else:
            same.settings = {**tool.settings, **same.settings}
            if tool.settings.get("requires_approval"):
                same.settings["requires_approval"] = True
    for tool in kept if wanted.asks_first else ():
        if tool.type in ("mcp", "python"):
            tool.settings["requires_approval"] = True
    draft.tools = kept
    draft.remembers = draft.remembers or wanted.remembers
    draft.skills = list(request.skills)


def _known(tool: DraftTool) -> Iterator[tuple[str, Any]]:
    """Yield the settings that the tool's type has."""
    cls = load_tool_types().get(tool.type)
    if cls is None:
        return
    for name, info in cls.model_fields.items():
        key = info.alias or name
        if key not in _OURS and tool.settings.get(key) not in (None, "", [], {}):
            yield key, tool.settings[key]


def _nothing(_tool: DraftTool, _request: BuildRequest) -> str:
    return ""


def _service(tool: DraftTool, request: BuildRequest) -> str:
    place = str(tool.settings.get("schema", "")).removeprefix("./")
    own = [call.id for call in request.calls if call.file == place and call.method != "def"]
    if not own and place not in urls(request.description):
        return "Attach its OpenAPI document, or give the document's address, and say what it is for."
    tool.settings["schema"] = place
    asked = tool.settings.get("operations")
    if own and isinstance(asked, list):
        tool.settings["operations"] = [name for name in asked if name in own]
        if not tool.settings["operations"]:
            return f"{place} has none of these operations; it has {', '.join(own[:8])}."
    changing = {call.id for call in request.calls if call.file == place and call.changes}
    offered = tool.settings.get("operations") or own
    if changing & set(offered) and "requires_approval" not in tool.settings:
        tool.settings["requires_approval"] = (
            True  # what changes things elsewhere asks first, unless it is said otherwise
        )
    return ""


def _server(tool: DraftTool, request: BuildRequest) -> str:
    url, command = tool.settings.get("url"), tool.settings.get("command")
    if url and command:
        del tool.settings["command"]
        command = None
    said = " ".join(request.description.split())
    if url in urls(said) or (isinstance(command, list) and " ".join(map(str, command)) in said):
        return ""
    return 'Give the address of its MCP server, or the command that starts it, such as "uvx mcp-server-time".'


def _function(tool: DraftTool, request: BuildRequest) -> str:
    file, _, function = str(tool.settings.get("ref", "")).removeprefix("./").rpartition(":")
    if any((call.file, call.method, call.id) == (file, "def", function) for call in request.calls):
        tool.settings["ref"] = f"{file}:{function}"
        return ""
    return "Attach the Python file with that function, and name the function."


def _helper(tool: DraftTool, request: BuildRequest) -> str:
    ref = str(tool.settings.get("ref", ""))
    return "" if ref and ref in request.description else "Name the assistant that it should ask by its id."


def _search(tool: DraftTool, _request: BuildRequest) -> str:
    if not isinstance(tool.settings.get("search"), dict):
        tool.settings.pop("search", None)
    return ""


CHECKED: dict[str, Callable[[DraftTool, BuildRequest], str]] = {
    "openapi": _service,
    "mcp": _server,
    "python": _function,
    "assistant": _helper,
    "web": _search,
}


def _invented(tool: DraftTool, said: str) -> str:
    """Return why settings cannot stay: an address that nobody gave, a key written out."""
    for name, text in _texts(tool.settings):
        for url in urls(text):
            if url not in urls(said) and not _KEY.search(text):
                return f"Say its address: {url[:80]} is none that you gave."
        if name in ("headers", "env", "api_key") and not _KEY.search(text):
            return "Keys never stand in the file: write ${env:NAME} where one belongs, and set that variable."
    return ""


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, name if name in ("headers", "env") else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, name)


_DECLINES = {
    "web": re.compile(r"\b(?:online|web|internet|search\w*|google|brows\w+)\b", re.IGNORECASE),
    "code": re.compile(r"\b(?:python|code|comput\w+|plot\w*|script\w*)\b", re.IGNORECASE),
}


def _is_declined(tool: DraftTool, draft: Draft) -> bool:
    """Say whether the model left such a tool out on purpose, and says so: its texts are written without it."""
    pattern = _DECLINES.get(tool.type)
    own = [m.what for m in draft.missing if m.kind == "tool" and m.what not in ("web search", "running code")]
    return pattern is not None and any(pattern.search(what) for what in own)


def _same(one: DraftTool, other: DraftTool) -> bool:
    """Say whether two entries reach the same thing."""
    if one.type != other.type:
        return False
    if one.type == "openapi" and one.settings.get("schema") == other.settings.get("schema"):
        mine, yours = (set(t.settings.get("operations") or []) for t in (one, other))
        return not mine or yours <= mine
    keys = {"mcp": ("url", "command"), "python": ("ref",), "openapi": ("schema",)}.get(one.type, ())
    return all(one.settings.get(key) == other.settings.get(key) for key in keys)
