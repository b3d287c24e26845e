"""A GPT of ChatGPT: its exported configuration, an assistant of the API, or its parts pasted as text."""

from __future__ import annotations

import json
import re
from typing import Any

from gptsmith.assistants.foreign.carried import FILES, Foreign, Source
from gptsmith.assistants.foreign.given import Given

NAME = "OpenAI GPT"
_SERVICE = frozenset(
    ("id", "object", "created_at", "updated_at", "short_url", "author", "voice", "share_recipient", "organization_id",
     "workspace_id", "current_user_permission", "vanity_metrics", "version", "version_id", "tags", "categories",
     "profile_picture_url", "profile_pic_id", "theme", "product_features", "training_disabled")
)  # fmt: skip
_TOOLS = {
    "browser": "web", "web_browsing": "web", "web_search": "web", "web_search_preview": "web", "browsing": "web",
    "dalle": "image_generation", "image_generation": "image_generation", "image_gen": "image_generation",
    "python": "code", "code_interpreter": "code", "code_interpreter_and_data_analysis": "code",
}  # fmt: skip
KINDS = ("web", "image_generation", "code")
"""The tools that a GPT can have, too."""
_LABELS = {
    "name": "name", "description": "description", "instructions": "instructions", "system prompt": "instructions",
    "conversation starters": "starters", "prompt starters": "starters", "starters": "starters",
    "capabilities": "capabilities", "knowledge": "knowledge", "actions": "actions",
}  # fmt: skip
_LABEL = re.compile(rf"^[#*\s]*({'|'.join(_LABELS)})[*\s]*:?[*\s]*(.*)$", re.IGNORECASE)


def fits(given: Given) -> bool:
    """Tell whether it is one."""
    if given.kind == "text":
        return "instructions" in sections(given.text) and "name" in sections(given.text)
    data = given.data
    if not isinstance(data, dict):
        return False
    if "gizmo" in data or data.get("object") == "assistant":
        return True
    known = ("prompt_starters", "conversation_starters", "capabilities", "tools", "actions", "files", "knowledge")
    foreign = ("$schema", "endpoint", "provider", "preprompt", "spec", "params")
    return "instructions" in data and "name" in data and any(k in data for k in known) and not {*foreign} & {*data}


def read(given: Given) -> list[Foreign]:
    """Return the assistant."""
    if given.kind == "text":
        return [_pasted(given)]
    made, source = Foreign(NAME), Source(given.data)
    outer, source = source, source.inner("gizmo") if "gizmo" in given.data else source
    display = source.inner("display")
    name = display.text("name") or source.text("name") or given.title
    about = display.text("description") or source.text("description")
    made.describe(name, about, source.text("instructions"))
    made.put("welcome_message", display.text("welcome_message") or source.text("welcome_message"), 500)
    made.start_with(display.many("prompt_starters") or source.many("prompt_starters", "conversation_starters"))
    tools = [*(outer.many("tools") if outer is not source else []), *source.many("tools")]
    _add_tools(made, tools, source.take("capabilities"))
    for number, action in enumerate(outer.take("actions") or source.many("actions"), 1):
        _add_action(made, action, number)
    for file in outer.many("files", "knowledge", "knowledge_files") or source.many("files", "knowledge_files"):
        _leave_file(made, file)
    made.leave_model(source.text("model"))
    for part in {id(s): s for s in (outer, source, display)}.values():
        made.leave_rest(part, _SERVICE)
    return [made]


def write(spec: dict[str, Any]) -> str:
    """Return a spec as the text that is pasted into ChatGPT's form."""
    starters = [s if isinstance(s, str) else s["text"] for s in spec.get("conversation_starters", [])]
    back = {"web": "Web Search", "image_generation": "Image Generation", "code": "Code Interpreter & Data Analysis"}
    tools = [back[tool["type"]] for tool in spec.get("tools", []) if tool["type"] in back]
    parts = [f"Name: {spec['name']}", f"Description: {spec['description'][:300]}"]
    parts.append(f"Instructions:\n{spec['instructions'].strip()}")
    if starters:
        parts.append("Conversation starters:\n" + "\n".join(f"- {text}" for text in starters))
    if tools:
        parts.append("Capabilities:\n" + "\n".join(f"- {tool}" for tool in tools))
    return "\n\n".join(parts) + "\n"


