"""YAML 1.2 as specs are written in it: what a plain text means, and the parser's complaints in plain words."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml
from yaml.tokens import ScalarToken

from gptsmith.assistants.format.problems import show

# The YAML 1.2 core schema: what a text without quotes means.

_INT = re.compile(r"[-+]?[0-9]{1,400}\Z")
_OCTAL = re.compile(r"0o[0-7]{1,400}\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,400}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)\Z")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}


def plain_value(text: str) -> Any:
    """Return what a plain (unquoted) scalar means in the YAML 1.2 core schema; ValueError for an absurd number."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _INT.match(text):
        return int(text)
    if _OCTAL.match(text):
        return int(text[2:], 8)
    if _HEX.match(text):
        return int(text[2:], 16)
    if _FLOAT.match(text):
        return _float(text)
    infinite = _INFINITE.match(text)
    if infinite:
        return -math.inf if infinite.group(1) == "-" else math.inf
    return text


def _float(text: str) -> float:
    number = float(text)
    if len(text) > 400 or math.isinf(number):
        raise ValueError("a number out of range")
    return number


# PyYAML's pure-Python loader with the plain texts of YAML 1.2: inside `{ }` and `[ ]` a text may hold a `?`.

_END = "\0 \t\r\n\x85\u2028\u2029"


class Loader(yaml.SafeLoader):
    """Gives events as `yaml.parse` asks for them; it constructs nothing here."""

    def scan_plain(self) -> Any:
        """Scan a text without quotes: PyYAML's own method less its rule that `?` ends a text in flow context."""
        scanner: Any = self  # PyYAML's scanner has no type hints for these
        chunks: list[str] = []
        start = end = scanner.get_mark()
        indent = scanner.indent + 1
        spaces: list[str] | None = []
        while scanner.peek() != "#":
            length = self._plain_length(scanner)
            if length == 0:
                break
            scanner.allow_simple_key = False
            chunks.extend(spaces or [])
            chunks.append(scanner.prefix(length))
            scanner.forward(length)
            end = scanner.get_mark()
            spaces = scanner.scan_plain_spaces(indent, start)
            if not spaces or scanner.peek() == "#" or (not scanner.flow_level and scanner.column < indent):
                break
        return ScalarToken("".join(chunks), True, start, end)

    @staticmethod
    def _plain_length(scanner: Any) -> int:
        after_colon = _END + (",[]{}" if scanner.flow_level else "")
        length = 0
        while True:
            character = scanner.peek(length)
            if character in _END or (character == ":" and scanner.peek(length + 1) in after_colon):
                return length
            if scanner.flow_level and character in ",[]{}":
                return length
            length += 1


# PyYAML's complaints in plain words, with a fix for the usual mistakes.


def explain(error: yaml.MarkedYAMLError) -> tuple[str, str, bool]:
    """Return message and hint for a PyYAML error, and whether the fault is where the thing opened."""
    problem = error.problem or error.context or "not valid YAML"
    if "<stream end>" in problem and "expected ','" not in problem:
        return "the file ends in the middle of a value", "close the open bracket or quote", True
    for fragment, message, hint in _SYNTAX:
        if fragment in problem:
            return message, hint, any(word in message for word in ("not closed", "never closed", "this key"))
    return f"not valid YAML ({show(problem, 80)})", "", False


_SYNTAX = (
    (r"found character '\t' that cannot start any token", "a tab cannot stand here", "use blanks"),
    (
        "mapping values are not allowed",
        "a ': ' inside a value, or a line indented too far",
        "put the text in quotes, or indent the line like its neighbours",
    ),
    ("could not find expected ':'", "a ':' is missing behind this key", "write key: value, with a blank"),
    ("expected <block end>, but found '<scalar>'", "this text belongs to no key", "put all of the value in quotes"),
    ("expected <block end>", "the indentation does not fit the lines above", "indent it like its neighbours"),
    ("did not find expected key", "the indentation does not fit the lines above", "indent it like its neighbours"),
    ("found unexpected end of stream", "a quote is opened and never closed", "close it with the same quote"),
    ("found unexpected document separator", "a quote is opened and never closed", "close it with the same quote"),
    ("expected ',' or ']'", "a list in [ ] is not closed, or lacks a comma", "write [one, two]"),
    ("expected ',' or '}'", "an object in { } is not closed, or lacks a comma", "write {key: value, key: value}"),
    (
        "found unknown escape character",
        "an unknown escape in double quotes",
        "double the backslash or use single quotes",
    ),
    ("expected escape sequence", "an escape in double quotes is cut short", "write 4 hexadecimal digits behind \\u"),
    (
        "expected '<document start>'",
        "the value ended before this",
        "remove what follows it, or put all of it in quotes",
    ),
    ("expected the node content", "a value is missing before this", "write it, or remove the comma or colon"),
    ("that cannot start any token", "this character cannot start a value", "put the value in quotes"),
    ("sequence entries are not allowed", "a list cannot start here", "put the - on a line of its own"),
    ("found undefined tag handle", "tags (!) are refused", "put the value in quotes"),
    ("expected alphabetic or numeric character", "text that starts with %, & or * needs quotes", "put it in quotes"),
)
