"""Search engines: the request that each wants, and what its answer holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from gptsmith.tools.service import ServiceRequest


@dataclass(frozen=True)
class Found:
    """One result of a search."""

    title: str
    url: str
    text: str


@dataclass(frozen=True)
class Engine:
    """How a search engine is asked: `request(address, key, query, count)`, and where its results stand."""

    address: str
    request: Callable[[str, str, str, int], ServiceRequest]
    results: tuple[str, ...]
    text: str

    def found(self, answer: Any) -> list[Found]:
        """Return the results of an answer; what has no address is passed over."""
        for name in self.results:
            answer = answer.get(name) if isinstance(answer, dict) else None
        items = [item for item in answer if isinstance(item, dict)] if isinstance(answer, list) else []
        return [
            Found(_line(item.get("title")), item["url"], _line(item.get(self.text)))
            for item in items
            if isinstance(item.get("url"), str) and urlsplit(item["url"]).scheme in ("http", "https")
        ]


def _line(value: Any) -> str:
    return " ".join(value.split())[:1000] if isinstance(value, str) else ""


def _searxng(address: str, key: str, query: str, _count: int) -> ServiceRequest:
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    path = path if path.endswith("/search") else f"{path}/search"
    asked = urlencode({"q": query, "format": "json"})
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return ServiceRequest("GET", urlunsplit((parts.scheme, parts.netloc, path, asked, "")), headers)


def _brave(address: str, key: str, query: str, count: int) -> ServiceRequest:
    asked = urlencode({"q": query[:400], "count": count, "text_decorations": "false"})
    return ServiceRequest("GET", f"{address}?{asked}", {"Accept": "application/json", "X-Subscription-Token": key})


def _tavily(address: str, key: str, query: str, count: int) -> ServiceRequest:
    body = json.dumps({"query": query[:400], "max_results": count}).encode()
    return ServiceRequest("POST", address, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}, body)


ENGINES = {
    "searxng": Engine("", _searxng, ("results",), "content"),
    "brave": Engine("https://api.search.brave.com/res/v1/web/search", _brave, ("web", "results"), "description"),
    "tavily": Engine("https://api.tavily.com/search", _tavily, ("results",), "content"),
}
