"""Markdown: the text; front matter becomes a title and, at the end, a list of what it says of the text."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from gptsmith.rag.reading.encodings import decode
from gptsmith.rag.reading.formats.text import readable
from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, clean_text

_FRONT = re.compile(
    r"\A(?P<mark>---|\+\+\+)[ \t]*\n(?P<head>(?:(?=\S).{0,20000}?)?)^(?P=mark)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_HEADING = re.compile(r"\A\s*(?:#[ \t]+\S|[^\n]+\n={3,})")
# What a site's builder needs of the front matter says nothing to a reader, and so stays out.
_SAID = (
    "author",
    "authors",
    "date",
    "created",
    "published",
    "updated",
    "modified",
    "version",
    "subtitle",
    "description",
    "summary",
)


def read(raw: Raw) -> Parsed:
    """Return the text of a Markdown file."""
    text, note = decode(raw.data, [raw.charset])
    text, note = readable(clean_text(text), note)
    return Parsed(_without_front(text), note=note)


def _without_front(text: str) -> str:
    found = _FRONT.match(text)
    data = _parsed(found["head"], found["mark"]) if found else None
    if found is None or data is None:
        return text
    body = text[found.end() :].strip("\n")
    title = _words(data.get("title"))
    head = f"# {title}\n\n" if title and not _HEADING.match(body) else ""
    about = "\n".join(f"- {key}: {said}" for key in _SAID if (said := _words(data.get(key))))
    return f"{head}{body}\n" + (f"\n## About this file\n\n{about}\n" if about else "")


def _parsed(head: str, mark: str) -> dict[str, Any] | None:
    """Return the front matter's fields in lower case, None when these lines are none: a ruled line is also `---`."""
    import yaml

    try:
        data = tomllib.loads(head) if mark == "+++" else yaml.BaseLoader(head).get_single_data()
    except (yaml.YAMLError, tomllib.TOMLDecodeError, RecursionError, ValueError):
        lines = [line for line in head.split("\n") if line.strip()]
        if not lines or not all(re.match(r"[\w-]+[ \t]*:|[ \t]+\S|-[ \t]|#", line) for line in lines):
            return None
        data = dict(line.split(":", 1) for line in lines if re.match(r"[\w-]+[ \t]*:", line))
    if data is None and not head.strip():
        return {}
    return {str(key).strip().lower(): value for key, value in data.items()} if isinstance(data, dict) else None


def _words(value: Any) -> str:
    items = value if isinstance(value, list) else [value]
    return ", ".join(" ".join(str(v).split()) for v in items if v is not None and not isinstance(v, (dict, list)))


KIND = Kind("Markdown", (".md", ".markdown", ".mdx", ".mkd", ".qmd", ".rmd"), read, content_types=("text/markdown",))
