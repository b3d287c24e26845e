"""Web pages: the words a reader sees, headings marked as in Markdown, tables row by row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from gptsmith.rag.reading.encodings import decode
from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, Unreadable, clean_text, table, whole

_DROPPED = frozenset(
    {"script", "style", "noscript", "template", "svg", "iframe", "nav", "head", "select", "option", "textarea",
     "datalist", "object", "embed", "canvas", "audio", "video", "noframes", "rt", "rp", "del", "s", "strike"}
)  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PARAGRAPHS = _HEADINGS | frozenset(
    {"p", "ul", "ol", "dl", "pre", "blockquote", "section", "article", "figure", "form", "fieldset"}
)
_LINES = frozenset(
    {"address", "aside", "body", "dd", "details", "div", "figcaption", "footer", "header", "hr", "legend", "li", "main",
     "tbody", "thead", "tr"}
)  # fmt: skip
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_XML = re.compile(rb"\A\s*<\?xml[^>]{0,200}encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_OPENS = re.compile(r"accordion|collaps|faq|question|toggle|disclosure", re.IGNORECASE)
_LOADING = re.compile(r"\W*(?:loading|please wait|(?:please |you need to )?enable javascript.{0,80})\W*", re.IGNORECASE)
_WHITE = re.compile(
    r"(?<![-\w])color:(?:white|#fff(?:fff)?\b|rgba?\(255,255,255|transparent|rgba\(\d+,\d+,\d+,0(?:\.0+)?\))"
)
_TINY = re.compile(r"(?<![-\w])font-size:(?:0(?!\.?[1-9])|1px)|(?<![-\w])opacity:0(?!\.?[1-9])")
_NOT_SHOWN = re.compile(r"(?<![-\w])display:none|visibility:hidden")
_PHRASES = frozenset({"span", "font", "b", "i", "em", "strong", "small", "sup", "sub", "a", "u"})
_FRAMES = 5  # of a page that are named


def read(raw: Raw) -> Parsed:
    """Return the visible text of a page; raises Unreadable for one that only frames others or is drawn by a script."""
    from lxml import etree

    markup, note = _markup(raw)
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    root = etree.fromstring(markup.encode("utf-8", "replace"), parser)
    if root is None:
        raise Unreadable("the page has no text")
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):  # nested too deep for a tree
        return whole(clean_text(_words_alone(markup)), note)
    title = " ".join("".join(root.xpath("(//title)[1]//text()")).split())
    if root.find(".//frameset") is not None:
        raise Unreadable(f"the page only shows other pages in frames{_framed(root)}; name those instead")
    body = root.find("body")
    text = _Walk().text(root if body is None else body)
    if not re.search(r"\w", text) or (_LOADING.fullmatch(text) and root.find(".//script") is not None):
        raise Unreadable(_why_empty(root))
    if title and title.casefold() not in text[:500].casefold():
        text = f"{title}\n\n{text}"
    return whole(clean_text(text), note)


def _markup(raw: Raw) -> tuple[str, str]:
    declared = _CHARSET.search(raw.data[:2048]) or _XML.search(raw.data[:300])
    text, note = decode(raw.data, [raw.charset, declared[1].decode("ascii") if declared else ""])
    return clean_text(text), "" if note.startswith("read as") and not note.endswith("mark)") else note


def _words_alone(markup: str) -> str:
    """Return the words between the tags, each block on its own line, without a tree."""
    from lxml import etree

    out: list[str] = []

    class Words:
        hidden = 0

        def start(self, tag: str, _: object) -> None:
            self.hidden += tag in _DROPPED
            out.append("\n" if tag in _PARAGRAPHS or tag in _LINES else "")

        def end(self, tag: str) -> None:
            self.hidden -= tag in _DROPPED

        def data(self, text: str) -> None:
            out.append("" if self.hidden else text)

        def close(self) -> str:
            return re.sub(r"\s*\n\s*", "\n", "".join(out)).strip()

    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, target=Words())
    return str(etree.fromstring(markup.encode("utf-8", "replace"), parser))


def _framed(root: Any) -> str:
    """Return the addresses of a page's frames in brackets, empty without any."""
    found = [str(source).strip()[:200] for source in root.xpath("//frame/@src|//iframe/@src")][:_FRAMES]
    return f" ({', '.join(found)})" if found else ""


def _why_empty(root: Any) -> str:
    if led := root.xpath("//meta[translate(@http-equiv,'REFSH','refsh')='refresh']/@content"):
        to = re.sub(r"(?i)^[\s\d.;,]*url\s*=\s*", "", str(led[0])).strip("'\" ")[:200]
        return f"the page has no text and only leads on to {to}; name that instead"
    if framed := _framed(root):
        return f"the page has no text of its own and only shows other pages in frames{framed}; name those instead"
    return "the page has no text (it may be drawn by a script); save it as PDF and attach that"


def is_unseen(node: Any) -> bool:
    """Say whether an element is styled so that nobody sees its text, as text for machines alone is.

    Panels that open at a click are hidden, too: of `display: none` only single words and phrases are meant.
    """
    style = "".join(node.get("style", "").split()).lower()
    white = _WHITE.search(style) or (node.tag == "font" and _WHITE.search(f"color:{node.get('color', '').lower()}"))
    if white and not any(_has_ground(n) for n in (node, *node.iterancestors())):
        return True
    if len(node) or not style:
        return False
    return bool(_TINY.search(style)) or (node.tag in _PHRASES and bool(_NOT_SHOWN.search(style)))


