"""Where a spec says its assistant's name besides `name`, and the same texts with another name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.raw import items, texts

Span = tuple[int, int]

_TOLD = ("description", "instructions", "welcome_message", "disclaimer")
_PARTS = {"conversation_starters": ("title", "text"), "tests": ("name", "message")}
_EXPECTED = ("contains", "not_contains")
_CALLED = (
    r"you are|you['’]re|i am|i['’]m|this is|(?:is|are|be) called|named?|name is|call (?:me|yourself)|du bist|ich bin"
    r"|hei(?:ß|ss)(?:t|e|en)?|ich bin|tu es|vous êtes|je suis|je m['’]appelle|eres|soy|me llamo|você é|eu sou|me chamo"
    r"|tu sei|sei|sono|mi chiamo|je bent|ik ben|ik heet"
)


def mentions(data: dict[str, Any], name: str) -> Iterator[tuple[KeyPath, list[Span]]]:
    """Give each text of a spec's data in which `name` stands, with where it stands there.

    The name counts as a whole word in its own letters, in what tests expect in any letters, as they are compared.
    A name that is an everyday word of the same spec (`Tea`, where `tea` is spoken of) counts only where somebody is
    called so.
    """
    if not name.strip():
        return
    said = [(path, text) for path, text in _said(data) if name in text]
    everyday = len(name.split()) == 1 and re.compile(rf"(?<!\w){re.escape(name.lower())}s?(?!\w)")
    own = _pattern(name)
    if everyday and any(everyday.search(text) for _, text in _said(data)):
        own = re.compile(rf"(?i:(?<!\w)(?:{_CALLED})\s+[\"“'‘*_]*)(?P<name>{_bounded(name)})")
    for path, text in said:
        spans = [found.span("name") for found in own.finditer(text)]
        if spans:
            yield path, spans
    for path, text in _expected(data):
        if spans := [found.span("name") for found in _pattern(name, re.IGNORECASE).finditer(text)]:
            yield path, spans


def with_name(text: str, spans: list[Span], new: str) -> str:
    """Return `text` with `new` at each of the places."""
    for start, end in reversed(spans):
        text = text[:start] + new + text[end:]
    return text


def _pattern(name: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(f"(?P<name>{_bounded(name)})", flags)


def _bounded(name: str) -> str:
    """Return the pattern of a name that is no part of a longer word, an address, a file name or a variable's mark."""
    return rf"(?<![\w/@.\\$-])(?<!\{{\{{){re.escape(name)}(?![\w/@-])(?!\.\w)"


def _said(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for field in _TOLD:
        if isinstance(text := data.get(field), str):
            yield (field,), text
    yield from ((("conversation_starters", n), text) for n, text in texts(data.get("conversation_starters")))
    for field, keys in _PARTS.items():
        for n, item in items(data, field):
            yield from (((field, n, key), item[key]) for key in keys if isinstance(item.get(key), str))


def _expected(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for n, test in items(data, "tests"):
        expect = test.get("expect")
        if isinstance(expect, dict):
            for key in _EXPECTED:
                yield from ((("tests", n, "expect", key, i), text) for i, text in texts(expect.get(key)))
            if isinstance(expect.get("matches"), str):
                yield ("tests", n, "expect", "matches"), expect["matches"]
