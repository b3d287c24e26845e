"""The agents of a docker agent file (also called cagent): YAML with `agents` and `models`."""

from __future__ import annotations

from typing import Any

from gptsmith.assistants.foreign.carried import Foreign, Source
from gptsmith.assistants.foreign.given import Given

NAME = "docker agent"
_TOOLSETS = {"fetch": "web"}


def fits(given: Given) -> bool:
    """Tell whether it is one."""
    agents = given.data.get("agents") if isinstance(given.data, dict) else None
    return isinstance(agents, dict) and any(isinstance(a, dict) and "instruction" in a for a in agents.values())


def read(given: Given) -> list[Foreign]:
    """Return the agents, the root first; helpers come as assistants of their own."""
    whole = Source(given.data)
    agents, models = whole.take("agents"), whole.take("models")
    whole.take("version")
    names = sorted((n for n, a in agents.items() if isinstance(a, dict)), key=lambda name: name != "root")
    made = [_one(str(name), agents[name], models if isinstance(models, dict) else {}, given) for name in names]
    made[0].leave_rest(whole, frozenset(("metadata",)))
    return made


def _one(name: str, data: dict[str, Any], models: dict[str, Any], given: Given) -> Foreign:
    made, source = Foreign(NAME), Source(data)
    title = given.title if name == "root" else name.replace("_", " ").replace("-", " ")
    made.describe(title.capitalize(), source.text("description"), source.text("instruction"))
    made.put("welcome_message", source.text("welcome_message"), 500)
    commands = source.take("commands")
    if isinstance(commands, dict):
        made.start_with([{"title": str(k), "text": v} for k, v in commands.items() if isinstance(v, str)])
    model = source.text("model")
    about = models.get(model)
    if isinstance(about, dict):
        made.leave_model(f"{about.get('provider')}:{about.get('model')}", _settings(about))
    else:
        made.leave_model(model.replace("/", ":", 1))
    for toolset in source.many("toolsets"):
        _add_toolset(made, toolset if isinstance(toolset, dict) else {"type": toolset})
    for helper in source.many("sub_agents", "handoffs"):
        made.leave(f"helper {str(helper)[:60]}", "it comes by itself; name it in a tool of type assistant")
    made.leave_rest(source)
    return made


def _settings(about: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in about.items() if name not in ("provider", "model")}


def _add_toolset(made: Foreign, toolset: dict[str, Any]) -> None:
    source = Source(toolset, "toolset.")
    kind = source.text("type")
    command, arguments, remote = source.text("command"), source.texts("args"), source.inner("remote")
    url = remote.text("url")
    if kind == "mcp" and (url or command):
        number = 1 + sum(tool["type"] == "mcp" for tool in made.spec.get("tools", []))
        tool: dict[str, Any] = {"type": "mcp", "name": "mcp" if number == 1 else f"mcp_{number}"}
        tool |= {"url": url} if url else {"command": [command, *arguments]}
        if allowed := source.texts("tools"):
            tool["tools"] = allowed
        made.add_tool(tool)
        if remote.take("headers") or source.take("env"):
            made.leave(f"headers and env of {tool['name']}", "keys are never carried; set them with ${env:NAME}")
        remote.take("transport_type")
        made.leave_rest(remote)
    elif kind in _TOOLSETS:
        made.add_tool({"type": _TOOLSETS[kind]})
    else:
        what = source.text("ref") or kind or "toolset"
        why = (
            "it runs in Docker; give the server's url or command" if kind == "mcp" else "there is nothing like it here"
        )
        made.leave(f"toolset {what[:80]}", why)
        return
    made.leave_rest(source)
