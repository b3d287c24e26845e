"""The runtime of `web`: what a search finds and what a page says, as passages that are cited like knowledge."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from langchain_core.tools import BaseTool

from gptsmith.assistants.format.variables import expand_env
from gptsmith.errors import FetchError, ToolError
from gptsmith.rag.hit import Hit
from gptsmith.tools.described_tool import DescribedTool
from gptsmith.tools.registry import ToolContext, Toolset, call_name
from gptsmith.tools.service import SecretValues, Service
from gptsmith.tools.web.engines import ENGINES

if TYPE_CHECKING:
    from gptsmith.tools.web import Web, WebSearch

_SEARCH_SECONDS = 20.0
_PAGE_BYTES = 8 * 1024 * 1024
_PART = 5000  # characters of a page that one call shows
_PASSAGE = 1200
_OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": False}
_QUERY = {"type": "string", "minLength": 1, "maxLength": 400, "description": "A few words."}
_URL = {"type": "string", "minLength": 1, "maxLength": 2000, "description": "Address of a page, https://…"}
_PARTS = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1, "description": "Of a long page."}
_SEARCHES = {**_OBJECT, "properties": {"query": _QUERY}, "required": ["query"]}
_FETCHES = {**_OBJECT, "properties": {"url": _URL, "part": _PARTS}, "required": ["url"]}


def web_tools(spec: Web, context: ToolContext) -> Toolset:
    """Return the tools.

    Raises:
        NotReadyError: an environment variable is missing.
    """
    fetches = "Reads a page of the web by its address; its passages are numbered, to be cited."
    if spec.search is None:
        fetches += " There is no search: without an address, say so and ask for one."
    tools: list[BaseTool] = [] if spec.search is None else [_search_tool(spec, spec.search, context)]
    name = call_name(spec.name, "fetch")

    def fetch_page(arguments: dict[str, Any]) -> str:
        return _page(arguments["url"].strip(), int(arguments.get("part", 1)), spec.name, context)

    return Toolset([*tools, DescribedTool(name=name, description=fetches, args_schema=_FETCHES, call=fetch_page)])


def _search_tool(spec: Web, search: WebSearch, context: ToolContext) -> BaseTool:
    engine = ENGINES[search.provider]
    address = expand_env(search.url or "") or engine.address
    key: str = expand_env(search.api_key or "")
    secrets = SecretValues(search.url, search.api_key)
    service = Service([address], anywhere=context.trust, secrets=secrets)

    def run(arguments: dict[str, Any]) -> str:
        query = " ".join(arguments["query"].split())
        answer = service.send(engine.request(address, key, query, spec.max_results), seconds=_SEARCH_SECONDS)
        if answer.status != 200:
            raise ToolError(f"the search answered {answer.reason}", code="refused")
        try:
            found = engine.found(answer.json())[: spec.max_results]
        except (ValueError, RecursionError) as error:
            raise ToolError("the search sent what is no answer", code="bad_answer") from error
        said = [(secrets.hide(one.url), secrets.hide(f"{one.title}\n{one.text}".strip())) for one in found]
        return context.cite(query, [_hit(spec.name, url, text, 0) for url, text in said])

    about = "Searches the web; each result is a numbered passage with its address, to be cited or read whole."
    name = call_name(spec.name, "search")
    return DescribedTool(name=name, description=about, args_schema=_SEARCHES, call=run)


def _page(url: str, part: int, entry: str, context: ToolContext) -> str:
    from gptsmith import fetch
    from gptsmith.rag.reading.parsed import Unreadable
    from gptsmith.rag.reading.process import ReadingProcess

    context.emit("progress", {"stage": "search", "text": f"Reading {url[:120]}"})
    try:
        page = fetch.fetch(url if "://" in url else f"https://{url}", max_bytes=_PAGE_BYTES)
        with ReadingProcess() as reader:
            text = reader.read(page.data, page.url.rpartition("/")[2], page.content_type, page.charset).text
    except FetchError as error:
        raise ToolError(error.message, code=error.code, hint=error.hint) from error
    except Unreadable as error:
        raise ToolError(f"the page cannot be read: {error}", code="unreadable") from error
    begin = (part - 1) * _PART
    if begin and begin >= len(text):
        raise ToolError(f"the page has {max(1, -(-len(text) // _PART))} parts only", code="bad_arguments")
    shown = context.cite(url, [_hit(entry, page.url, piece, at) for at, piece in _pieces(text, begin)])
    left = len(text) - begin - _PART
    return shown if left <= 0 else shown.replace(_END, f"({left:,} more characters: ask for part {part + 1})\n{_END}")


_END = "</passages>"


def _pieces(text: str, begin: int) -> list[tuple[int, str]]:
    """Return the passages of one part of a text with their places; they end where a line or a sentence does."""
    found, end = [], min(len(text), begin + _PART)
    while begin < end:
        stop = min(begin + _PASSAGE, end)
        if stop < end:
            cut = max(text.rfind("\n", begin, stop), text.rfind(". ", begin, stop) + 1)
            stop = cut if cut > begin + _PASSAGE // 3 else stop
        piece = text[begin:stop]
        if re.search(r"\w", piece):
            found.append((begin + len(piece) - len(piece.lstrip()), piece.strip()))
        begin = stop
    return found


def _hit(entry: str, url: str, text: str, start: int) -> Hit:
    id = f"web:{hashlib.sha256(f'{url} {start} {text}'.encode()).hexdigest()[:16]}"
    place: dict[str, Any] = {"start": start, "end": start + len(text), "document_id": id}
    return Hit(chunk_id=id, knowledge=entry, source=url, text=text, score=1.0, **place)
