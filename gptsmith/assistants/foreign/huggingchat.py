"""An assistant of HuggingChat, as its API and the exports of chat-ui give it."""

from __future__ import annotations

from gptsmith.assistants.foreign.carried import Foreign, Source
from gptsmith.assistants.foreign.given import Given

NAME = "HuggingChat"
_SERVICE = frozenset(
    ("_id", "id", "createdById", "createdByName", "createdByMe", "createdAt", "updatedAt", "userCount", "review",
     "featured", "last24HoursCount", "last24HoursUseCount", "searchTokens", "reported", "avatar", "numberOfReports")
)  # fmt: skip


def fits(given: Given) -> bool:
    """Tell whether it is one."""
    return isinstance(given.data, dict) and "preprompt" in given.data


def read(given: Given) -> list[Foreign]:
    """Return the assistant."""
    made, source = Foreign(NAME), Source(given.data)
    made.describe(source.text("name") or given.title, source.text("description"), source.text("preprompt"))
    made.start_with(source.many("exampleInputs"))
    made.leave_model(source.text("modelId"), source.take("generateSettings"))
    rag = source.inner("rag")
    links = [url for url in rag.texts("allowedLinks") if url.startswith("https://")]
    if links:
        made.spec["knowledge"] = [{"name": "links", "description": "Pages that it answers from", "urls": links}]
    if rag.take("allowAllDomains"):
        made.add_tool({"type": "web"})
    for domain in rag.texts("allowedDomains"):
        made.add_tool({"type": "web"})
        made.leave(f"only pages of {domain}", "the web tool is not held to domains")
    for tool in source.many("tools"):
        made.leave(f"tool {str(tool)[:60]}", "it belongs to that service")
    if source.take("dynamicPrompt"):
        made.leave("dynamicPrompt", "{{get=…}} and {{url=…}} stand as they are; nothing is fetched into a prompt here")
    made.leave_rest(rag)
    made.leave_rest(source, _SERVICE)
    return [made]
