"""Jupyter notebooks: texts, code and what the code printed; pictures and widgets are left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from gptsmith.rag.reading.formats.text import without_data
from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, Unreadable, clean_text, whole

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_OBJECT = re.compile(r"<[\w.]+ (?:object at 0x|size \d+x\d+)[^>]*>|<Figure size [^>]*>")  # what a drawing is called
_LONGEST_OUTPUT = 20_000


def read(raw: Raw) -> Parsed:
    """Return the cells of a notebook; raises Unreadable for a broken one."""
    broken = "the notebook is broken; open it in Jupyter and save it anew"
    try:
        book = json.loads(raw.data)
        sheets = [book, *book.get("worksheets", [])]
        cells = [cell for sheet in sheets for cell in sheet.get("cells", [])]
        blocks = [block.strip("\n") for cell in cells for block in _blocks(cell)]
    except (ValueError, AttributeError, TypeError) as error:
        raise Unreadable(broken) from error
    text, _ = without_data(clean_text("\n\n".join(block for block in blocks if block.strip())))
    if not text.strip():
        raise Unreadable("the notebook holds no text", "skipped")
    return whole(text)


def _blocks(cell: dict[str, Any]) -> Iterator[str]:
    source = _joined(cell.get("source", cell.get("input", "")))
    if cell.get("cell_type") == "heading":
        source = f"{'#' * int(cell.get('level', 1))} {source}"
    if cell.get("cell_type") != "code":
        yield source
        return
    if source.strip():
        yield f"```\n{source}\n```"
    for output in cell.get("outputs", []):
        said = _ANSI.sub("", _output(output)).strip("\n")
        if said and not _OBJECT.fullmatch(said.strip()):
            yield said[:_LONGEST_OUTPUT]


def _output(output: dict[str, Any]) -> str:
    if output.get("output_type") in ("error", "pyerr"):
        return f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"
    data = output.get("data", {})
    said = output.get("text") or data.get("text/markdown") or data.get("text/plain") or data.get("text/latex") or ""
    return _joined(said)


def _joined(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


KIND = Kind("notebook", (".ipynb",), read, content_types=("application/x-ipynb+json",))
