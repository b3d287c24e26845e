"""JSON and lines of it: what the values say, each under its names; lists of alike things as rows of a table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from gptsmith.rag.reading.encodings import decode
from gptsmith.rag.reading.formats import page, text
from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, Unreadable, clean_text, noted, records, whole

_PAGE = re.compile(r"<(?:p|h\d|ul|ol|li|table|div|code|pre|br)\b[^<>]*>", re.IGNORECASE)
_DEEPEST = 40


def read(raw: Raw) -> Parsed:
    """Return the values as text; what is no JSON after all is read as text."""
    said, note = decode(raw.data, [raw.charset])
    said = clean_text(said)
    try:
        value = json.loads(said) if raw.suffix == ".json" else [json.loads(x) for x in said.splitlines() if x.strip()]
    except ValueError:
        return whole(*text.readable(said, note))
    except RecursionError:
        return whole(*text.readable(said, noted(note, "it is nested too deeply to be read as data")))
    lines = "\n".join(_lines(value, (), raw)).strip()
    return whole(*text.readable(clean_text(lines), note))


def _lines(value: Any, path: tuple[str, ...], raw: Raw) -> Iterator[str]:
    if len(path) > _DEEPEST:
        return
    if isinstance(value, dict):
        yield from _fields(value, path, raw)
    elif isinstance(value, list) and (rows := _table(value)) is not None:
        yield f"\n## {' / '.join(path)}\n" if path else ""
        yield records(rows)
    elif isinstance(value, list):
        for one in value:
            yield from _lines(one, path, raw) if isinstance(one, dict | list) else [f"- {_said(one, raw)}"]
            if isinstance(one, dict):
                yield ""
    else:
        yield _said(value, raw)


def _fields(value: dict[str, Any], path: tuple[str, ...], raw: Raw) -> Iterator[str]:
    """Yield the plain values, then what is below them under a heading."""
    below = {k: v for k, v in value.items() if isinstance(v, dict | list) and v}
    for name, one in value.items():
        if name in below or one in (None, "", [], {}):
            continue
        said = _said(one, raw)
        yield f"{name}:\n\n{said}\n" if "\n" in said else f"{name}: {said}"
    for name, one in below.items():
        if isinstance(one, list) and all(isinstance(x, str | int | float) for x in one) and len(one) <= 20:
            yield f"{name}: {', '.join(_said(x, raw) for x in one)}"
            continue
        if not (isinstance(one, list) and _table(one) is not None):
            yield f"\n## {' / '.join([*path, name])}\n"
        yield from _lines(one, (*path, name), raw)


def _table(value: list[Any]) -> list[list[str]] | None:
    """Return a list of flat things with the same names as rows, None for any other list."""
    if len(value) < 2 or not all(isinstance(row, dict) and row for row in value):
        return None
    names = list(dict.fromkeys(name for row in value for name in row))
    flat = all(not isinstance(x, dict | list) and len(str(x)) <= 200 for row in value for x in row.values())
    if not flat or len(names) < 2 or len(names) > 3 * min(map(len, value)):
        return None
    return [names, *[["" if row.get(n) is None else _plain(row[n]) for n in names] for row in value]]


def _said(value: Any, raw: Raw) -> str:
    """Return a value in words; a piece of a page as its reader sees it."""
    said = _plain(value)
    if len(_PAGE.findall(said)) < 2:
        return said
    try:
        return page.KIND.read(Raw(said.encode(), "value.html", "text/html", "utf-8", raw.beat)).text
    except Unreadable:
        return said


def _plain(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


KIND = Kind("JSON", (".json", ".jsonl", ".ndjson"), read, content_types=("application/json",))
