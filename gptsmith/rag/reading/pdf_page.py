"""A page of a PDF file: its columns, the fields that a person filled in, the text that nobody sees."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

# Columns of a printed page: read one after the other, where a page's text comes line by line across them.

_LEAST_LINES = 3  # of a column
_GUTTER = 2  # characters between columns, on the grid that keeps a page's places
_WORDS = 3.0  # on average in a line of a column; the cells of a table have fewer
_FULL = 0.55  # of a column's width that its lines fill on average; those of a table are shorter


def columns(page: Any, plain: str, places: Sequence[tuple[float, float, str]]) -> str:
    """Return the page's text with each column read to its end; empty when `plain` is so already, or has no columns.

    `places` are where its pieces begin. Columns are stretches of running text side by side; tables stay as they are.
    """
    if not _may_have(places):
        return ""
    grid = page.extract_text(extraction_mode="layout", layout_mode_space_vertically=False)
    lines = [line.rstrip() for line in grid.split("\n")]
    out: list[str] = []
    found: list[list[str]] = []
    for band in _bands(lines):
        edges = _edges(band)
        parts = [_column(band, a, b) for a, b in zip(edges, [*edges[1:], None], strict=True)]
        if len(parts) > 1 and all(_is_prose(part) for part in parts):
            found += parts
            out += ["\n".join(line for line in part if line) for part in parts]
        else:
            out.append("\n".join(re.sub(r" {2,}", " ", line).strip() for line in band))
    return "\n".join(out) if found and not _in_order(plain, found) else ""


def _in_order(plain: str, parts: Sequence[Sequence[str]]) -> bool:
    """Tell whether the lines of each column follow each other in `plain`."""
    squeezed = re.sub(r"\s+", "", plain)
    said = [[re.sub(r"\s+", "", line) for line in part if line] for part in parts]
    pairs = [(a + b) in squeezed for part in said for a, b in pairwise(part)]
    return sum(pairs) > 0.6 * len(pairs)


def _may_have(places: Sequence[tuple[float, float, str]]) -> bool:
    """Tell whether several lines have text that begins far to the right of other text of the same line."""
    rows: dict[int, list[float]] = {}
    for x, y, text in places:
        if len(text) > 8:
            rows.setdefault(round(y), []).append(x)
    return sum(len(row) > 1 and max(row) - min(row) > 60 for row in rows.values()) >= _LEAST_LINES


def _bands(lines: Sequence[str]) -> list[list[str]]:
    """Cut a page where a line runs across the gutter that the lines below or above it have."""
    bands: list[list[str]] = []
    for line in lines:
        if not line.strip():
            continue
        if bands and _goes_on(bands[-1], line):
            bands[-1].append(line)
        else:
            bands.append([line])
    return bands


def _goes_on(band: Sequence[str], line: str) -> bool:
    before, with_it = len(_gaps(band)), len(_gaps([*band, line]))
    if not before:
        return not _gaps([line])
    return with_it == before or (with_it > 0 and len(band) < _LEAST_LINES)


def _gaps(band: Sequence[str]) -> list[tuple[int, int]]:
    """Return the stretches of the grid, `_GUTTER` wide or more, that are empty in all lines between text."""
    width = max(map(len, band), default=0)
    used = [False] * width
    for line in band:
        for i, char in enumerate(line):
            used[i] = used[i] or char != " "
        for match in re.finditer(r"\S (?=\S)", line):  # one space stands between words
            used[match.start() + 1] = True
    found, start = [], None
    first = used.index(True) if True in used else width
    for i in range(first, width):
        if not used[i] and start is None:
            start = i
        elif used[i] and start is not None:
            if i - start >= _GUTTER:
                found.append((start, i))
            start = None
    return found


def _edges(band: Sequence[str]) -> list[int]:
    return [0, *(end for _, end in _gaps(band))]


def _column(band: Sequence[str], start: int, end: int | None) -> list[str]:
    return [re.sub(r" {2,}", " ", line[start:end]).strip() for line in band]


def _is_prose(part: Sequence[str]) -> bool:
    lines = [line for line in part if line]
    if len(lines) < _LEAST_LINES:
        return False
    width = max(map(len, lines))
    words = sum(len(re.findall(r"[^\W\d_]{2,}", line)) for line in lines) / len(lines)
    return words >= _WORDS and sum(map(len, lines)) >= _FULL * width * len(lines)


# The fields of a PDF page: what a person filled in, each with the words that stand beside it.


@dataclass(frozen=True)
class Filled:
    """A field with a value: the line that says it, and the words of the page that name it, if any do."""

    line: str
    label: str = ""


Place = tuple[float, float, str]  # where a piece of text begins, and the piece

_NEAR = 14.0  # points between the base lines of a field and of its label
_ABOVE = 30.0  # points above a field in which its label may stand
_MACHINE = re.compile(
    r"[\W_]*(?:(?:text|check|radio|combo|list|form|field|box|button|group|untitled|undefined|fill)[\W_]*)*\d*[\W_]*",
    re.IGNORECASE,
)
_BUTTON, _RADIO, _PUSH = "/Btn", 1 << 15, 1 << 16
_PASSWORD = 1 << 13


def filled_in(page: Any, places: Sequence[Place]) -> list[Filled]:
    """Return the fields of the page that have a value, in reading order, each as a line: "- Surname: Okonkwo"."""
    found: list[tuple[float, float, Filled]] = []
    for annotation in page.get("/Annots") or []:
        widget = annotation.get_object()
        if widget.get("/Subtype") == "/Widget" and (filled := _filled(widget, places)):
            x, y = _corner(widget)[:2]
            found.append((-round(y / 4), x, filled))
        elif widget.get("/Subtype") == "/FreeText" and str(widget.get("/Contents", "")).strip():
            x, y = _corner(widget)[:2]
            found.append((-round(y / 4), x, Filled(" ".join(str(widget["/Contents"]).split()))))
    return list(dict.fromkeys(filled for _, _, filled in sorted(found, key=lambda one: one[:2])))


def without_labels(text: str, filled: Sequence[Filled]) -> str:
    """Return a page's text without the lines that only name a field: the field's own line says it, with the value."""
    labels = Counter(field.label for field in filled if field.label)
    kept = []
    for line in text.split("\n"):
        bare = _bare(line)
        if labels[bare]:
            labels[bare] -= 1
        else:
            kept.append(line)
    return "\n".join(kept).strip()


def _filled(widget: Any, places: Sequence[Place]) -> Filled | None:
    kind, flags = _inherited(widget, "/FT"), int(_inherited(widget, "/Ff") or 0)
    if kind == _BUTTON:
        if flags & _PUSH:
            return None
        on = str(widget.get("/AS", "/Off")) not in ("/Off", "")
        if flags & _RADIO:
            label = _label(widget, places, right=True)
            choice = label or str(widget.get("/AS", "")).strip("/")
            return Filled(f"- {_name(widget)}: {choice}", label) if on else None
        label = _label(widget, places, right=True)
        return Filled(f"- {label or _name(widget)}: {'yes' if on else 'no'}", label)
    value = "" if kind == "/Tx" and flags & _PASSWORD else _value(widget, _inherited(widget, "/V"))
    label = _label(widget, places, right=False)
    return Filled(f"- {label or _name(widget)}: {value}", label) if value else None


def _value(widget: Any, value: Any) -> str:
    """Return a field's value as it is shown: a choice by its words, several with commas."""
    value = value.get_object() if hasattr(value, "get_object") else value
    if value is None:
        return ""
    if hasattr(value, "get_data"):  # a long text is a stream
        value = value.get_data().decode("utf-8", "replace")
    shown = {}
    for option in _inherited(widget, "/Opt") or []:
        option = option.get_object()
        if isinstance(option, list) and len(option) == 2:
            shown[str(option[0])] = str(option[1])
    values = value if isinstance(value, list) else [value]
    texts = [shown.get(str(one), str(one)) for one in values]
    return ", ".join(" ".join(text.split()) for text in texts if text.strip())