def sections(text: str) -> dict[str, str]:
    """Return the parts of a pasted text by their labels."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in text.splitlines():
        label = _LABEL.match(line)
        key = _LABELS[label[1].lower()] if label else ""
        if label and key not in found and (":" in line or line.lstrip().startswith("#") or not label[2]):
            current = key
            found[current] = [label[2]] if label[2] else []
        elif current:
            found[current].append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}


def _pasted(given: Given) -> Foreign:
    made, parts = Foreign(NAME), sections(given.text)
    made.describe(parts["name"] or given.title, parts.get("description", ""), parts["instructions"])
    made.start_with(_items(parts.get("starters", "")))
    wanted = [re.sub(r"[^a-z]+", "_", item.lower()).strip("_") for item in _items(parts.get("capabilities", ""))]
    _add_tools(made, [{"type": tool} for tool in wanted], None)
    for file in _items(parts.get("knowledge", "")):
        _leave_file(made, file)
    if parts.get("actions"):
        made.leave("actions", "give their OpenAPI document to an openapi tool")
    return made


def _items(text: str) -> list[str]:
    return [
        line for line in (re.sub(r"^\s*(?:[-*•]|\d+[.)])\s*", "", raw).strip() for raw in text.splitlines()) if line
    ]


def _add_tools(made: Foreign, tools: list[Any], capabilities: Any) -> None:
    names = [tool.get("type") if isinstance(tool, dict) else tool for tool in tools]
    if isinstance(capabilities, dict):
        names += [name for name, on in capabilities.items() if on]
    elif isinstance(capabilities, list):
        names += capabilities
    for number, name in enumerate(names):
        kind = _TOOLS.get(str(name))
        if kind:
            made.add_tool({"type": kind})
        elif name == "file_search":
            made.leave("file_search", "files are searched by themselves; attach them under knowledge:")
        elif name in ("function", "plugins_prototype"):
            tool = tools[number] if number < len(tools) else {}
            _add_action(made, tool if isinstance(tool, dict) else {}, number + 1)
        else:
            made.leave(f"tool {str(name)[:60]}", "there is nothing like it here")


def _add_action(made: Foreign, action: Any, number: int) -> None:
    """Carry the OpenAPI document of an action; its keys stay where they are."""
    action = action if isinstance(action, dict) else {}
    meta = action.get("metadata") if isinstance(action.get("metadata"), dict) else action
    document = next((meta[k] for k in ("openapi", "json_schema", "raw_spec", "schema") if meta.get(k)), None)
    document = document if isinstance(document, dict | str) else action if "paths" in action else None
    if isinstance(document, dict) and "paths" not in document:
        document = None
    function = action.get("function")
    if document is None:
        name = function.get("name") if isinstance(function, dict) else action.get("name") or f"action {number}"
        made.leave(f"{str(name)[:60]}", "its code stays with the program that called it; give a python or openapi tool")
        return
    text = document if isinstance(document, str) else json.dumps(document, indent=2, ensure_ascii=False)
    file = f"action-{number}.{'json' if text.lstrip().startswith('{') else 'yaml'}"
    made.files[file] = text.encode("utf-8", "replace")
    made.add_tool({"type": "openapi", "name": f"action_{number}", "schema": f"{FILES}{file}"})
    if meta.get("auth") or action.get("auth"):
        made.leave(f"the key of action {number}", "keys are never carried; set headers: with ${env:NAME}")


def _leave_file(made: Foreign, file: Any) -> None:
    name = file.get("name") or file.get("filename") or file.get("id") if isinstance(file, dict) else file
    made.leave(f"file {str(name)[:100]}", "its content is not in the export; attach it under knowledge:")
