"""Tool calls in an answer: put together from their pieces, or read out of text that a model wrote them as."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk

from gptsmith.models.chat.thinking import begun

# The tool calls of one answer, put together from their pieces as servers send them, and what of them may run.
#
# By the protocol the first piece of a call has its id and name, and all have its index. Servers differ: some repeat id
# and name in each piece, some give every call the same index, none, or no id.


@dataclass
class _Call:
    id: str
    index: int | str | None
    name: str = ""
    args: list[str] = field(default_factory=list)


class CallPieces:
    """Takes pieces with `add`; `joined` are the calls, with the raw text of their arguments."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, pieces: Iterable[ToolCallChunk]) -> None:
        """Take the next pieces, in the order in which they came."""
        for piece in pieces:
            call = self._of(piece)
            name = piece["name"] or ""
            if name.startswith(call.name):  # repeated, or sent so far and a little more
                call.name = name
            else:
                call.name += name
            call.args.append(piece["args"] or "")

    def _of(self, piece: ToolCallChunk) -> _Call:
        """Return the call that a piece belongs to; a new one when its id or index says so."""
        id, index = piece["id"] or "", piece["index"]
        same = [c for c in self._calls if c.index == index] if index is not None else self._calls
        found = same[-1] if same else None
        if found is not None and id and found.id and id != found.id:
            found = next((c for c in reversed(same) if c.id == id), None)
        if found is None or (index is None and piece["name"] and not id):
            found = _Call(id, index)
            self._calls.append(found)
        found.id = found.id or id
        return found

    def joined(self) -> list[ToolCallChunk]:
        """Return the calls; each has an id of its own, invented where the server gave none."""
        seen: set[str] = set()
        out = []
        for place, call in enumerate(self._calls):
            id = call.id if call.id and call.id not in seen else new_id()
            seen.add(id)
            out.append(tool_call_chunk(name=call.name or None, args="".join(call.args), id=id, index=place))
        return out


def new_id() -> str:
    """Return an id for a call that came without one."""
    return f"call_{uuid4().hex[:12]}"


