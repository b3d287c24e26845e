"""The YAML reader: text to plain data, with the place of every key and value in the file.

It walks PyYAML's pure-Python events, so that anchors, aliases, merge keys and tags are refused before anything expands,
and types scalars by the YAML 1.2 core schema (`yes` stays text, `0o17` is 15, dates stay text).
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from gptsmith.assistants.format.problems import KeyPath, show
from gptsmith.assistants.format.yaml12 import Loader, explain, plain_value
from gptsmith.errors import Diagnostic

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_DIAGNOSTICS = 50


_LINE_BREAK = re.compile(r"\r\n|\n|\r")
# NEL, LS and PS break lines in YAML 1.1 only; for PyYAML non-characters of the same length stand in for them.
_TO_STAND_INS = {0x85: 0xFDD0, 0x2028: 0xFDD1, 0x2029: 0xFDD2}
_FROM_STAND_INS = {stand_in: character for character, stand_in in _TO_STAND_INS.items()}
_OTHER_BREAK = re.compile("[\x85\u2028\u2029]")
_STAND_IN = re.compile(r"[\ufdd0-\ufdd2]|\\u(?:0000)?fdd[012]", re.IGNORECASE)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Span:
    """A stretch of the text: `line` and `column` count from 1, `start` and `end` are character offsets."""

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True)
class Mark:
    """Where one node stands: its key (None for the root and for list items) and its value."""

    value: Span
    key: Span | None = None


@dataclass
class Document:
    """What `read_yaml` found: `data` and `marks` by path; `refused` holds paths whose value is judged no further.

    `whole` is False when reading had to stop, `data` being what was read until then.
    """

    data: Any = None
    marks: dict[KeyPath, Mark] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    refused: set[KeyPath] = field(default_factory=set)
    whole: bool = True
    text: str = ""
    _starts: list[int] = field(default_factory=lambda: [0], repr=False)

    def place(self, index: int) -> tuple[int, int]:
        """Return line and column, from 1, of a character offset; a BOM has no column."""
        line = bisect.bisect_right(self._starts, index)
        column = index - self._starts[line - 1] + 1
        if line == 1 and self.text[:1] == "\ufeff" and column > 1:
            column -= 1
        return line, column


def read_yaml(text: str | bytes, file: str = "") -> Document:
    """Read one YAML document; problems are in `.diagnostics`, nothing is raised.

    Bytes must be UTF-8. At most 256 KB, 32 levels and 20,000 nodes.
    """
    return _Reading(text, file).document


def dotted(path: KeyPath) -> str:
    """Write a path as people read it: `knowledge[0].retrieval.top_k`."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            name = part if re.fullmatch(r"[\w-]{1,64}", part) else show(part)
            out += f".{name}" if out else name
    return out


@dataclass
class _Open:
    """A list or mapping that is being read: `at` is its path, `key` the key whose value comes next."""

    value: list[Any] | dict[str, Any]
    at: KeyPath
    start: Event
    key: str | None = None
    key_span: Span | None = None
    awaiting: bool = False
    merging: bool = False


class _StopReadingError(Exception):
    """Reading cannot go on; the reason is already among the diagnostics."""


