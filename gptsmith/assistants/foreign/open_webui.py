"""Models of Open WebUI, as its export gives them: a list, each with a system prompt."""

from __future__ import annotations

from typing import Any

from gptsmith.assistants.foreign.carried import Foreign, Source
from gptsmith.assistants.foreign.given import Given

NAME = "Open WebUI"
_SERVICE = frozenset(
    ("id", "user_id", "access_control", "access_grants", "is_active", "updated_at", "created_at", "user", "object",
     "created", "owned_by", "profile_image_url", "position", "hidden", "toolIds", "filterIds", "actionIds", "urlIdx")
)  # fmt: skip
_CAPABILITIES = {"image_generation": "image_generation", "web_search": "web", "code_interpreter": "code"}


def fits(given: Given) -> bool:
    """Tell whether it is one."""
    models = _models(given.data)
    return bool(models) and all(isinstance(m, dict) and ("params" in m or "info" in m) and "name" in m for m in models)


def read(given: Given) -> list[Foreign]:
    """Return the assistants."""
    return [_one(model) for model in _models(given.data)[:100]]


def _models(data: Any) -> list[Any]:
    return data if isinstance(data, list) else [data] if isinstance(data, dict) else []


def _one(model: dict[str, Any]) -> Foreign:
    inner = model.get("info")
    made, source = Foreign(NAME), Source({**model, **inner} if isinstance(inner, dict) else model)
    source.take("info")
    params, meta = source.inner("params"), source.inner("meta")
    made.describe(source.text("name"), meta.text("description"), params.text("system"))
    made.start_with(meta.many("suggestion_prompts"))
    made.leave_model(source.text("base_model_id"))
    found = meta.take("tags")
    names = [tag.get("name") for tag in found if isinstance(tag, dict)] if isinstance(found, list) else []
    if tags := [name for name in names if isinstance(name, str)]:
        made.spec["metadata"] = {"tags": tags[:50]}
    capabilities = meta.take("capabilities")
    for name, kind in _CAPABILITIES.items():
        if isinstance(capabilities, dict) and capabilities.get(name):
            made.add_tool({"type": kind})
    for item in meta.many("knowledge"):
        called = item.get("name") if isinstance(item, dict) else item
        made.leave(f"knowledge {str(called)[:80]}", "its files are not in the export; attach them under knowledge:")
    for tool in meta.many("toolIds"):
        made.leave(f"tool {str(tool)[:60]}", "its code stays in Open WebUI; give a python tool")
    made.leave_rest(meta, _SERVICE)
    for name in params.rest():
        made.leave(name, "it belongs to the model of there")
    made.leave_rest(source, _SERVICE)
    return made
