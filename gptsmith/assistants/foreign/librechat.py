"""An agent or a preset of LibreChat."""

from __future__ import annotations

from gptsmith.assistants.foreign.carried import Foreign, Source
from gptsmith.assistants.foreign.given import Given

NAME = "LibreChat"
_SERVICE = frozenset(
    ("_id", "id", "__v", "author", "authorName", "createdAt", "updatedAt", "presetId", "user", "defaultPreset", "order",
     "avatar", "projectIds", "isCollaborative", "versions", "version", "category", "support_contact", "iconURL",
     "endpointType", "spec", "tools_kwargs", "recursion_limit", "end_after_tools", "hide_sequential_outputs")
)  # fmt: skip
_TOOLS = {
    "execute_code": "code", "web_search": "web", "dalle": "image_generation", "image_gen_oai": "image_generation",
    "stable-diffusion": "image_generation", "flux": "image_generation", "google": "web",
    "tavily_search_results_json": "web",
}  # fmt: skip
_SETTINGS = ("temperature", "top_p", "topP", "topK", "presence_penalty", "frequency_penalty", "maxOutputTokens",
             "max_tokens", "maxContextTokens", "model_parameters", "reasoning_effort", "resendFiles", "imageDetail",
             "promptCache", "thinking", "thinkingBudget", "stop")  # fmt: skip


def fits(given: Given) -> bool:
    """Tell whether it is one."""
    data = given.data
    if not isinstance(data, dict):
        return False
    agent = "instructions" in data and "provider" in data
    return agent or ("endpoint" in data and ("promptPrefix" in data or "system" in data or "presetId" in data))


def read(given: Given) -> list[Foreign]:
    """Return the assistant."""
    made, source = Foreign(NAME), Source(given.data)
    name = source.text("name", "title", "modelLabel", "chatGptLabel") or given.title
    made.describe(name, source.text("description"), source.text("instructions", "promptPrefix", "system"))
    made.put("welcome_message", source.text("greeting"), 500)
    made.start_with(source.many("conversation_starters"))
    for tool in source.many("tools"):
        kind = _TOOLS.get(str(tool))
        if kind:
            made.add_tool({"type": kind})
        elif tool == "file_search":
            made.leave("file_search", "files are searched by themselves; attach them under knowledge:")
        else:
            made.leave(f"tool {str(tool)[:60]}", "it belongs to LibreChat's server; give an mcp or openapi tool")
    for helper in source.many("agent_ids", "edges"):
        made.leave(f"helper {str(helper)[:60]}", "import it too, then name it in a tool of type assistant")
    for action in source.many("actions"):
        made.leave(f"action {str(action)[:60]}", "its OpenAPI document is not in the export; give an openapi tool")
    if source.take("tool_resources"):
        made.leave("tool_resources", "its files are not in the export; attach them under knowledge:")
    if source.take("artifacts"):
        made.leave("artifacts", "there is nothing like it here")
    made.leave_model(":".join(filter(None, (source.text("provider", "endpoint"), source.text("model")))))
    for setting in _SETTINGS:
        if source.take(setting) is not None:
            made.leave(setting, "it belongs to the model of there")
    made.leave_rest(source, _SERVICE)
    return [made]
