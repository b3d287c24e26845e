"""PDF files: the text of each page, column by column, with what is filled in, and where the page begins."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from gptsmith.rag.reading.parsed import MAX_CHARACTERS, MAX_PAGES, Kind, Parsed, Raw, Unreadable, clean_text
from gptsmith.rag.reading.pdf_page import columns, filled_in, without_labels, without_unseen
from gptsmith.rag.reading.recognition import program, recognised
from gptsmith.rag.reading.typeset import untypeset

_GAP = "\n\n"
_MOST_PICTURES = 20  # of one scanned page


def read(raw: Raw) -> Parsed:
    """Return the text of a PDF, giving a sign of life after each page.

    Raises Unreadable for one that is broken, locked or only scanned.
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(raw.data))
        if reader.is_encrypted:
            _unlock(reader)
        count = len(reader.pages)
        if not count:
            raise Unreadable("the PDF has no pages; export it again")
        return _join(reader, count, raw.beat)
    except PyPdfError as error:
        why = f"the PDF is broken ({_short(error)}); open it in a viewer and print it to a new PDF"
        raise Unreadable(why) from error


def _unlock(reader: Any) -> None:
    from pypdf.errors import DependencyError

    locked = "the PDF is locked with a password; save a copy without one and attach that"
    try:
        if not reader.decrypt(""):
            raise Unreadable(locked)
    except (DependencyError, NotImplementedError) as error:
        raise Unreadable(locked) from error


def _join(reader: Any, count: int, beat: Callable[[], None]) -> Parsed:
    parts: list[str] = []
    values: list[str] = []
    blank: list[int] = []
    broken: list[int] = []
    seen: list[int] = []
    size = 0
    for number in range(min(count, MAX_PAGES)):
        try:
            text, filled = _page(reader.pages[number])
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - a parser fed with damaged files raises anything; the other pages go in
            text = filled = ""
            broken.append(number + 1)
        if not text and not filled and number + 1 not in broken:
            text = _scanned(reader.pages[number], beat)
            (seen if text else blank).append(number + 1)
        beat()
        parts.append(text)
        values.append(filled)
        size += len(text) + len(filled) + len(_GAP)
        if size > MAX_CHARACTERS:
            break
    parts = [_GAP.join(filter(None, both)) for both in zip(untypeset(parts), values, strict=True)]
    pages = list(accumulate((len(part) + len(_GAP) for part in parts[:-1]), initial=0))
    text = _GAP.join(parts)
    if not text.strip():
        if broken:
            raise Unreadable("no page of the PDF can be read; open it in a viewer and print it to a new PDF")
        raise Unreadable("the PDF holds only pictures of pages (a scan), no text; run OCR on it first")
    return Parsed(text[:MAX_CHARACTERS], pages, _note(count, len(pages), blank, broken, seen))


def _page(page: Any) -> tuple[str, str]:
    """Return the text of a page and what is filled in on it."""
    places: list[tuple[float, float, str]] = []

    def placed(text: str, user: Any, line: Any, *_: object) -> None:
        if text.strip():
            x, y = line[4], line[5]
            places.append((user[0] * x + user[2] * y + user[4], user[1] * x + user[3] * y + user[5], text.strip()))

    without_unseen(page)
    text = clean_text(page.extract_text(visitor_text=placed) or "").strip()
    filled = filled_in(page, places)
    text = clean_text(columns(page, text, places)).strip() or text
    return without_labels(text, filled), clean_text("\n".join(field.line for field in filled))


def _scanned(page: Any, beat: Callable[[], None]) -> str:
    """Return what text recognition reads in the pictures of a page; empty where there are none or no such program."""
    if not program():
        return ""
    found: list[str] = []
    try:
        for picture in list(page.images)[:_MOST_PICTURES]:
            image = picture.image
            if image is not None:
                found.append(recognised(image.rotate(-page.rotation, expand=True) if page.rotation else image))
            beat()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a parser fed with damaged pictures raises anything; the other pages go in
        return clean_text("\n\n".join(filter(None, found)))
    return clean_text("\n\n".join(filter(None, found)))


def _note(count: int, used: int, blank: list[int], broken: list[int], seen: list[int]) -> str:
    notes = []
    if used < count:
        notes.append(f"only the first {used:,} of {count:,} pages are used; split the file")
    if broken:
        notes.append(f"{_pages(broken)} cannot be read")
    if seen:
        notes.append(f"{_pages(seen)} read by text recognition")
    if blank:
        notes.append(f"{_pages(blank)} without text (blank or scanned)")
    return "; ".join(notes)


def _pages(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:8])) + (f" and {len(numbers) - 8} more" if len(numbers) > 8 else "")
    return f"page{'s' if len(numbers) > 1 else ''} {shown}"


def _short(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]


def _is_pdf(raw: Raw) -> bool:
    return b"%PDF-" in raw.data[:1024]


KIND = Kind("PDF", (".pdf",), read, _is_pdf, ("application/pdf",), container=True)
