"""Text of a PDF page that nobody sees: drawn without ink, or white where nothing dark lies under it.

The text that OCR lays under a scanned page has no ink either; it is what the page says, and stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

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
