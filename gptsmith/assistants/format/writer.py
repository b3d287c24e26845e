"""The writer of YAML: fields in schema order, comments per section, `|` blocks, only the quotes it needs.

`write_new` is for files that do not exist yet; a file that a person has touched is edited at its marks, never written
anew: for it `entry_lines`, `item_lines` and `inline` give the few lines of one value, in the style of its neighbours.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from gptsmith.assistants.format.problems import show
from gptsmith.assistants.format.reader import MAX_BYTES, read_yaml
from gptsmith.assistants.format.schema import SCHEMA_FILE, Node, json_schema, node_at
from gptsmith.assistants.format.yaml12 import plain_value
from gptsmith.errors import UsageError

_SECTIONS = {
    "instructions": "What it is told before every conversation",
    "instructions_file": "What it is told before every conversation",
    "variables": "Blanks that are filled in at the start of a conversation, written {{name}}",
    "model": "Which chat model answers; left out = the default model",
    "welcome_message": "What a person sees first",
    "knowledge": "Files and pages that it answers from and cites",
    "tools": "What it can do besides answering",
    "memory": "What it remembers of a conversation",
    "guardrails": "Filters on what comes in and goes out",
    "limits": "Counted per message of the person",
    "tests": "Run with: gptsmith test",
    "metadata": "For people; nothing reads it",
    "x-builder": "For the builder only",
}
_ONE_PER_LINE = {"conversation_starters", "paths", "urls"}
_FLOW_WIDTH = 80

# To be escaped: controls, other line breaks, surrogates, BOM, and marks that reorder text unseen.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_PLAIN = re.compile(r"(?:[^\W\d_]|\.{1,2}/|/)(?:[^\t\n]*[^\s:])?\Z")
_ELSEWHERE_NOT_TEXT = {"yes", "no", "on", "off", "y", "n", "true", "false", "null", "nan", "inf"}
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


@dataclass(frozen=True)
class Style:
    """How a file is indented; all in columns, `long` in characters.

    `step` is from a key to the keys below it, `dash` from a key to the dashes below it, `gap` from a dash to what it
    holds. A text longer than `long` becomes a `|` block although it is one line (0: never). `flow` says whether short
    lists may stand as `[a, b]`.
    """

    step: int = 2
    dash: int = 2
    gap: int = 2
    long: int = 0
    flow: bool = True


_Path = tuple[str | int, ...]


def write_new(spec: dict[str, Any]) -> str:
    """Return the YAML text of a new spec given in the file's own terms; read back, it gives exactly `spec`.

    Raises UsageError for data that YAML cannot carry (a key that is not text, half a surrogate pair, over 256 KB).
    """
    for blocks in (True, False):
        text = _Writing(json_schema(), blocks).whole(spec)
        if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            raise UsageError(f"the spec is larger than {MAX_BYTES // 1024} KB", hint="put long texts into files")
        back = read_yaml(text)
        if not back.diagnostics and same(back.data, spec):
            return text
    reason = back.diagnostics[0].message if back.diagnostics else "it reads back differently"
    raise UsageError(f"this spec cannot be written as YAML ({reason})", hint="use plain text, numbers, lists, objects")


def entry_lines(
    key: str, value: Any, column: int, *, style: Style, path: _Path = (), spec: Any = None, blocks: bool = True
) -> list[str]:
    """Return the lines of `key: value` at `column`; `path` and `spec` (the data meant) give the order of fields."""
    return _writing(value, style, blocks).entry(key, value, column, path, spec)


def item_lines(
    value: Any, column: int, *, style: Style, path: _Path = (), spec: Any = None, blocks: bool = True
) -> list[str]:
    """Return the lines of one list item whose dash stands at `column`."""
    return _writing(value, style, blocks).item(value, column, path, spec)


def inline(value: Any, *, json: bool = False) -> str:
    """Return any value on one line, to stand inside brackets: `{a: [b, "c\\n"]}`; `json` puts every text in quotes."""
    if isinstance(value, dict) and value:
        return (
            "{"
            + ", ".join(f"{_quoted(k) if json else _key(k)}: {inline(v, json=json)}" for k, v in value.items())
            + "}"
        )
    if isinstance(value, list) and value:
        return "[" + ", ".join(inline(item, json=json) for item in value) + "]"
    return _quoted(value) if json and isinstance(value, str) else _inline(value, flow=True)


def key_text(key: str) -> str:
    """Return a key as it is written before its colon, with quotes where it needs them."""
    return _key(key)


def quoted(text: str) -> str:
    """Return a text in double quotes, with escapes."""
    return _quoted(text)


def _writing(value: Any, style: Style, blocks: bool) -> _Writing:
    return _Writing(json_schema() if isinstance(value, (dict, list)) and value else {}, blocks, style)


class _Writing:
    """One text being written; `blocks` says whether `|` may be used."""

    def __init__(self, schema: Node, blocks: bool, style: Style | None = None) -> None:
        self.schema = schema
        self.blocks = blocks
        self.style = style or Style()

    def whole(self, spec: dict[str, Any]) -> str:
        lines = [f"# yaml-language-server: $schema=./{SCHEMA_FILE}"]
        for key, value in self._ordered(spec, (), spec):
            if key in _SECTIONS:
                lines += ["", f"# {_SECTIONS[key]}"]
            lines += self.entry(key, value, 0, (key,), spec)
        return "\n".join(lines) + "\n"

    def entry(self, key: Any, value: Any, column: int, path: _Path, spec: Any) -> list[str]:
        """Return the lines of `key: value` at an indentation of `column`."""
        head = f"{' ' * column}{_key(key)}:"
        if isinstance(value, dict) and value:
            return [head, *self._fields(value, column + self.style.step, path, spec)]
        if isinstance(value, list) and value:
            flow = None if key in _ONE_PER_LINE or not self.style.flow else _flow(value)
            if flow and len(head) + len(flow) < _FLOW_WIDTH + 10:
                return [f"{head} {flow}"]
            return [head, *self._items(value, column + self.style.dash, path, spec)]
        long = isinstance(value, str) and 0 < self.style.long < len(value)
        return self._scalar(head, value, column, self.style.step, long)

    def item(self, value: Any, column: int, path: _Path, spec: Any) -> list[str]:
        """Return the lines of one list item: the dash stands at `column`, its content a gap further."""
        dash, gap = f"{' ' * column}-", self.style.gap
        if isinstance(value, dict) and value:
            lines = self._fields(value, column + gap, path, spec)
            return [f"{dash}{' ' * (gap - 1)}{lines[0].lstrip(' ')}", *lines[1:]]
        if isinstance(value, list) and value:
            return [dash, *self._items(value, column + self.style.step, path, spec)]
        return self._scalar(f"{dash}{' ' * (gap - 2)}", value, column, self.style.step, long=False)

    def _fields(self, value: dict[str, Any], column: int, path: _Path, spec: Any) -> list[str]:
        ordered = self._ordered(value, path, spec)
        return [line for key, inner in ordered for line in self.entry(key, inner, column, (*path, key), spec)]

    def _items(self, value: list[Any], column: int, path: _Path, spec: Any) -> list[str]:
        return [line for i, inner in enumerate(value) for line in self.item(inner, column, (*path, i), spec)]

    def _scalar(self, head: str, value: Any, column: int, step: int, long: bool) -> list[str]:
        if self.blocks and isinstance(value, str) and _fits_block(value, long):
            return _block(head, value, column, step)
        return [f"{head} {_inline(value, flow=False)}"]

    def _ordered(self, value: dict[str, Any], path: _Path, spec: Any) -> list[tuple[Any, Any]]:
        order = {key: i for i, key in enumerate(node_at(self.schema, path, spec).get("properties", {}))}
        return sorted(value.items(), key=lambda item: order.get(item[0], len(order)))


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise UsageError(f"a key of a spec must be text, got {show(key)}", hint="put it in quotes")
    if len(key) > 1000:
        raise UsageError("a key of a spec has more than 1,000 characters", hint="shorten it")
    return _text(key, flow=True)


def _flow(items: list[Any]) -> str | None:
    """Return a short list of scalars as `[a, b]`, or None when it is better one per line."""
    if any(isinstance(item, (dict, list)) or (isinstance(item, str) and len(item) > 40) for item in items):
        return None
    text = f"[{', '.join(_inline(item, flow=True) for item in items)}]"
    return text if len(text) <= _FLOW_WIDTH else None


def _inline(value: Any, *, flow: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**400 else "too long a number"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return _text(value, flow=flow)
    if value == {} or value == []:
        return "{}" if value == {} else "[]"
    raise UsageError(f"a spec holds text, numbers, lists and objects, not {show(value)}", hint="convert it first")


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return repr(value)


def _text(text: str, *, flow: bool) -> str:
    return text if _is_plain(text, flow) else _quoted(text)


def _is_plain(text: str, flow: bool) -> bool:
    """Say whether a text may stand without quotes, for our reader and for readers of older YAML."""
    if not _PLAIN.match(text) or _UNSAFE.search(text) or text.lower() in _ELSEWHERE_NOT_TEXT:
        return False
    if ": " in text or " #" in text or "\xa0" in text or (flow and re.search(r"[,\[\]{}:?]", text)):
        return False
    return bool(plain_value(text) == text)


def _quoted(text: str) -> str:
    def escape(match: re.Match[str]) -> str:
        character = match.group(0)
        code = ord(character)
        return _SHORT.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")

    return '"' + re.sub(rf'[\n\t"\\]|{_UNSAFE.pattern}', escape, text) + '"'


def _fits_block(text: str, long: bool = False) -> bool:
    return (long or "\n" in text) and bool(text.strip()) and not _UNSAFE.search(text)


def _block(head: str, text: str, column: int, step: int) -> list[str]:
    """Return a `|` block: unwrapped, the indentation stated where it cannot be guessed."""
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    keep = "-" if ends == 0 else "" if ends == 1 else "+"
    state = str(step) if body[0] in " \n\t" else ""
    indent = " " * (column + step)
    lines = [f"{indent}{line}" if line else "" for line in body.split("\n")]
    return [f"{head} |{state}{keep}", *lines, *[""] * (ends - 1)]


def same(found: Any, wanted: Any) -> bool:
    """Compare data with its types: 1, 1.0 and true are three things, and .nan is itself."""
    if type(found) is not type(wanted):
        return False
    if isinstance(found, dict):
        return found.keys() == wanted.keys() and all(same(found[key], wanted[key]) for key in found)
    if isinstance(found, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(found, float) and math.isnan(found):
        return bool(math.isnan(wanted))
    return bool(found == wanted)
