"""What a command asks for beyond doubt: a field that is named and what it becomes, an absolute rule."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.edits.commands import Command
from gptsmith.models.chat.embedded.edits.values import has

CERTAIN = 0.97
"""How likely a kind is that is named."""
_DROPS = r"drop|remove|delete|take|scrap|lose|without|no|cut|get rid|rid|kill|bin|out"
_FIELDS = (
    ("description", r"description|tag ?line"),
    ("welcome_message", r"welcome(?: message)?|greeting|opening line"),
    ("disclaimer", r"disclaimer|small print"),
)
_SETTINGS = (
    ("limits", r"max_iterations|max_tool_calls|tool calls|iterations|timeout(?:_seconds)?"),
    ("memory", r"max_messages"),
    ("model", r"temperature|max_tokens|top_p"),
    ("knowledge_set", r"mode (?:to |= ?|is )?(?:always|auto)|top_k"),
)
_ABSOLUTE = re.compile(
    r"^(?:(?:never|always|don['’]?t ever|do not|it (?:must|should) (?:never|always))\b"
    r"|(?:if|when(?:ever)?|for (?:every|each)) [^,]{3,60}, (?!(?:it|that|this|we|i|people|they)\b))",
    re.IGNORECASE,
)


def exact_kind(said: Command) -> str:
    """Return the kind of change that the words name themselves; empty where that takes more than the words."""
    text = said.open.strip()
    if said.values and not has(_DROPS, text):
        named = [kind for kind, words in _FIELDS if has(words, text)]
        if len(named) == 1 and len(said.values) == 1 and not has(r"rule|test|starter", text):
            return named[0]
        if re.match(r"(?:(?:please )?(?:add|put)? ?(?:an?|the)? ?(?:new |another )?)?(?:starter|suggestion)s?\b", text):
            return "" if has(r"instead|replace|change|become", text) else "starter_add"
    pages = [value for value in said.values if value.startswith(("http://", "https://"))]
    if (pages or _names_a_file(said)) and not has(rf"{_DROPS}|not|don['’]t|never|test|rule", text):
        return "knowledge_add"
    if has(r"tests?", text) and has(r"instead of|rather than|not", text) and re.search(r"\d", text):
        return "test_set"
    settings = [kind for kind, words in _SETTINGS if has(words, text)]
    if len(settings) == 1 and (re.search(r"\d", text) or settings[0] == "knowledge_set"):
        return settings[0]
    return "rule_add" if _ABSOLUTE.match(text) and not said.values else ""


def _names_a_file(said: Command) -> bool:
    low = said.said.lower()
    return any(file.rstrip("/").rsplit("/", 1)[-1].lower() in low for file in said.files)
