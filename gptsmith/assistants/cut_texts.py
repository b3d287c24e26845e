"""Texts without quotes that end at a ` #`, which YAML takes for a comment: the rest is lost without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.reader import Document, dotted
from gptsmith.errors import Diagnostic

# `#general` and `# 12` were meant as text; a comment begins with a blank behind its #.
_MEANT = re.compile(r"([ \t]+)#(?:[^\s#!]|[ \t]?\d)[^\r\n]*")
_SENTENCES = {
    "name", "description", "instructions", "welcome_message", "disclaimer", "conversation_starters", "title", "text",
    "message", "contains", "not_contains", "default", "choices", "negative_prompt",
}  # fmt: skip
_LONGEST = 100


def cut_texts(document: Document, file: str) -> Iterator[Diagnostic]:
    """Yield a warning, at its #, for each text that was probably meant to go on."""
    for path, mark in document.marks.items():
        start, end = mark.value.start, mark.value.end
        if not path or document.text[start : start + 1] in tuple("\"'|>[{"):
            continue
        found = _MEANT.match(document.text, end)
        if found is None or not _is_text(path, document.text[start:end], document.data):
            continue
        line, column = document.place(found.end(1))
        whole = (document.text[start:end] + found[0]).strip()
        hint = f"put it in quotes: {_quoted(whole)}" if len(whole) <= _LONGEST else "put all of it in quotes"
        yield Diagnostic(
            file=file,
            line=line,
            column=column,
            path=dotted(path),
            code="cut_text",
            severity="warning",
            message="the text ends at #, the rest is a comment",
            hint=hint,
        )


def _is_text(path: KeyPath, written: str, data: Any) -> bool:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return False
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    words = key in _SENTENCES or len(written.split()) > 1
    return data is None or (isinstance(data, str) and words)


def _quoted(text: str) -> str:
    if '"' not in text and "\\" not in text:
        return f'"{" ".join(text.split())}"'
    return "'" + " ".join(text.split()).replace("'", "''") + "'"