def _has_ground(node: Any) -> bool:
    """Say whether an element has, or a style sheet may give it, a ground of its own."""
    inner = node.tag not in ("body", "html")
    return "background" in node.get("style", "").lower() or bool(
        node.get("bgcolor") or (inner and (node.get("class") or node.get("id")))
    )


@dataclass
class _Table:
    """A table while it is read; one that lies in a cell of another becomes text of that cell."""

    rows: list[list[str]] = field(default_factory=list)
    cell: list[str] | None = None


class _Walk:
    """Walks a tree without recursion: a page nested ten thousand deep is data, not a stack overflow."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._tables: list[_Table] = []
        self._preformatted = 0
        self._titles = 0

    def text(self, root: Any) -> str:
        stack: list[tuple[Any, bool]] = [(root, False)]
        while stack:
            node, closing = stack.pop()
            if closing:
                self._close(node)
                if node is not root:
                    self._say(node.tail)
                continue
            if not isinstance(node.tag, str) or self._is_dropped(node):
                self._say(node.tail if node is not root else None)
                continue
            stack.append((node, True))
            self._open(node)
            self._say(node.text)
            stack.extend((child, False) for child in reversed(node))
        return _tidy("".join(self._out))

    def _say(self, text: str | None) -> None:
        if text:
            self._put(text if self._preformatted else re.sub(r"[ \t\n\r\f]+", " ", text), flowing=True)

    def _put(self, text: str, *, flowing: bool = False) -> None:
        cell = self._tables[-1].cell if self._tables else None
        if flowing and not self._preformatted and self._out and self._out[-1][-1:].isspace():
            text = text.lstrip(" ")
        if cell is not None:
            cell.append(text)
        elif not self._tables or text.strip():
            self._out.append(text)

    def _is_dropped(self, node: Any) -> bool:
        if node.tag == "button":
            return not (self._titles or _opens(node) or "".join(islice(node.itertext(), 20)).strip().endswith("?"))
        return node.tag in _DROPPED or is_unseen(node)

    def _open(self, node: Any) -> None:
        tag = node.tag
        if tag == "table":
            self._tables.append(_Table())
        elif tag == "tr" and self._tables:
            self._tables[-1].rows.append([])
        elif tag in ("td", "th") and self._tables:
            self._tables[-1].cell = []
        elif tag == "br":
            self._put("\n")
        elif tag == "pre":
            self._preformatted += 1
        level, outermost = _level(node), not self._titles
        if level and outermost:
            self._put(f"\n\n{'#' * level} ")
        elif tag in _PARAGRAPHS or tag in _LINES:
            self._put(_gap(tag) + ("- " if tag == "li" else ""))
        self._titles += bool(level)
        if outermost and (level or tag == "a") and not any(map(str.strip, node.itertext())):
            self._put(node.get("aria-label") or " ".join(node.xpath(".//img/@alt|.//@aria-label")[:1]))

    def _close(self, node: Any) -> None:
        tag = node.tag
        level = _level(node)
        self._titles -= bool(level)
        if tag == "table" and self._tables:
            said = table([row for row in self._tables.pop().rows if any(row)])
            self._put(f"\n\n{said}\n\n" if not self._tables else f" {said} ")
        elif tag in ("td", "th") and self._tables and self._tables[-1].cell is not None:
            last = self._tables[-1]
            (last.rows or [[]])[-1].append(" ".join("".join(last.cell or []).split()))
            last.cell = None
        elif tag == "pre":
            self._preformatted -= 1
        elif (level and not self._titles) or tag in _PARAGRAPHS or tag in _LINES:
            self._put("\n\n" if level else _gap(tag))


def _gap(tag: str) -> str:
    return "\n\n" if tag in _PARAGRAPHS else "\n"


def _level(node: Any) -> int:
    """Return the level of a heading, 0 for anything else: also what folds an answer in or out is one."""
    tag = node.tag
    if tag in _HEADINGS:
        return int(tag[1])
    if node.get("role") == "heading":
        said = node.get("aria-level", "2")
        return min(int(said), 6) if said.isdigit() and int(said) else 2
    if tag in ("summary", "dt") or (_opens(node) and (tag == "button" or node.get("role") in ("button", "tab"))):
        return 4
    return 5 if tag == "button" else 0


def _opens(node: Any) -> bool:
    """Tell whether an element folds another in and out, as the questions of an FAQ do."""
    if any(node.get(name) is not None for name in ("aria-expanded", "aria-controls", "data-toggle", "data-bs-toggle")):
        return True
    parent = node.getparent()
    named = [node.get("class") or "", (parent.get("class") or "") if parent is not None else ""]
    return any(map(_OPENS.search, named))


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n")]
    lines = [line if line.startswith("    ") else line.strip() for line in lines]
    lines = [line for line in lines if not re.fullmatch(r"#{1,6}|-", line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_page(raw: Raw) -> bool:
    lowered = raw.head[:200].lower()
    return lowered.startswith((b"<!doctype html", b"<html"))


KIND = Kind("web page", (".html", ".htm", ".xhtml", ".shtml"), read, _is_page, ("text/html", "application/xhtml+xml"))
