"""The one renderer of text that a model or a file wrote: Markdown in, harmless Markdown out.

The text is parsed and then written anew, with every character that could mean something escaped. What reaches the
browser is therefore only what this module writes itself: paragraphs, headings, lists, tables, code, formulas, and links
to http, https and mailto that show where they lead. Pictures are never loaded (a picture's address can carry a secret
away), raw HTML is shown as the text that it is, and `javascript:` and `data:` addresses never become links.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import islice
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.tree import SyntaxTreeNode

from gptsmith.agent.runtime.citing import UNSUPPORTED
from gptsmith.agent.runtime.store import StoredTurn

_SCHEMES = ("http", "https", "mailto")
_MAX_CHARACTERS = 200_000
_MAX_SIGNS = 10_000
_SIGN = re.compile(r"[\n`*_\[\]!<>#|~$\\&]")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$&{}])|:(?=[:A-Za-z])")
_LINE_START = re.compile(r"^(\s*)(?:([-+=])|(\d{1,9})([.)]))", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2028-\u202e\u2060-\u2069\ufeff]")
_BARE_URL = re.compile(r"https?://[^\s<>\"'`]+[^\s<>\"'`.,;:!?)\]*_]")
_MARKER = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
# KaTeX refuses most of these itself; a formula that needs them is shown as code.
_FORMULA_STOP = re.compile(
    r"\\(href|url|include|html|def|gdef|edef|xdef|let|futurelet|newcommand|renewcommand|providecommand|input|unicode)"
)
_INLINE_FORMULA = re.compile(
    r"\$(?![\s$\d])([^$`\n]{1,400}?)(?<!\s)\$(?!\d)"  # after a digit only with a sign of a formula: amounts stay text
    r"|\$(\d[^$`\n]{0,400}?[\\^_=][^$`\n]*?)\$(?!\d)"
)
_PAREN_FORMULA = re.compile(r"\\\((.{1,400}?)\\\)")
_EDGES = re.compile(r"^[ \t]+|[ \t]+$")
_BARE_BAR = re.compile(r"(?<!\\)\|")
_WRAPPED = {"em": "*", "strong": "**", "s": "~~"}


def safe(text: str, citations: Mapping[int, int] | None = None) -> str:
    """Return Markdown that shows `text` and can load, run or hide nothing.

    `citations` are the citation numbers of this answer with the numbers to show: `[4]` becomes a badge when 4 is one
    of them. Text beyond 200,000 characters is cut; what comes after very many signs is shown as it is written.
    """
    return _safe(text, tuple((citations or {}).items()))


def numbering(text: str, citations: Collection[int]) -> dict[int, int]:
    """Return the number to show for each citation of an answer: counted from 1, in the order of the text."""
    said = [int(number) for marker in _MARKER.finditer(text) for number in marker[1].split(",")]
    order = dict.fromkeys([*(number for number in said if number in citations), *sorted(citations)])
    return {number: shown for shown, number in enumerate(order, 1)}


def renumbered(text: str, citations: Mapping[int, int]) -> str:
    """Return `text` as it was written, its citation numbers as they are shown."""

    def marker(found: re.Match[str]) -> str:
        numbers = [int(number) for number in found[1].split(",")]
        known = all(number in citations for number in numbers)
        return f"[{', '.join(str(citations[number]) for number in numbers)}]" if known else found[0]

    return _MARKER.sub(marker, text)


@lru_cache(maxsize=64)  # a page is drawn anew at every click, with the same answers on it
def _safe(text: str, citations: tuple[tuple[int, int], ...]) -> str:
    formatted, unformatted = _parted(_clean(text))
    shown = "\n".join(_blocks(SyntaxTreeNode(_parser().parse(formatted)).children, dict(citations)))
    if unformatted:
        shown += f"\n\n*From here on it is shown as it is written.*\n\n{_plainly(unformatted)}"
    return shown + _rest(text)


def _parted(text: str) -> tuple[str, str]:
    """Part a text where it has had as many signs of Markdown as are formatted: each costs microseconds to read."""
    beyond = next(islice(_SIGN.finditer(text), _MAX_SIGNS, None), None)
    if beyond is None:
        return text, ""
    at = text.rfind("\n", 0, beyond.start()) + 1 or beyond.start()
    return text[:at], text[at:]


def plain(text: str) -> str:
    """Return Markdown that shows `text` as it is, line by line, with nothing in it active."""
    return _plainly(_clean(text)) + _rest(text)


def _plainly(text: str) -> str:
    return "  \n".join(_escape(_EDGES.sub(" ", line)) for line in text.split("\n"))


def line(text: str) -> str:
    """Return `text` as one harmless line, for titles, labels and buttons."""
    return _escape(" ".join(_clean(text).split()))


def marked(text: str) -> str:
    """Return `text` as it is with a coloured ground behind every line: the quote inside its document."""
    lines = (_escape(part.strip()) for part in _clean(text).split("\n"))
    return "  \n".join(f":orange-background[{part}]" if part else "" for part in lines)


def _clean(text: str) -> str:
    """Take off control and direction characters, which hide text from the reader's eye."""
    return _CONTROL.sub("", text[:_MAX_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n"))


def _rest(text: str) -> str:
    """Say how much is not shown of a text that is too long for a page."""
    left = len(text) - _MAX_CHARACTERS
    return f"\n\n*{left:,} more characters are not shown here.*" if left > 0 else ""


def _escape(text: str) -> str:
    """Put a backslash before everything that Markdown, its extensions or a line's start would read as a sign."""
    # An entity such as `&#8238;` may have brought a control character back.
    escaped = _SPECIAL.sub(lambda m: "\\" + m.group(0), _CONTROL.sub("", text))
    return _LINE_START.sub(lambda m: f"{m[1]}\\{m[2]}" if m[2] else f"{m[1]}{m[3]}\\{m[4]}", escaped)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.inline.ruler.before("escape", "formula", _inline_formula)
    parser.block.ruler.before("fence", "formula", _block_formula, {"alt": ["paragraph", "reference", "blockquote"]})
    return parser


def _inline_formula(state: StateInline, silent: bool) -> bool:
    """Read `$…$` and `\\(…\\)`; an amount such as `$5 and $10` stays text."""
    found = (_INLINE_FORMULA if state.src[state.pos] == "$" else _PAREN_FORMULA).match(state.src, state.pos)
    if not found or found.end() > state.posMax:
        return False
    if not silent:
        state.push("formula", "", 0).content = next(group for group in found.groups() if group)
    state.pos = found.end()
    return True


def _block_formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read `$$…$$` and `\\[…\\]` that begin a line."""
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    opening = first[:2]
    if opening not in ("$$", "\\["):
        return False
    closing = "$$" if opening == "$$" else "\\]"
    lines = [first[2:]]
    last = start
    while closing not in lines[-1]:
        last += 1
        if last >= end or last - start > 60:
            return False
        lines.append(state.src[state.bMarks[last] + state.tShift[last] : state.eMarks[last]])
    body, _, rest = lines[-1].partition(closing)
    if rest.strip():
        return False
    if not silent:
        token = state.push("formula_block", "", 0)
        token.content = "\n".join([*lines[:-1], body]).strip()
        token.map = [start, last + 1]
        state.line = last + 1
    return True


def _blocks(nodes: list[SyntaxTreeNode], cited: Mapping[int, int], tight: bool = False) -> list[str]:
    """Write block nodes as lines, a blank line between two (none in a tight list)."""
    lines: list[str] = []
    for node in nodes:
        if lines and not tight:
            lines.append("")
        lines += _block(node, cited)
    return lines


def _block(node: SyntaxTreeNode, cited: Mapping[int, int]) -> list[str]:
    kind = node.type
    if kind in ("paragraph", "inline"):
        return _inline(node, cited).split("\n")
    if kind == "heading":
        # Headings of an answer stay below those of the page.
        level = min(6, int(node.tag[1]) + 3)
        return ["#" * level + " " + _inline(node, cited).replace("\n", " ")]
    if kind in ("fence", "code_block"):
        return _code_block(node.content, node.info if kind == "fence" else "")
    if kind == "formula_block":
        return _formula_block(node.content)
    if kind == "blockquote":
        return [f"> {part}" for part in _blocks(node.children, cited)]
    if kind in ("bullet_list", "ordered_list"):
        return _list(node, cited)
    if kind == "table":
        return _table(node, cited)
    return ["***"] if kind == "hr" else _blocks(node.children, cited)


def _list(node: SyntaxTreeNode, cited: Mapping[int, int]) -> list[str]:
    number = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else 0
    tight = all(child.hidden for item in node.children for child in item.children if child.type == "paragraph")
    lines: list[str] = []
    for offset, item in enumerate(node.children):
        mark = f"{number + offset}. " if node.type == "ordered_list" else "- "
        body = _blocks(item.children, cited, tight) or [""]
        if lines and not tight:
            lines.append("")
        lines.append(mark + body[0])
        lines += [" " * len(mark) + part if part else "" for part in body[1:]]
    return lines


def _table(node: SyntaxTreeNode, cited: Mapping[int, int]) -> list[str]:
    rows = [row for part in node.children for row in part.children]
    # `|` ends a cell even inside code.
    cells = [[_BARE_BAR.sub(r"\|", _inline(cell, cited)).replace("\n", " ") for cell in row.children] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return [lines[0], "|" + " --- |" * len(cells[0]), *lines[1:]]


def _code_block(content: str, info: str) -> list[str]:
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    language = re.match(r"[A-Za-z0-9_+#-]*", info.strip())
    return [fence + (language.group(0) if language else ""), *content.rstrip("\n").split("\n"), fence]


def _formula_block(content: str) -> list[str]:
    if "$" in content or _FORMULA_STOP.search(content):
        return _code_block(content, "latex")
    return ["$$", *[part for part in content.split("\n") if part.strip()], "$$"]


def _inline(node: SyntaxTreeNode, cited: Mapping[int, int], in_link: bool = False) -> str:
    return "".join(_span(child, cited, in_link) for child in node.children)


def _span(node: SyntaxTreeNode, cited: Mapping[int, int], in_link: bool) -> str:
    kind = node.type
    if kind == "inline":
        return _inline(node, cited, in_link)
    if kind in ("text", "text_special"):
        return _text(node.content, cited, in_link)
    if kind == "softbreak":
        return "\n"
    if kind == "hardbreak":
        return "\\\n"
    if kind == "code_inline":
        return _code_span(node.content)
    if kind == "formula":
        return _code_span(node.content) if _FORMULA_STOP.search(node.content) else f"${node.content}$"
    if kind == "image":
        return _picture(node)
    if kind == "link":
        return _link(node, cited)
    mark = _WRAPPED.get(kind, "")
    return mark + _inline(node, cited, in_link) + mark


def _text(text: str, cited: Mapping[int, int], in_link: bool) -> str:
    """Escape `text`; bare web addresses become links and the known citation markers badges."""
    if in_link:
        return _escape(text)
    parts, at = [], 0
    for url in _BARE_URL.finditer(text):
        parts += [_markers(text[at : url.start()], cited), f"[{_escape(url[0])}](<{_address(url[0])}>)"]
        at = url.end()
    return "".join([*parts, _markers(text[at:], cited)])


def _markers(text: str, cited: Mapping[int, int]) -> str:
    parts, at = [], 0
    for marker in _MARKER.finditer(text):
        numbers = [int(number) for number in marker[1].split(",")]
        if all(number in cited for number in numbers):
            parts += [
                _escape(text[at : marker.start()]),
                "".join(f":blue-badge[{cited[number]}]" for number in numbers),
            ]
            at = marker.end()
    rest = "".join([*parts, _escape(text[at:])])
    return rest.replace(_escape(UNSUPPORTED), ":orange-badge[unsupported]")


def _code_span(content: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    ticks = "`" * (longest + 1)
    return f"{ticks} {content} {ticks}" if longest or content[:1] in " `" else f"{ticks}{content}{ticks}"


def _picture(node: SyntaxTreeNode) -> str:
    """Name the picture instead of loading it."""
    label = " ".join(_clean(node.content).split())[:200] or "without a description"
    host = _host(str(node.attrs.get("src", "")))
    return _escape(f"[picture not loaded: {label}" + (f", from {host}]" if host else "]"))


def _link(node: SyntaxTreeNode, cited: Mapping[int, int]) -> str:
    """Write a link with the place it leads to beside it, when its words do not already say so."""
    target = str(node.attrs.get("href", ""))
    label = _inline(node, cited, in_link=True).replace("\n", " ")
    address = _address(target)
    if not address:
        return label
    host = _host(address)
    shown = "" if not host or host in _plain_text(node) else f" ({_escape(host)})"
    return f"[{label or _escape(target)}](<{address}>){shown}"


def _plain_text(node: SyntaxTreeNode) -> str:
    return node.content if not node.children else "".join(_plain_text(child) for child in node.children)


def _address(target: str) -> str:
    """Return the address when its scheme is a harmless one, with what could end it early encoded; else nothing."""
    compact = re.sub(r"\s", "", target)
    try:
        scheme = urlsplit(compact).scheme.lower()
    except ValueError:  # an address that cannot be taken apart is not one to follow
        return ""
    if scheme not in _SCHEMES:
        return ""
    return re.sub(r"[<>\\\"'`|\[\]]", lambda m: f"%{ord(m[0]):02X}", compact)


def _host(target: str) -> str:
    try:
        return urlsplit(target).hostname or ""
    except ValueError:
        return ""


# A conversation as a file to keep: Markdown to read, JSON with everything.


def as_markdown(title: str, turns: list[StoredTurn]) -> str:
    """Return the conversation as it was said, each answer with the passages that it cites."""
    parts = [f"# {' '.join(title.split()) or 'Conversation'}"]
    for turn in turns:
        attached = "".join(f"\n\n*Attached: {file.get('name', '')}*" for file in turn.files)
        parts.append(f"**You**\n\n{turn.message}{attached}")
        if turn.reply is None:
            parts.append(f"*{(turn.error or {}).get('message') or 'There was no answer.'}*")
            continue
        shown = numbering(turn.reply.text, {citation.id for citation in turn.reply.citations})
        pictures = "".join(f"\n\n*Picture: {picture.get('caption') or ''}*" for picture in turn.reply.images)
        sources = "".join(
            f"\n> [{shown[citation.id]}] {citation.source}{f', page {citation.page}' if citation.page else ''}: "
            f"“{' '.join(citation.quote.split())}”"
            for citation in turn.reply.citations
        )
        said = renumbered(turn.reply.text, shown)
        parts.append(f"**Assistant**\n\n{said}{pictures}" + (f"\n{sources}" if sources else ""))
    return "\n\n".join(parts) + "\n"


def as_json(title: str, turns: list[StoredTurn]) -> str:
    """Return the conversation with everything that is kept of it: replies, sources, tool calls, thumbs."""
    kept = {"title": title, "turns": [turn.model_dump(mode="json") for turn in turns]}
    return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"