def _inherited(widget: Any, key: str) -> Any:
    """Return what a field or one of its parents says."""
    for _ in range(20):
        if key in widget:
            return widget[key]
        if "/Parent" not in widget:
            return None
        widget = widget["/Parent"].get_object()
    return None


def _name(widget: Any) -> str:
    said = str(_inherited(widget, "/TU") or _inherited(widget, "/T") or "field")
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_+|\.", " ", said)
    return " ".join(spaced.split())


def _label(widget: Any, places: Sequence[Place], *, right: bool) -> str:
    """Return the words beside a field: to its left or above it, of a check box to its right; empty without any."""
    left, low, end, high = _corner(widget)
    level = [p for p in places if low - _NEAR / 2 <= p[1] <= max(high, low + _NEAR) and not _MACHINE.fullmatch(p[2])]
    if right:
        after = min((p for p in level if end - 2 <= p[0] <= end + 60), default=None)
        return _bare(after[2]) if after else ""
    before = max((p for p in level if p[0] < left), default=None)
    if before:
        return _bare(before[2])
    above = [
        p for p in places if high <= p[1] <= high + _ABOVE and abs(p[0] - left) < 60 and not _MACHINE.fullmatch(p[2])
    ]
    return _bare(min(above, key=lambda p: p[1])[2]) if above else ""


def _bare(label: str) -> str:
    return " ".join(label.split()).rstrip(" :._…*")[-80:]


def _corner(widget: Any) -> tuple[float, float, float, float]:
    try:
        a, b, c, d = (float(n) for n in widget["/Rect"])
    except (KeyError, TypeError, ValueError):
        return 0.0, 0.0, 0.0, 0.0
    return min(a, c), min(b, d), max(a, c), max(b, d)


# Text of a PDF page that nobody sees: drawn without ink, or white where nothing dark lies under it.
#
# The text that OCR lays under a scanned page has no ink either; it is what the page says, and stays.

