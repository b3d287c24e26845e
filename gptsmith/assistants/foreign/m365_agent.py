"""A declarative agent of Microsoft 365 Copilot: its manifest, with the files that it names beside it."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.assistants.foreign.carried import Foreign, Source
from gptsmith.assistants.foreign.given import Given

NAME = "M365 declarative agent"
_FILE = re.compile(r"^\$\[file\('([^']{1,200})'\)\]$")
_CAPABILITIES = {"GraphicArt": "image_generation", "CodeInterpreter": "code", "WebSearch": "web"}
_SERVICE = frozenset(("$schema", "version", "id", "sensitivity_label", "user_overrides"))


def fits(given: Given) -> bool:
    """Tell whether it is one."""
    data = given.data
    if not isinstance(data, dict) or "instructions" not in data:
        return False
    return "declarative-agent" in str(data.get("$schema", "")) or bool(
        re.fullmatch(r"v\d+\.\d+", str(data.get("version", ""))) and "name" in data
    )


def read(given: Given) -> list[Foreign]:
    """Return the agent."""
    made, source = Foreign(NAME), Source(given.data)
    instructions = source.text("instructions")
    if named := _FILE.match(instructions):
        instructions = given.beside(named[1])
        if not instructions:
            made.leave(f"instructions in {named[1]}", "there is no such file beside the manifest")
    made.describe(source.text("name") or given.title, source.text("description"), instructions)
    made.start_with(source.many("conversation_starters"))
    made.put("disclaimer", source.inner("disclaimer").text("text"), 500)
    for capability in source.many("capabilities"):
        _add(made, capability if isinstance(capability, dict) else {"name": capability})
    for action in source.many("actions"):
        file = action.get("file") if isinstance(action, dict) else action
        made.leave(f"action {str(file)[:80]}", "give the OpenAPI document that it names to an openapi tool")
    for helper in source.many("worker_agents"):
        name = helper.get("id") if isinstance(helper, dict) else helper
        made.leave(f"helper {str(name)[:60]}", "import it too, then name it in a tool of type assistant")
    made.leave_rest(source, _SERVICE)
    return [made]


def _add(made: Foreign, capability: dict[str, Any]) -> None:
    source = Source(capability, "capability.")
    name = source.text("name")
    sites = [one.get("url") for one in source.many("sites") if isinstance(one, dict)]
    urls = [url for url in sites if isinstance(url, str) and url.startswith("https://")]
    if name == "WebSearch" and urls:
        made.spec["knowledge"] = [{"name": "sites", "description": "Pages that it answers from", "urls": urls[:50]}]
        made.leave("search below its sites", "the pages themselves are read, not what they link to")
    elif name in _CAPABILITIES:
        made.add_tool({"type": _CAPABILITIES[name]})
    else:
        made.leave(f"capability {name[:60]}", "Microsoft 365 is not reached from here; attach files instead")
        return
    made.leave_rest(source)
