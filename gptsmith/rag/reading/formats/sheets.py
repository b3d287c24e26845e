"""Spreadsheets (XLSX): each sheet's rows, each value with its column's name; formulas by their last result."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from gptsmith.rag.reading.parsed import (
    MAX_CHARACTERS,
    Kind,
    Parsed,
    Raw,
    Unreadable,
    clean_text,
    holds,
    opened,
    records,
    whole,
    xml,
)

_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_BROKEN = "the spreadsheet is broken; open it in a spreadsheet program and save it anew"
_DATES = {*range(14, 23), *range(45, 48)}  # number formats that come with the program
_WIDEST = 500  # columns


def read(raw: Raw) -> Parsed:
    """Return the rows of all visible sheets; raises Unreadable for broken files and empty ones."""
    from lxml.etree import LxmlError

    try:
        with opened(raw.data, _BROKEN) as archive:
            text = "\n\n".join(_Book(archive).sheets(raw))
    except (LxmlError, KeyError, ValueError, IndexError, zipfile.BadZipFile, NotImplementedError) as error:
        raise Unreadable(_BROKEN) from error
    if not text.strip():
        raise Unreadable("the spreadsheet holds no text", "skipped")
    return whole(clean_text(text))


class _Book:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = set(archive.namelist())
        shared = xml(archive.read("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else []
        self._shared = [_words(item) for item in shared]
        self._dates = self._date_styles() if "xl/styles.xml" in names else set()

    def sheets(self, raw: Raw) -> Iterator[str]:
        """Yield the text of each sheet, its name as a heading where there are several."""
        book = xml(self._archive.read("xl/workbook.xml"))
        rels = xml(self._archive.read("xl/_rels/workbook.xml.rels"))
        places = {rel.get("Id"): rel.get("Target", "") for rel in rels}
        shown = [sheet for sheet in book.iter(f"{_S}sheet") if sheet.get("state", "visible") == "visible"]
        size = 0
        for sheet in shown:
            target = places.get(sheet.get(_R), "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if path not in self._archive.namelist() or size > MAX_CHARACTERS:
                continue  # a sheet that is a chart has no cells
            said = records(list(self._rows(xml(self._archive.read(path)))))
            size += len(said)
            raw.beat()
            if said:
                yield f"## {sheet.get('name', '')}\n\n{said}" if len(shown) > 1 else said

    def _rows(self, root: Any) -> Iterator[list[str]]:
        for row in root.iter(f"{_S}row"):
            cells: list[str] = []
            for cell in row.iter(f"{_S}c"):
                at = min(_column(cell.get("r", "")) or len(cells), _WIDEST)
                cells += [""] * (at - len(cells))
                cells.append(self._value(cell))
            yield cells

    def _value(self, cell: Any) -> str:
        kind, value = cell.get("t", "n"), cell.findtext(f"{_S}v") or ""
        if kind == "s":
            return self._shared[int(value)] if value else ""
        if kind == "inlineStr":
            return _words(cell)
        if kind == "b":
            return "yes" if value == "1" else "no"
        if kind == "n" and value and int(cell.get("s", "0")) in self._dates:
            return _date(float(value))
        return _number(value) if kind == "n" else value

    def _date_styles(self) -> set[int]:
        root = xml(self._archive.read("xl/styles.xml"))
        own = {
            int(f.get("numFmtId", "0"))
            for f in root.iter(f"{_S}numFmt")
            if re.search(r"[dmyhs]", re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", f.get("formatCode", "")), re.IGNORECASE)
        }
        cells = root.find(f"{_S}cellXfs")
        styles = [] if cells is None else [int(style.get("numFmtId", "0")) for style in cells]
        return {i for i, style in enumerate(styles) if style in _DATES or style in own}


def _words(item: Any) -> str:
    """Return a text's pieces joined, without the reading of Japanese characters that may stand beside."""
    return "".join(t.text or "" for t in item.iter(f"{_S}t") if t.getparent().tag != f"{_S}rPh")


def _column(reference: str) -> int:
    """Return the number of a cell's column from 0: C7 is 2."""
    number = 0
    for letter in re.match(r"[A-Z]{0,3}", reference)[0]:  # type: ignore[index]
        number = number * 26 + ord(letter) - 64
    return max(number - 1, 0)


def _date(days: float) -> str:
    moment = datetime(1899, 12, 30) + timedelta(seconds=round(days * 86_400))
    clock = f"{moment:%H:%M}" if moment.second == 0 else f"{moment:%H:%M:%S}"
    if days < 1:
        return clock
    return f"{moment:%Y-%m-%d}" if clock == "00:00" else f"{moment:%Y-%m-%d} {clock}"


def _number(value: str) -> str:
    """Return a number as it is shown: 0.1 is stored as 0.10000000000000001."""
    return f"{float(value):.15g}" if re.fullmatch(r"-?\d*\.\d{10,}(?:E-?\d+)?", value) else value


def _is_book(raw: Raw) -> bool:
    return holds(raw.data, b"xl/workbook.xml")


KIND = Kind("spreadsheet", (".xlsx", ".xlsm"), read, _is_book, container=True)