def strict_arguments(text: str) -> dict[str, Any] | None:
    """Parse a tool call's arguments; None unless they are one whole JSON object. No text means no arguments.

    Control characters inside strings are taken as they stand, as LangChain's parser for whole answers does.
    """
    try:
        value = json.loads(text or "{}", strict=False, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def unrunnable(raw: str) -> str:
    """Return the raw text of arguments as one JSON string, which no parser takes for arguments; once is enough."""
    try:
        if isinstance(json.loads(raw), str):
            return raw
    except (ValueError, RecursionError):
        pass
    return json.dumps(raw, ensure_ascii=False)


def refuse_constant(constant: str) -> Any:
    """Refuse NaN and Infinity, which Python's parser would take."""
    raise ValueError(f"{constant} is not JSON")


# Tool calls that a model writes as text: marked, as `<tool_call>{…}</tool_call>`, fenced, or as bare JSON.
#
# Nothing is guessed: JSON without a mark is a call only where it is the whole answer, or ends it behind a sentence in
# which the model says that it acts now ("Let me look that up."), has the form of a call and names a tool that was
# offered. All else stays text. Where no tool was offered, a marked call is nothing that a person should read: it goes.

_ENDS = {
    "<tool_call>": r"</tool_call>",
    "<function_call>": r"</function_call>",
    "<|tool_call|>": r"<\|/tool_call\|>",
    "<|python_tag|>": r"<\|(?:eom|eot)_id\|>",
    "[TOOL_CALLS]": r"\Z",
    "<function=": r"</function>",
}
_OPENINGS = [*_ENDS]
_QUOTED = "`\"'“‘"  # a mark right behind one of these is spoken of, not used
_OPENING = re.compile(f"(?<![{_QUOTED}])(?:" + "|".join(map(re.escape, _OPENINGS)) + ")")
_BLOCK = re.compile(
    f"(?<![{_QUOTED}])(?:"
    + "|".join(rf"(?:{re.escape(opening)}).*?(?:{end}|\Z)" for opening, end in _ENDS.items())
    + ")",
    re.DOTALL,
)
_TAGS = re.compile("|".join([*map(re.escape, _OPENINGS[:-1]), *(end for end in _ENDS.values() if end != r"\Z")]))
_FENCED = re.compile(r"```[\w-]*[ \t]*\n?((?:(?!```).)*)```", re.DOTALL)
_OPEN_FENCE = re.compile(r"`{1,3}[\w-]{0,16}[ \t]*")
_FIRST_KEY = re.compile(r'[\[{\s]*\{\s*"(\w+)"')
_TO_FIRST_KEY = re.compile(r'[\[{\s]*(?:"\w*)?')
_XML = re.compile(r"\s*<function=([\w.-]+)>(.*?)(?:</function>)?\s*", re.DOTALL)
_PARAMETER = re.compile(r"\s*<parameter=([\w.-]+)>\n?(.*?)\n?</parameter>\s*", re.DOTALL)
# The beginning of a line that may be a call: a fence, or JSON.
_LINE = re.compile(r"(?:\A|\n)[ \t]*(?=[`{\[])")
_TAIL = 300  # characters of what went out that tell whether the model says that it acts now
_ACTS = re.compile(
    r"\b(?:i(?:['’]ll| will| am going to|['’]m going to| need to| have to| should|['’]m (?:now )?\w+ing)"
    r"|let me|let['’]s|let us"
    r"|(?:searching|looking|checking|calling|fetching|drawing|using|one moment|just a moment|hold on)\b"
    r"|ich (?:werde|suche|schaue|sehe|prüfe|rufe|nutze|zeichne)|lass mich|einen moment|moment"
    r"|je vais|voy a|déjame|vou|vado a)\b",
    re.IGNORECASE,
)
_TELLS = re.compile(r"\b(?:would|could|write|example|form|format|looks? like|means?|shows?|show you)\b", re.IGNORECASE)
_KEYS = {"name", "arguments", "parameters", "id", "type"}
_FIRST = _KEYS | {"function", "tool_calls", "function_call"}
_DECODER = json.JSONDecoder(strict=False, parse_constant=refuse_constant)


class CallText:
    """One answer's text where tools called `names` were offered: `feed` it, show what comes back, then `end`."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._held = ""
        self._begun = self._caught = self._acts = False
        self._last = " "
        self._tail = ""
        self._ticks: list[str] = []  # what went out, as far as fences may stand in it

    def feed(self, text: str) -> str:
        """Return what cannot be part of a call any more."""
        self._held += text
        blank = not self._held.strip()
        if self._caught or (self._names and not self._begun and (blank or may_begin_call(self._held))):
            return ""
        mark = next((m for m in _OPENING.finditer(self._held) if not self._spoken_of(m.start())), None)
        self._caught = mark is not None
        cut = mark.start() if mark else len(self._held) - begun(self._held, _OPENINGS)
        act = next(_acting(self._held, self._tail, "".join(self._ticks).count("```")), None) if self._names else None
        self._acts = act is not None and (mark is None or act <= mark.start())
        if act is not None and self._acts:
            cut, self._caught = act, False
        ready, self._held = self._held[:cut], self._held[cut:]
        self._begun = self._begun or bool(ready.strip())
        if "`" in ready or self._ticks:
            self._ticks.append(re.sub(r"[^`]+", " ", ready))
        self._last = ready[-1:] or self._last
        self._tail = (self._tail + ready)[-_TAIL:]
        return ready

    def _spoken_of(self, at: int) -> bool:
        """Tell whether a mark stands in a fence, or behind a quotation mark that went out before it."""
        return (at == 0 and self._last in _QUOTED) or "".join([*self._ticks, self._held[:at]]).count("```") % 2 == 1

    def end(self) -> tuple[str, list[ToolCallChunk]]:
        """Return the words that are left, and the calls."""
        rest, self._held = self._held, ""
        return read_calls(rest, self._names) if self._caught or self._acts or not self._begun else (rest, [])

    def rest(self) -> str:
        """Return the text that was held back, for an answer that breaks off: words, unless a call had begun."""
        rest, self._held = self._held, ""
        return "" if self._caught or may_begin_call(rest) else rest


def _acting(text: str, before: str = "", fences: int = 0) -> Iterator[int]:
    """Yield where a call may begin behind a sentence in which the model says that it acts now.

    `before` is the end of what stands before `text`, and `fences` the number of fence marks there.
    """
    for line in _LINE.finditer(text):
        at = line.end()
        said = before + text[:at]
        at_line = "\n" in line.group() or said.rstrip(" \t").endswith("\n")
        if at_line and (fences + text[:at].count("```")) % 2 == 0 and may_begin_call(text[at:]):
            sentence = re.split(r"[.!?…]\s|\n", said.strip().rstrip(".!?…:"))[-1]
            if _ACTS.search(sentence) and not _TELLS.search(sentence):
                yield at


def may_begin_call(text: str) -> bool:
    """Tell whether an answer that starts with `text` may be, as a whole, a call."""
    text = text.lstrip()
    if text.startswith("`"):
        head, newline, text = text.partition("\n")
        if not _OPEN_FENCE.fullmatch(head):
            return False
        text = text.lstrip()
        if not text or any(text.startswith(o) or o.startswith(text) for o in _OPENINGS):
            return bool(newline) or len(head) < 20
    if not text.startswith(("{", "[")):
        return False
    key = _FIRST_KEY.match(text)
    return key.group(1) in _FIRST if key else _TO_FIRST_KEY.fullmatch(text) is not None


def read_calls(text: str, names: Collection[str]) -> tuple[str, list[ToolCallChunk]]:
    """Split an answer into its words and its calls. Without `names` no call comes of it, and whole marked ones go.

    A marked call that cannot be read keeps its raw text as arguments, as a JSON string: it stays an invalid call. JSON
    without a mark is a call only when all of it is, and names one of `names`.
    """
    fence = _FENCED.fullmatch(text.strip())
    body = fence.group(1).strip() if fence else text.strip()
    blocks = [block for block in _BLOCK.finditer(body) if body[: block.start()].count("```") % 2 == 0]
    if not names:
        plain = all(_read(_TAGS.sub("", block.group()).strip()) or _read(block.group()) for block in blocks)
        return (_BLOCK.sub("", text).strip(), []) if blocks and plain and not fence else (text, [])
    if not blocks:
        for at in (0, *_acting(text)):
            fence = _FENCED.fullmatch(text[at:].strip())
            bare = _read(fence.group(1).strip() if fence else text[at:].strip(), bare=True)
            if bare and all(name in names for name, _ in bare):
                return text[:at], _numbered(bare)
        return text, []
    calls: list[tuple[str | None, str]] = []
    words, done = "", 0
    for block in blocks:
        inner = _TAGS.sub("", block.group()).strip() if not _XML.fullmatch(block.group()) else block.group()
        calls += _read(inner) or [(None, unrunnable(inner))]
        words, done = words + body[done : block.start()], block.end()
    return (words + body[done:]).strip(), _numbered(calls)


def _read(text: str, *, bare: bool = False) -> list[tuple[str | None, str]]:
    """Return the calls in a block's text, empty unless every part of it is one."""
    if (xml := _XML.fullmatch(text)) is not None:
        arguments = _xml_arguments(xml.group(2))
        return [] if arguments is None else [(xml.group(1), json.dumps(arguments, ensure_ascii=False))]
    found: list[tuple[str | None, str]] = []
    for value in _values(text):
        parts = _calls(value, bare=bare)
        if not parts:
            return []
        found += parts
    return found


def _values(text: str) -> list[Any]:
    """Return the JSON values that stand in `text` one after the other; empty when anything else stands there."""
    values, at = [], 0
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return []
        values.append(value)
        at += len(text[at:]) - len(text[at:].lstrip(" \r\n\t;"))
    return values


def _calls(value: Any, *, bare: bool) -> list[tuple[str | None, str]]:
    if isinstance(value, dict) and set(value) <= {"tool_calls", "function_call"} and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, list):
        parts = [_calls(item, bare=bare) if isinstance(item, dict) else [] for item in value]
        return [call for part in parts for call in part] if all(parts) else []
    if isinstance(value, dict) and isinstance(value.get("function"), dict) and set(value) <= {"function", "id", "type"}:
        value = value["function"]
    if not isinstance(value, dict) or not set(value) <= _KEYS or not isinstance(value.get("name"), str):
        return []
    if bare and not {"arguments", "parameters"} & set(value):
        return []
    arguments = value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):  # some models write the arguments as JSON in a string
        arguments = strict_arguments(arguments)
    if not isinstance(arguments, dict):
        return []
    return [(value["name"], json.dumps(arguments, ensure_ascii=False))]


def _xml_arguments(text: str) -> dict[str, Any] | None:
    if _PARAMETER.sub("", text).strip():
        return strict_arguments(text.strip())
    return dict(_PARAMETER.findall(text))


def _numbered(calls: list[tuple[str | None, str]]) -> list[ToolCallChunk]:
    return [tool_call_chunk(name=name, args=args, id=new_id(), index=i) for i, (name, args) in enumerate(calls)]
