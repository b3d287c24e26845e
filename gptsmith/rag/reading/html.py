"""Web pages: the words a reader sees, headings marked as in Markdown, one line per table row."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.rag.reading.parsed import Parsed, Unreadable, capped, clean
from gptsmith.rag.reading.plain import decode

_DROPPED = ("script", "style", "noscript", "template", "svg", "iframe", "nav", "head", "button", "select")
_PARAGRAPHS = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre", "blockquote", "section", "article", "figure")
)
_LINES = frozenset(("address", "aside", "body", "dd", "details", "div", "dl", "dt", "figcaption", "footer", "header"))
_BLOCKS = _PARAGRAPHS | _LINES | {"hr", "li", "main", "summary", "tbody", "thead", "tr"}
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)


def read(data: bytes, charset: str = "") -> Parsed:
    """Return the visible text of a page; `charset` is what the server said, empty when it said nothing."""
    from bs4 import BeautifulSoup

    markup, note = _markup(data, charset)
    soup = BeautifulSoup(markup, "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    for tag in soup.find_all(_DROPPED):
        tag.decompose()
    text = _text(soup.body or soup)
    if title and title.casefold() not in text[:500].casefold():
        text = f"{title}\n\n{text}"
    if not text.strip():
        raise Unreadable("the page has no text (it may be drawn by a script); save it as PDF and attach that")
    text, note = capped(clean(text), note)
    return Parsed(text, note=note)


def _markup(data: bytes, charset: str) -> tuple[str, str]:
    declared = _CHARSET.search(data[:2048])
    for name in (charset, declared.group(1).decode("ascii") if declared else ""):
        if name:
            try:
                return data.decode(name), ""
            except (LookupError, UnicodeDecodeError, ValueError):  # a wrong or unknown name: look at the bytes
                continue
    return decode(data)


def _text(root: Any) -> str:
    """Walk the tree without recursion: a page nested ten thousand deep is data, not a stack overflow."""
    from bs4.element import NavigableString, PreformattedString, Tag

    out: list[str] = []
    stack: list[tuple[Any, bool]] = [(root, False)]
    preformatted = 0
    while stack:
        node, closing = stack.pop()
        if isinstance(node, PreformattedString):  # comments, CDATA, doctypes
            continue
        if isinstance(node, NavigableString):
            out.append(str(node) if preformatted else re.sub(r"\s+", " ", str(node)))
        elif isinstance(node, Tag):
            preformatted += (node.name == "pre") * (-1 if closing else 1)
            out.append(_mark(node.name, closing))
            if not closing:
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.contents))
    return _tidy("".join(out))


def _mark(name: str, closing: bool) -> str:
    if name == "br":
        return "" if closing else "\n"
    if name in ("td", "th"):
        return " | " if closing else ""
    if name not in _BLOCKS:
        return ""
    gap = "\n\n" if name in _PARAGRAPHS else "\n"
    if closing:
        return gap
    if len(name) == 2 and name[0] == "h" and name[1].isdigit():
        return f"{gap}{'#' * int(name[1])} "
    return f"{gap}- " if name == "li" else gap


def _tidy(text: str) -> str:
    lines = [re.sub(r"(\s*\|\s*)+$", "", line.rstrip()) for line in text.split("\n")]
    lines = [line if line.startswith("    ") else line.strip() for line in lines]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