class _Reading:
    """One pass over the events of one text."""

    def __init__(self, text: str | bytes, file: str) -> None:
        self.file = file
        self.document = Document()
        try:
            self.document.text = self._decode(text)
            self.document._starts = [0, *(m.end() for m in _LINE_BREAK.finditer(self.document.text))]
            self._walk()
        except _StopReadingError:
            self.document.whole = False

    def _decode(self, text: str | bytes) -> str:
        size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
        if size > MAX_BYTES:
            self._stop(
                "too_large", f"the file has {size // 1024} KB, allowed are {MAX_BYTES // 1024} KB", hint=_SHORTER
            )
        if isinstance(text, str):
            return text
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError as error:
            line = text.count(b"\n", 0, error.start) + 1
            column = error.start - (text.rfind(b"\n", 0, error.start) + 1) + 1
            kind = "UTF-16" if text[:2] in (b"\xff\xfe", b"\xfe\xff") else f"byte 0x{text[error.start]:02x}"
            self._stop("not_utf8", f"the file is not UTF-8 ({kind})", line, column, "save it as UTF-8")

    def _walk(self) -> None:
        stack: list[_Open] = []
        documents = nodes = 0
        for event in self._events():
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop_at(event, "many_documents", "a second document starts here", "keep one per file")
                continue
            if isinstance(event, (SequenceEndEvent, MappingEndEvent)):
                self._close(stack.pop(), event)
                continue
            if not isinstance(event, NodeEvent):
                continue
            nodes += 1
            if nodes > MAX_NODES:
                self._stop_at(event, "too_many_nodes", f"more than {MAX_NODES:,} values", _SHORTER)
            self._node(event, stack)
            if len(stack) > MAX_DEPTH:
                self._stop_at(event, "too_deep", f"nested deeper than {MAX_DEPTH} levels", "flatten this part")
        if not documents:
            self.document.marks[()] = Mark(Span(1, 1, 0, 0))

    def _events(self) -> Iterator[Event]:
        try:
            text = self.document.text
            stand_in = bool(_OTHER_BREAK.search(text)) and not _STAND_IN.search(text)
            for event in yaml.parse(text.translate(_TO_STAND_INS) if stand_in else text, Loader=Loader):
                if stand_in and isinstance(event, ScalarEvent):
                    event.value = event.value.translate(_FROM_STAND_INS)
                yield event
        except yaml.reader.ReaderError as error:
            line, column = self.document.place(error.position)
            self._stop(
                "bad_character",
                f"the character U+{_code(error.character):04X} is not allowed in YAML",
                line,
                column,
                r'remove it, or write it in double quotes as "\x.." or "\u...."',
            )
        except yaml.MarkedYAMLError as error:
            message, hint, opened = explain(error)
            marks = (error.context_mark, error.problem_mark) if opened else (error.problem_mark, error.context_mark)
            mark = marks[0] or marks[1]
            line, column = self.document.place(mark.index) if mark else (1, 1)
            self._stop("syntax", message, line, column, hint)
        except (ValueError, OverflowError) as error:  # PyYAML's own chr() and int() on a bad escape or version
            self._stop("syntax", f"not valid YAML ({show(str(error))})", hint="check escapes and directives")

    def _node(self, event: NodeEvent, stack: list[_Open]) -> None:
        top = stack[-1] if stack else None
        if top and isinstance(top.value, dict) and not top.awaiting:
            self._key(event, top)
            return
        at = self._path(top)
        self._refuse_features(event, at)
        value: Any = None
        if isinstance(event, ScalarEvent):
            value = self._scalar(event, at)
        elif isinstance(event, SequenceStartEvent):
            value = []
        elif isinstance(event, MappingStartEvent):
            value = {}
        self._attach(top, at, value, event)
        if isinstance(value, (list, dict)):
            stack.append(_Open(value, at, event))

    def _key(self, event: NodeEvent, top: _Open) -> None:
        if isinstance(event, AliasEvent):
            self._stop_at(event, "alias", "an alias as a key is refused", "write the key out")
        if not isinstance(event, ScalarEvent):
            self._stop_at(event, "bad_key", "a key must be text, got a list or an object", _QUOTE_BRACES)
        key = self._joined(event, top.at)
        self._refuse_features(event, (*top.at, key))
        top.merging = key == "<<" and event.style is None
        if top.merging:
            self._add("merge_key", "merge keys (<<) are refused", event, (*top.at, key), "write the keys out")
            self.document.refused.add(top.at)
        top.key, top.key_span, top.awaiting = key, self._span(event), True

    def _path(self, top: _Open | None) -> KeyPath:
        if top is None:
            return ()
        if isinstance(top.value, list):
            return (*top.at, len(top.value))
        return (*top.at, top.key or "")

    def _attach(self, top: _Open | None, at: KeyPath, value: Any, event: NodeEvent) -> None:
        key_span = None
        if top is None:
            self.document.data = value
        elif isinstance(top.value, list):
            top.value.append(value)
        else:
            key_span, top.awaiting = top.key_span, False
            key = top.key or ""
            if key in top.value and key_span:
                first = self.document.marks[at].key
                where = f"it stands on line {first.line} already" if first else "it stands there already"
                self._add_at("duplicate_key", f"duplicate key; {where}", key_span, at, "keep one of the two")
                self.document.refused.add(at)
            elif not top.merging:
                top.value[key] = value
        if at not in self.document.marks:
            self.document.marks[at] = Mark(self._span(event), key_span)

    def _close(self, done: _Open, event: Event) -> None:
        mark = self.document.marks.get(done.at)
        if mark and mark.value.start == _start(done.start):
            span = Span(mark.value.line, mark.value.column, mark.value.start, _end(event))
            self.document.marks[done.at] = Mark(span, mark.key)

    def _refuse_features(self, event: NodeEvent, at: KeyPath) -> None:
        if isinstance(event, AliasEvent):
            self._add("alias", f"aliases (*{_short(str(event.anchor))}) are refused", event, at, "write the value out")
            self.document.refused.add(at)
            return
        if event.anchor is not None:
            self._add("anchor", f"anchors (&{_short(str(event.anchor))}) are refused", event, at, "remove the anchor")
        if getattr(event, "tag", None) is not None:
            self._add("tag", f"tags ({_short(_tag(event))}) are refused", event, at, "remove the tag; quotes make text")
            self.document.refused.add(at)

    def _scalar(self, event: ScalarEvent, at: KeyPath) -> Any:
        if event.style is not None or event.tag is not None:
            return self._joined(event, at)
        try:
            return plain_value(event.value)
        except ValueError:
            self._add("bad_number", "a number with more than 400 digits", event, at, "put it in quotes if it is text")
            self.document.refused.add(at)
            return None

    def _joined(self, event: ScalarEvent, at: KeyPath) -> str:
        """Return the text with the halves of `\\ud83d\\ude00` joined, as JSON writes them; a lone half is an error."""
        text: str = event.value
        if not _SURROGATE.search(text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._add("bad_character", "half of a surrogate pair is no character", event, at, "write the whole pair")
            self.document.refused.add(at)
            return ""

    def _span(self, event: Event) -> Span:
        start = _start(event)
        line, column = self.document.place(start)
        return Span(line, column, start, _end(event))

    def _add(self, code: str, message: str, event: Event, at: KeyPath, hint: str) -> None:
        self._add_at(code, message, self._span(event), at, hint)

    def _add_at(self, code: str, message: str, span: Span, at: KeyPath, hint: str) -> None:
        self._append(code, message, span.line, span.column, hint, at)
        if len(self.document.diagnostics) >= MAX_DIAGNOSTICS:
            raise _StopReadingError

    def _append(self, code: str, message: str, line: int, column: int, hint: str, at: KeyPath = ()) -> None:
        self.document.diagnostics.append(
            Diagnostic(file=self.file, line=line, column=column, path=dotted(at), code=code, message=message, hint=hint)
        )

    def _stop_at(self, event: Event, code: str, message: str, hint: str) -> NoReturn:
        line, column = self.document.place(_start(event))
        self._stop(code, message, line, column, hint)

    def _stop(self, code: str, message: str, line: int = 1, column: int = 1, hint: str = "") -> NoReturn:
        self._append(code, message, line, column, hint)
        raise _StopReadingError


_SHORTER = "move long texts into files of their own"
_QUOTE_BRACES = "text that starts with { or [ needs quotes"


def _start(event: Event) -> int:
    return event.start_mark.index if event.start_mark else 0


def _end(event: Event) -> int:
    return event.end_mark.index if event.end_mark else 0


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"


def _tag(event: NodeEvent) -> str:
    return str(getattr(event, "tag", "")).replace("tag:yaml.org,2002:", "!!", 1)


def _code(character: Any) -> int:
    return ord(character) if isinstance(character, str) else int(character)
