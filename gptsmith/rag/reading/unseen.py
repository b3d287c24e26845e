"""Text of a PDF page that nobody sees: drawn without ink, or white where nothing dark lies under it.

The text that OCR lays under a scanned page has no ink either; it is what the page says, and stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

_SHOWS = {b"Tj", b"TJ", b"'", b'"'}
_PAINTS = {b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"}
_COLOURS = {b"g": 1, b"rg": 3, b"k": 4, b"sc": 0, b"scn": 0}
_PICTURES = {b"Do", b"INLINE IMAGE", b"sh"}
_NO_INK = (3, 7)  # text rendering modes
_STAMP = 0.2  # of a scanned page's characters, at most, are drawn on it beside those of the OCR


@dataclass(frozen=True)
class _Pen:
    mode: int = 0
    white: bool = False


def without_unseen(page: Any) -> None:
    """Take the text that nobody sees out of the page's content, in memory."""
    from pypdf.generic import NameObject

    content = page.get_contents()
    if content is None:
        return
    operations = content.operations
    inkless, white, seen, scanned = _told(operations)
    drop = white
    if sum(inkless.values()) and not (scanned and seen <= _STAMP * sum(inkless.values())):
        drop = {**white, **inkless}
    if not drop:
        return
    content.operations = [_blank(one) if n in drop else one for n, one in enumerate(operations)]
    page[NameObject("/Contents")] = content


def _told(operations: list[tuple[Any, bytes]]) -> tuple[dict[int, int], dict[int, int], int, bool]:
    """Return the operations that show text without ink, and in white on white, each with its size in characters.

    Then the characters that are seen, and whether a picture is drawn.
    """
    pen = _Pen()
    kept: list[_Pen] = []
    inkless: dict[int, int] = {}
    white: dict[int, int] = {}
    seen, ground, scanned = 0, False, False  # ground: something that white would stand out from
    for n, (operands, operator) in enumerate(operations):
        if operator == b"q":
            kept.append(pen)
        elif operator == b"Q":
            pen = kept.pop() if kept else pen
        elif operator == b"Tr":
            pen = replace(pen, mode=int(operands[0]))
        elif operator in _COLOURS:
            pen = replace(pen, white=_is_white(operands))
        elif operator in (b"cs", b"gs"):
            pen = replace(pen, white=False)
        elif operator in _PICTURES:
            ground = scanned = True
        elif operator in _PAINTS:
            ground = ground or not pen.white
        elif operator in _SHOWS:
            size = _size(operands)
            if pen.mode in _NO_INK:
                inkless[n] = size
            elif pen.white and pen.mode == 0 and not ground:
                white[n] = size
            else:
                seen += size
    return inkless, white, seen, scanned


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
