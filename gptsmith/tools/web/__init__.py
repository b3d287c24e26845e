"""The `web` tool: a search, where one is configured, and one page by its address."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, Field, model_validator

from gptsmith.assistants.format.spec import ToolFacts, ToolSpec
from gptsmith.tools.registry import STRICT, Request, ToolContext, tool_type

if TYPE_CHECKING:
    from gptsmith.tools.registry import Toolset


class WebSearch(BaseModel):
    """A search engine: a SearXNG server by its address, or a known service with a key."""

    model_config = STRICT

    provider: Literal["searxng", "brave", "tavily"] = Field(description="Which kind it is.")
    url: str | None = Field(default=None, description="Address of the SearXNG server; `${env:NAME}` allowed.")
    api_key: str | None = Field(
        default=None, pattern=r"^\$\{env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}$", description="Only `${env:NAME}`."
    )

    @model_validator(mode="after")
    def _reachable(self) -> WebSearch:
        if self.provider == "searxng" and not self.url:
            raise ValueError("searxng needs url")
        if self.provider != "searxng" and not self.api_key:
            raise ValueError(f"{self.provider} needs api_key")
        return self


def make(spec: Web, context: ToolContext) -> Toolset:
    """Return the tools: `web_fetch`, and `web_search` where a search is configured.

    Raises:
        NotReadyError: an environment variable is missing.
    """
    from gptsmith.tools.web.reading import web_tools

    return web_tools(spec, context)


@tool_type(make, Request)
class Web(ToolSpec):
    """Reads a page of the web by its address (`web_fetch`); searches it where a search is configured (`web_search`)."""

    model_config = STRICT
    TYPE: ClassVar[str] = "web"
    SUMMARY: ClassVar[str] = "Searches the web and reads a page."
    FACTS: ClassVar[ToolFacts] = ToolFacts(
        label="Web search and pages",
        first=("max_results",),
        several=True,
        example="Read the page example.org and say what it is for.",
    )

    type: Literal["web"] = "web"
    search: WebSearch | None = Field(default=None, description="The search engine; without one, pages alone are read.")
    max_results: int = Field(default=5, ge=1, le=10, description="Of one search.")

    @classmethod
    def addresses_in(cls, data: dict[str, Any], base_dir: Path | None) -> Iterable[tuple[str, Any]]:
        """Yield the address of the search engine."""
        del base_dir
        search = data.get("search")
        return (
            [("search", search.get("url") or _ENGINES.get(str(search.get("provider"))))]
            if isinstance(search, dict)
            else []
        )


_ENGINES = {"brave": "https://api.search.brave.com", "tavily": "https://api.tavily.com"}