_SHOWS = {b"Tj", b"TJ", b"'", b'"'}
_PAINTS = {b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"}
_COLOURS = {b"g": 1, b"rg": 3, b"k": 4, b"sc": 0, b"scn": 0}
_PICTURES = {b"Do", b"INLINE IMAGE", b"sh"}
_NO_INK = (3, 7)  # text rendering modes
_DEEPEST = 4  # forms within forms
_STAMP = 0.2  # of a scanned page's characters, at most, are drawn on it beside those of the OCR


@dataclass(frozen=True)
class _Pen:
    mode: int = 0
    white: bool = False


def without_unseen(page: Any) -> None:
    """Take the text that nobody sees out of the page's content and of the forms that it draws, in memory."""
    from pypdf.generic import NameObject

    content = page.get_contents()
    if content is None:
        return
    told = _Told()
    _read(page, content, _Pen(), told, [])
    drops: dict[tuple[int, str], set[int]] = {}
    for holder, key, _, white, inkless in told.streams:
        unseen = white | inkless if told.drops_inkless else white
        drops[id(holder), key] = unseen & drops.get((id(holder), key), unseen)  # a form drawn twice may be seen once
    for holder, key, stream, _, _ in told.streams:
        if drop := drops.pop((id(holder), key), set()):
            operations = stream.operations
            stream.operations = [_blank(one) if n in drop else one for n, one in enumerate(operations)]
            holder[NameObject(key)] = stream


@dataclass
class _Told:
    """What is drawn: the characters without ink, those that are seen, whether a picture is drawn.

    `ground` is whether there is something that white would stand out from; `streams` are the contents that were read,
    each with where it stands and its operations that show text in white on white, and without ink.
    """

    inkless: int = 0
    seen: int = 0
    scanned: bool = False
    ground: bool = False
    streams: list[tuple[Any, str, Any, set[int], set[int]]] = field(default_factory=list)

    @property
    def drops_inkless(self) -> bool:
        return bool(self.inkless) and not (self.scanned and self.seen <= _STAMP * self.inkless)


def _read(owner: Any, content: Any, pen: _Pen, told: _Told, within: list[Any]) -> None:
    """Read one content; a form that it draws is read where it is drawn, on what lies there by then."""
    white: set[int] = set()
    inkless: set[int] = set()
    kept: list[_Pen] = []
    if not within:
        told.streams.append((owner, "/Contents", content, white, inkless))
    else:
        told.streams.append((*within[-1], content, white, inkless))
    for n, (operands, operator) in enumerate(content.operations):
        if operator == b"q":
            kept.append(pen)
        elif operator == b"Q":
            pen = kept.pop() if kept else pen
        elif operator == b"Do" and (form := _form(owner, operands)) is not None:
            holder, key, stream = form
            if len(within) < _DEEPEST and not any(held is holder and name == key for held, name in within):
                _read(stream, stream, pen, told, [*within, (holder, key)])
        elif operator in _PICTURES:
            told.ground = told.scanned = True
        elif operator in _PAINTS:
            told.ground = told.ground or not pen.white
        elif operator in _SHOWS:
            size = _size(operands)
            if pen.mode in _NO_INK:
                inkless.add(n)
                told.inkless += size
            elif pen.white and pen.mode == 0 and not told.ground:
                white.add(n)
            else:
                told.seen += size
        else:
            pen = _next(pen, operator, operands)


def _next(pen: _Pen, operator: bytes, operands: list[Any]) -> _Pen:
    if operator == b"Tr":
        return replace(pen, mode=int(operands[0]))
    if operator in _COLOURS:
        return replace(pen, white=_is_white(operands))
    return replace(pen, white=False) if operator in (b"cs", b"gs") else pen


def _form(owner: Any, operands: list[Any]) -> tuple[Any, str, Any] | None:
    """Return the form that `Do` draws: where it stands, under which name, and its content; None for a picture."""
    from pypdf.generic import ContentStream

    resources = owner.get("/Resources")
    forms = resources.get_object().get("/XObject") if resources is not None else None
    forms = forms.get_object() if forms is not None else {}
    name = operands[0] if operands else ""
    found = forms[name].get_object() if name in forms else None
    if found is None or found.get("/Subtype") != "/Form":
        return None
    if isinstance(found, ContentStream):
        return forms, name, found
    content = ContentStream(found, getattr(owner, "pdf", None))
    content.update({key: value for key, value in found.items() if key not in ("/Filter", "/DecodeParms", "/Length")})
    return forms, name, content


def _is_white(operands: list[Any]) -> bool:
    try:
        numbers = [float(one) for one in operands]
    except (TypeError, ValueError):
        return False  # a pattern
    return numbers in ([1.0], [1.0] * 3, [0.0] * 4)


def _size(operands: list[Any]) -> int:
    shown = operands[-1] if operands else ""
    parts = shown if isinstance(shown, list) else [shown]
    return sum(len(part) for part in parts if isinstance(part, str | bytes))


def _blank(operation: tuple[Any, bytes]) -> tuple[Any, bytes]:
    """Keep a step to the next line that shows text, without the text."""
    return ([], b"T*") if operation[1] in (b"'", b'"') else ([], b"n")
