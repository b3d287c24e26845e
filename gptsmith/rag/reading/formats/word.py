"""Word files as they read once every change in them is accepted: text, tables, boxes, notes, headers and footers."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, Unreadable, clean_text, holds, opened, table, whole

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = re.compile(r"^heading (\d)$", re.IGNORECASE)
_BROKEN = "the Word file is broken; open it in a word processor and save it anew"
_NOT_SAID = frozenset(f"{_W}{n}" for n in ("del", "moveFrom", "instrText", "delText", "rPrDel", "sdtPr", "rt")) | {
    _FALLBACK
}
_MARKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_NOTES = {f"{_W}footnoteReference": "footnote", f"{_W}endnoteReference": "endnote"}


def read(raw: Raw) -> Parsed:
    """Return the text of a .docx file; raises Unreadable for broken ones and archive bombs."""
    opened(raw.data, _BROKEN).close()
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import LxmlError

    try:
        text = _Document(docx.Document(io.BytesIO(raw.data))).text()
    except (PackageNotFoundError, LxmlError, KeyError, ValueError, zipfile.BadZipFile, AttributeError) as error:
        raise Unreadable(_BROKEN) from error
    if not text.strip():
        raise Unreadable("the Word file holds no text", "skipped")
    return whole(clean_text(text))


class _Document:
    """One Word file: its styles and notes by their ids."""

    def __init__(self, document: Any) -> None:
        self._part = document.part
        self._body = document.element.body
        self._styles = {s.style_id: s.name or "" for s in document.styles}
        self._notes = {kind: self._read_notes(kind) for kind in ("footnote", "endnote")}
        self._cited: list[str] = []

    def text(self) -> str:
        """Return headers, the body with its notes, and footers; each header and footer once."""
        blocks = [*self._around("header"), *self._blocks(self._body), *self._around("footer")]
        return "\n\n".join(block for block in blocks if block.strip())

    def _blocks(self, parent: Any) -> Iterator[str]:
        """Yield paragraphs and tables of a body, a cell or a box; what wraps them is looked through."""
        for node in parent:
            if node.tag == f"{_W}p":
                yield from self._paragraph(node)
            elif node.tag == f"{_W}tbl":
                yield table([self._row(row) for row in _rows(node)])
                yield from self._take_cited()
            elif isinstance(node.tag, str) and node.tag not in _NOT_SAID:
                yield from self._blocks(node)

    def _paragraph(self, node: Any) -> Iterator[str]:
        boxes: list[Any] = []
        text = self._inline(node, boxes)
        style = self._styles.get(_value(node, "pStyle"), "")
        heading = _HEADING.match(style)
        if text.strip() and (heading or style == "Title"):
            text = f"{'#' * (min(int(heading[1]), 6) if heading else 1)} {text.strip()}"
        elif text.strip() and (style.startswith("List") or node.find(f"{_W}pPr/{_W}numPr") is not None):
            text = f"- {text.strip()}"
        yield text
        yield from self._take_cited()
        for box in boxes:
            yield from self._blocks(box)

    def _inline(self, node: Any, boxes: list[Any]) -> str:
        """Return the words of a paragraph; the text boxes that are anchored in it are put into `boxes`."""
        out: list[str] = []
        stack = [node]
        while stack:
            one = stack.pop()
            if not isinstance(one.tag, str) or one.tag in _NOT_SAID or _is_hidden(one):
                continue
            name = one.tag.removeprefix(_W)
            if one.tag in (f"{_W}t", f"{_M}t"):
                out.append(one.text or "")
            elif name in _MARKS:
                out.append(_MARKS[name])
            elif name == "txbxContent":
                boxes.append(one)
            elif one.tag in _NOTES:
                self._cite(_NOTES[one.tag], one.get(f"{_W}id", ""))
            elif name == "checkBox":
                out.append("☒ " if _is_on(one) else "☐ ")
            elif name == "ddList":
                out.append(_chosen(one))
            elif name not in ("pPr", "rPr"):
                stack.extend(reversed(one))
        return "".join(out)

    def _row(self, row: Any) -> list[str]:
        return [" ".join(" ".join(self._blocks(cell)).split()) for cell in _children(row, "tc")]

    def _cite(self, kind: str, id: str) -> None:
        if said := self._notes[kind].get(id):
            self._cited.append(said)

    def _take_cited(self) -> Iterator[str]:
        """Yield the notes of what was read last: behind it, so that no sentence has a note in its middle."""
        cited, self._cited = self._cited, []
        yield from cited

    def _read_notes(self, kind: str) -> dict[str, str]:
        root = self._related(f"{kind}s")
        if root is None:
            return {}
        self._notes, self._cited = {"footnote": {}, "endnote": {}}, []
        said = {n.get(f"{_W}id"): " ".join(" ".join(self._blocks(n)).split()) for n in root.iter(f"{_W}{kind}")}
        return {id: f"{kind.capitalize()}: {text}" for id, text in said.items() if text}

    def _around(self, kind: str) -> Iterator[str]:
        """Yield the texts of the headers or footers, none twice; one that only numbers the pages says nothing."""
        seen: set[str] = set()
        for root in self._all_related(kind):
            for block in self._blocks(root):
                bare = re.sub(r"(?i)\b(?:page|of|seite|von|página|de|page)\b|[\W\d]", "", block)
                if bare and block not in seen:
                    seen.add(block)
                    yield block

    def _related(self, kind: str) -> Any:
        return next(self._all_related(kind), None)

    def _all_related(self, kind: str) -> Iterator[Any]:
        from docx.oxml import parse_xml

        for rel in self._part.rels.values():
            if not rel.is_external and rel.reltype.endswith(f"/{kind}"):
                yield parse_xml(rel.target_part.blob)


def _rows(node: Any) -> Iterator[Any]:
    for row in _children(node, "tr"):
        if row.find(f"{_W}trPr/{_W}del") is None:
            yield row


def _children(node: Any, name: str) -> Iterator[Any]:
    """Yield the rows of a table or the cells of a row, also those inside insertions and content controls."""
    for child in node:
        if child.tag == f"{_W}{name}":
            yield child
        elif isinstance(child.tag, str) and child.tag not in _NOT_SAID and child.tag != f"{_W}tbl":
            yield from _children(child, name)


def _value(node: Any, name: str) -> str:
    found = node.find(f"{_W}pPr/{_W}{name}")
    return "" if found is None else str(found.get(f"{_W}val", ""))


def _is_on(node: Any) -> bool:
    """Tell whether a switch such as bold or a check box is on."""
    found = node.find(f"{_W}checked")
    found = node.find(f"{_W}default") if found is None else found
    return found is not None and found.get(f"{_W}val", "1") not in ("0", "false", "off")


def _chosen(node: Any) -> str:
    """Return what is chosen in a drop-down field."""
    entries = [str(e.get(f"{_W}val", "")) for e in node.findall(f"{_W}listEntry")]
    result = node.find(f"{_W}result")
    at = int(result.get(f"{_W}val", "0")) if result is not None else 0
    return entries[at] if at < len(entries) else ""


def _is_hidden(node: Any) -> bool:
    if node.tag != f"{_W}r":
        return False
    look = node.find(f"{_W}rPr")
    if look is None:
        return False
    vanish = look.find(f"{_W}vanish")
    if vanish is not None and vanish.get(f"{_W}val", "1") not in ("0", "false", "off"):
        return True
    colour = look.find(f"{_W}color")
    white = colour is not None and colour.get(f"{_W}val", "").upper() == "FFFFFF"
    return white and not _has_ground(node, look)


def _has_ground(run: Any, look: Any) -> bool:
    """Say whether white text has a ground to be seen on: a shading, a highlight, a box, a cell of a styled table."""
    if look.find(f"{_W}shd") is not None or look.find(f"{_W}highlight") is not None:
        return True
    grounds = (f"{_W}pPr/{_W}shd", f"{_W}tcPr/{_W}shd", f"{_W}tblPr/{_W}tblStyle", f"{_W}tblPr/{_W}shd")
    return any(
        node.tag == f"{_W}txbxContent" or any(node.find(ground) is not None for ground in grounds)
        for node in run.iterancestors()
    )


def _is_word(raw: Raw) -> bool:
    return holds(raw.data, b"word/document.xml")


KIND = Kind("Word", (".docx", ".docm", ".dotx"), read, _is_word, container=True)
