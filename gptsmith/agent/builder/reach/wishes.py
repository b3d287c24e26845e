"""What a person's words ask an assistant to reach, where they are plain; what is missing for it is said."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gptsmith.agent.builder.language.answers import DraftTool, Missing
from gptsmith.agent.builder.language.description import urls
from gptsmith.agent.builder.language.mentions import variable_name
from gptsmith.agent.builder.language.requests import AttachedCall

NO_SEARCH = (
    "It reads pages whose address it has. To search, add search: {provider: searxng, url: …} to the tool, or brave or"
    " tavily with api_key: ${env:NAME}."
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)|\n+|;\s+")
_DENIED = re.compile(
    r"\b(?:never|not|no|without|nothing|cannot|avoid|instead of|rather than|nicht|kein\w*)\b[^.;:!?]*"
    r"|n['’]t\b[^.;:!?]*",
    re.IGNORECASE,
)
_TAUGHT = re.compile(r"\b(?:teach\w*|tutors?|explain\w*|learn\w*|lessons?|course|quiz\w*|exercis\w*|review\w*)\b", re.I)
_API = re.compile(r"\b(?:open ?api|swagger|rest(?:ful)? (?:api|service)|(?:web ?service|api)s?)\b", re.IGNORECASE)
_DOCUMENT = re.compile(r"\b(?:open ?api|swagger|document(?:ation)?|description|spec(?:ification)?|schema)\b", re.I)
_DOCUMENT_URL = re.compile(r"(?:openapi|swagger|api-docs)[^/]*$|\.(?:ya?ml|json)$", re.IGNORECASE)
_MCP = re.compile(r"\bmcp\b|\bmodel context protocol\b", re.IGNORECASE)
_SERVER_URL = re.compile(r"/(?:mcp|sse)/?$", re.IGNORECASE)
_COMMAND = re.compile(
    r"[`\"“'‘](?P<line>(?:uvx|npx|uv|pipx|docker|python3?|node|[\w./-]*mcp[\w.-]*)(?: [^`\"”'’\n]+)?)[`\"”'’]"
)
_DATA = r"(?:csvs?|spreadsheets?|excel|xlsx?|data ?(?:sets?|files?|frames?)?|columns?|tables? of|numbers|figures)"
_COMPUTES = (
    r"(?:plots?|charts?|graphs?|analy[sz]\w*|comput\w*|calculat\w*|sums?|averag\w*|aggregat\w*|pivot\w*|crunch\w*)"
)
_CODE = (
    re.compile(
        r"\b(?:run|runs|running|execut\w+|writes? and runs?|use|uses|using)\b[^.;]{0,20}\bpython\b", re.IGNORECASE
    ),
    re.compile(r"\bcode interpreter\b|\b(?:advanced )?data analysis tool\b", re.IGNORECASE),
    re.compile(rf"\b{_COMPUTES}\b[^.;]{{0,40}}\b{_DATA}\b|\b{_DATA}\b[^.;]{{0,30}}\b{_COMPUTES}\b", re.IGNORECASE),
)
_WEB = re.compile(
    r"\b(?:search\w*|looks?(?: \w+)? up|looks?|brows\w+|googles?|checks?|finds?|uses?|surfs?)\b[^.;]{0,30}"
    r"\b(?:(?<!dark )web|internet|online|google)\b|\bweb[ -]?search\b|\b(?:internet|web) access\b"
    r"|\baccess to the (?:web|internet)\b|\breads? (?:the )?(?:web ?pages?|web ?sites?) (?:that|which|whose|i|they)\b",
    re.IGNORECASE,
)
_ENGINES = {"brave": "BRAVE_API_KEY", "tavily": "TAVILY_API_KEY"}
_FACTS = re.compile(
    r"\bremembers?\b[^.;]{0,40}?\b(?:i (?:tell|say|told|said|like|eat)|what(?:ever)? (?:users?|people|they|you)"
    r"|about (?:me|us|them|users?)|my|me\b|across|between (?:chats|conversations)|from (?:one|last) |next time"
    r"|for later|preferences)|\b(?:keeps?|has) (?:a )?(?:long[- ]term )?memory (?:of|across)",
    re.IGNORECASE,
)
_ASK_FIRST = re.compile(
    r"\b(?:asks?|check with|confirm with|get (?:my|our) (?:ok(?:ay)?|permission|approval) (?:from )?)\b"
    r"(?: (?:me|us|first|for (?:my |our )?(?:ok(?:ay)?|permission|approval)|permission))*[^.;]{0,12}?"
    r"\b(?:before|first|each time|every time)\b"
    r"|\b(?:only|not|nothing)\b[^.;]{0,40}\b(?:without (?:asking|my|our)"
    r"|with (?:my|our) (?:ok(?:ay)?|permission|approval))"
    r"|\bneeds? (?:my|our) (?:ok(?:ay)?|permission|approval)",
    re.IGNORECASE,
)
_OF_A_CALL = re.compile(
    r"\b(?:sends?|calls?|orders?|books?|changes?|deletes?|writes?|posts?|buys?|cancels?|uses?|runs?|does|do|acts?|creates?"
    r"|makes?|anything|any)\b",
    re.IGNORECASE,
)
_OUR = re.compile(r"\b(?:our|my|the|this|a) (?P<name>[a-z][\w-]*(?: [a-z][\w-]*)?) (?:mcp|server|api|service)\b", re.I)
_NO_NAME = frozenset((
    "mcp", "server", "api", "service", "rest", "web", "open", "openapi", "public", "own", "new", "internal", "attached",
    "following", "same", "remote", "local", "http", "via", "use",
))  # fmt: skip
_VERB = re.compile(r"[a-z]+|[A-Z][a-z]*")
_CHANGES = re.compile(
    r"\b(?:plac\w+|creat\w+|cancel\w*|updat\w+|chang\w+|delet\w+|add|adds|adding|remov\w+|book|books|booking|reserv\w+"
    r"|submit\w*|send|sends|sending|post|posts|pay|pays|refund\w*|order|orders it|register\w*|edit\w*|set|sets|buy\w*"
    r"|return\w*|open\w*|clos\w+|mov\w+|assign\w*|approv\w+|reschedul\w+)\b",
    re.IGNORECASE,
)


@dataclass
class Wishes:
    """What is asked for: tools as a draft has them, skills, memory, and what is missing.

    `taken` are the attached names and addresses that belong to a tool, so that they are no knowledge; `of` the words by
    which each tool was asked for.
    """

    tools: list[DraftTool] = field(default_factory=list)
    skills: list[str] = field(default_factory=list)
    remembers: bool = False
    asks_first: bool = False
    missing: list[Missing] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    of: list[str] = field(default_factory=list)

    def covers(self, what: str) -> bool:
        """Say whether something that was found missing is what one of the tools does."""
        about = {_stem(word) for word in re.findall(r"[^\W\d_]{4,}", what)} - {"searc"}
        kinds = {tool.type for tool in self.tools}
        if (what == "web search" and "web" in kinds) or (what == "running code" and "code" in kinds):
            return True
        return any(about & {_stem(word) for word in re.findall(r"[^\W\d_]{4,}", said)} for said in self.of)


def wishes(text: str, files: Sequence[str], calls: Sequence[AttachedCall], skills: dict[str, str]) -> Wishes:
    """Return what `text` and the attached files ask for.

    An attached OpenAPI document is always one to be called, an attached skill one to be used: they are nothing else.
    """
    found = Wishes(skills=list(skills), taken=set(skills))
    sentences = [part for part in _SENTENCE.split(text) if part.strip()]
    meant = [_DENIED.sub(" ", part) for part in sentences]
    found.asks_first = any(_ASK_FIRST.search(s) and _OF_A_CALL.search(s) for s in sentences)
    found.remembers = any(_FACTS.search(part) for part in meant)
    _services(found, sentences, text, calls)
    _servers(found, sentences)
    _functions(found, meant, calls)
    if any(p.search(part) for part in meant if not _TAUGHT.search(part) for p in _CODE):
        _add(found, "code", "run_python", "Computes with Python over the attached files.", {}, "")
    _web(found, meant, text)
    if found.asks_first:
        for tool in found.tools:
            if _acts(tool, calls):
                tool.settings["requires_approval"] = True
    return found


def _add(found: Wishes, kind: str, name: str, about: str, settings: dict[str, Any], said: str) -> None:
    taken = {tool.name for tool in found.tools}
    free = next(c for c in (name, *(f"{name}_{n}" for n in range(2, 99))) if c not in taken)
    found.tools.append(DraftTool(type=kind, name=free, description=about, settings=settings))
    found.of += [re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", f"{free} {said}")]


def _acts(tool: DraftTool, calls: Sequence[AttachedCall]) -> bool:
    """Say whether a tool may change something elsewhere, as far as is known."""
    if tool.type != "openapi":
        return tool.type in ("mcp", "python")
    mine = {c.id for c in calls if c.file == tool.settings.get("schema") and not c.changes}
    return not set(tool.settings.get("operations") or [""]) <= mine


# -- services --------------------------------------------------------------------------------------------------------


def _services(found: Wishes, sentences: list[str], text: str, calls: Sequence[AttachedCall]) -> None:
    documents = list(dict.fromkeys(call.file for call in calls if call.method != "def"))
    for document in documents:
        found.taken.add(document)
        own = [call for call in calls if call.file == document]
        _document(found, _name_in(text, document), document, own, text)
    for said in sentences:
        if _MCP.search(said) or not (_API.search(said) or _DOCUMENT.search(said)):
            continue
        for url in urls(said):
            named = _API.search(said) and _DOCUMENT.search(_DENIED.sub(" ", said).replace(url, " "))
            if _DOCUMENT_URL.search(url) or named:
                found.taken.add(url)
                name = _name_in(said, urlsplit(url).hostname or "service")
                _add(found, "openapi", name, "Looks things up in the service.", {"schema": url}, _clause(said, url))
                how = f"Save it, run gptsmith tools FILE, and name the ones you want under operations of {name}."
                found.missing.append(Missing(kind="tool", what=f"which operations of {name} it may call", how=how))
        if (
            not documents
            and not urls(said)
            and re.search(r"\b(?:our|my|the company['’]s)\b[^.;]{0,25}\bapi\b", said, re.I)
        ):
            how = "Attach its OpenAPI document, or give the document's address."
            found.missing.append(Missing(kind="tool", what=f"the {_name_in(said, 'service')} API", how=how))
            found.of.append(said)


def _document(found: Wishes, name: str, document: str, calls: list[AttachedCall], text: str) -> None:
    """Add an attached document: what only reads as one entry; what changes things, where that is asked for, as another.

    The second asks before each call, unless the person says otherwise.
    """
    about = {_stem(word) for word in re.findall(r"[^\W\d_]{4,}", text)}

    def near(call: AttachedCall) -> bool:
        words = [*_VERB.findall(call.id), *re.findall(r"[^\W\d_]{4,}", call.about)]
        return bool(about & {_stem(word) for word in words if len(word) > 3})

    reading = [call for call in calls if not call.changes]
    asked = [call.id for call in reading if near(call)] or [call.id for call in reading]
    wanted = {_stem(word) for word in _CHANGES.findall(_DENIED.sub(" ", text))}
    changing = [c.id for c in calls if c.changes and near(c) and _stem((_VERB.findall(c.id) or [""])[0]) in wanted]
    if asked:
        shown = "Looks things up in the service; ask for what is missing before you call it."
        _add(found, "openapi", name, shown, {"schema": document, "operations": asked[:40]}, " ".join(asked))
    if changing:
        settings = {"schema": document, "operations": changing[:40], "requires_approval": True}
        _add(
            found,
            "openapi",
            f"{name}_changes" if asked else name,
            "Changes things in the service.",
            settings,
            " ".join(changing),
        )


# -- servers, functions, the web -------------------------------------------------------------------------------------


def _servers(found: Wishes, sentences: list[str]) -> None:
    for said in sentences:
        addresses = [url for url in urls(said) if _SERVER_URL.search(urlsplit(url).path) or _MCP.search(said)]
        for url in addresses:
            found.taken.add(url)
            name = _name_in(said.replace(url, " "), urlsplit(url).hostname or "server")
            _add(found, "mcp", name, f"Uses the {name.replace('_', ' ')} server.", {"url": url}, _clause(said, url))
        if addresses or not _MCP.search(said):
            continue
        command = _COMMAND.search(said)
        name = _name_in(said, "server")
        if command is not None:
            parts = _words_of(command["line"])
            called = [part.rsplit("/", 1)[-1] for part in parts]
            named = next((re.sub(r"^mcp[-_]server[-_]|[-_]mcp$", "", one) for one in called if "mcp" in one), name)
            _add(found, "mcp", variable_name(named) or name, f"Uses the {named} server.", {"command": parts}, "")
        elif not re.search(r"\b(?:explain|about|what is|build|writ\w+)\b", said, re.IGNORECASE):
            how = 'Give its address, or the command that starts it: use the MCP server "uvx …".'
            found.missing.append(Missing(kind="tool", what=f"the MCP server {name}".removesuffix(" service"), how=how))


def _clause(said: str, url: str) -> str:
    """Return the part of a sentence in which an address stands, without the address."""
    before, _, after = said.partition(url)
    last, first = re.split(r",|\band\b|:", before.rstrip(" :"))[-1], re.split(r",|\band\b", after)[0]
    return f"{last} {first}"


def _words_of(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _functions(found: Wishes, meant: list[str], calls: Sequence[AttachedCall]) -> None:
    """Add the functions of attached Python files that the words name."""
    for call in calls:
        named = rf"\b{re.escape(call.id)}\b"
        if call.method == "def" and any(re.search(named, part) for part in meant):
            found.taken.add(call.file)
            _add(found, "python", call.id, call.about, {"ref": f"{call.file}:{call.id}"}, call.about)


def _web(found: Wishes, meant: list[str], text: str) -> None:
    said = next((part for part in meant if _WEB.search(part) and not _TAUGHT.search(part)), "")
    if not said:
        return
    settings: dict[str, Any] = {}
    engine = next((name for name in _ENGINES if re.search(rf"\b{name}\b", text, re.IGNORECASE)), "")
    searxng = re.search(r"\bsearx(?:ng)?\b[^.;]*?(?P<url>https?://[^\s,;]+)", text, re.IGNORECASE)
    if searxng:
        url = searxng["url"].rstrip(".,")
        found.taken.add(url)
        settings["search"] = {"provider": "searxng", "url": url}
    elif engine:
        settings["search"] = {"provider": engine, "api_key": f"${{env:{_ENGINES[engine]}}}"}
        how = f"Set the environment variable {_ENGINES[engine]} before you chat with it."
        found.missing.append(Missing(kind="tool", what=f"the key of {engine.title()}", how=how))
    else:
        found.missing.append(Missing(kind="tool", what="web search", how=NO_SEARCH))
    _add(found, "web", "web", "Finds things on the web and reads pages.", settings, "")


def _name_in(said: str, place: str) -> str:
    """Return a name for what `said` speaks of: `our shop API` is shop, else after the file or host."""
    for match in _OUR.finditer(said):
        words = [word for word in match["name"].split() if word.casefold() not in _NO_NAME]
        if words and (name := variable_name(words[-1])):
            return name
    parts = [
        part
        for part in re.split(r"[\W_]+", re.sub(r"\.(?:ya?ml|json|com|org|net|io|dev|test)\b.*$", "", place))
        if part
    ]
    kept = [part for part in parts if part.casefold() not in {*_NO_NAME, "www", "swagger", "docs", "document"}]
    return variable_name("_".join(kept[:2])) or "service"


def _stem(word: str) -> str:
    return word.casefold().removesuffix("s")[:5]


def without_covered(missing: list[Missing], found: Wishes) -> Iterator[Missing]:
    """Yield what is still missing beside the tools that were found; one thing once."""
    own = {item.what for item in found.missing}
    for item in missing:
        if item.kind == "tool" and (item.what in own or found.covers(item.what)):
            continue
        yield item
    yield from found.missing
