"""What a message adds for an assistant to reach: services, servers, code, the web, skills, memory, questions before."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.agent.builder.composing.subject import CommandSubject, FoundChange, add, set_field
from gptsmith.agent.builder.language.answers import DraftTool, ProposedChange
from gptsmith.agent.builder.language.requests import ChangeRequest
from gptsmith.agent.builder.reach.wishes import Wishes, wishes
from gptsmith.agent.builder.testing.known import tool_test

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)|\n+|;\s+")
_ACTING = ("mcp", "openapi", "python", "assistant")


def reached(request: ChangeRequest, subject: CommandSubject) -> tuple[FoundChange, str]:
    """Return what the message adds, and the rest of it, which asks for something else."""
    whole = wishes(request.message, request.files, request.calls, request.skills)
    offers = bool(request.calls or request.skills)
    rest: list[str] = []
    plain = Wishes()
    for sentence in filter(None, (part.strip() for part in _SENTENCE.split(request.message))):
        said = wishes(sentence, [], [], {})
        if said.tools or said.missing or said.remembers or (said.asks_first and (whole.tools or _acting(subject))):
            plain.tools += said.tools
        elif offers and re.search(r"\b(?:attached|document|api|skills?|service|functions?|file)\b", sentence, re.I):
            continue
        else:
            rest.append(sentence)
    if not (whole.tools or whole.missing or whole.skills or whole.remembers or len(rest) == 0):
        return FoundChange(), request.message
    found = FoundChange(_tools(whole, request, subject), [*whole.missing])
    known = {str(one).rstrip("/").rsplit("/", 1)[-1] for one in subject.data.get("skills") or []}
    for name in whole.skills:
        if name.rstrip("/").rsplit("/", 1)[-1] not in known:
            found.changes.append(add("skills", name.rstrip("/"), f"Use the skill {name.rstrip('/')}."))
    if whole.remembers:
        words = "Keep what the person asks it to remember, for later conversations."
        found.changes.append(set_field("memory.facts", True, words))
    if whole.asks_first:
        found.changes += [
            set_field(f"tools[{n}].requires_approval", True, f"{_named(subject.tools[n])}: ask before each call.")
            for n in _acting(subject)
        ]
    return found, " ".join(rest)


def loose(request: ChangeRequest) -> tuple[str, ...]:
    """Return the attached files that are there to answer from, and for no tool and no skill."""
    taken = {call.file for call in request.calls if call.method != "def"} | set(request.skills)
    inside = tuple(name for name in request.skills)
    return tuple(name for name in request.files if name not in taken and not name.startswith(inside))


def _tools(whole: Wishes, request: ChangeRequest, subject: CommandSubject) -> list[ProposedChange]:
    changes: list[ProposedChange] = []
    taken = {_named(one) for one in subject.tools}
    for tool in whole.tools:
        if any(_is_there(tool, one) for one in subject.tools):
            continue
        tool.name = next(n for n in (tool.name, *(f"{tool.name}_{i}" for i in range(2, 99))) if n not in taken)
        taken.add(tool.name)
        value = {"type": tool.type, "name": tool.name, "description": tool.description, **tool.settings}
        changes.append(add("tools", value, f"Add the tool {tool.name}{_reaches(tool)}."))
        if test := tool_test(tool, request.calls):
            expected = {"name": test.name, "message": test.message, "expect": {"calls": test.calls}}
            if not any(one.get("name") == test.name for one in subject.tests):
                changes.append(add("tests", expected, f"Test that it {test.name}."))
    return changes


def _reaches(tool: DraftTool) -> str:
    """Say what is reached, so that the person sees it before anything is written."""
    settings = tool.settings
    where: Any = settings.get("url") or settings.get("schema") or settings.get("ref")
    command = settings.get("command")
    what = f", which starts {' '.join(command)}" if command else f", which uses {where}" if where else ""
    calls = settings.get("operations")
    listed = f": {', '.join(calls[:8])}" if calls else ""
    return f"{what}{listed}{', asking before each call' if settings.get('requires_approval') else ''}"


def _is_there(tool: DraftTool, one: dict[str, Any]) -> bool:
    keys = ("url", "command", "ref")
    if one.get("type") != tool.type:
        return False
    if tool.type == "openapi":
        same = str(one.get("schema", "")).rsplit("/", 1)[-1] == str(tool.settings["schema"]).rsplit("/", 1)[-1]
        return same and (one.get("operations") or []) == (tool.settings.get("operations") or [])
    return all(one.get(key) == tool.settings.get(key) for key in keys)


def _acting(subject: CommandSubject) -> list[int]:
    """Return the places of the tools that act elsewhere and do not ask yet."""
    tools = subject.tools
    return [n for n, one in enumerate(tools) if one.get("type") in _ACTING and not one.get("requires_approval")]


def _named(one: dict[str, Any]) -> str:
    return str(one.get("name") or one.get("type"))
