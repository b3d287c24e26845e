"""PyYAML's complaints in plain words, with a fix for the usual mistakes."""

from __future__ import annotations

import yaml

from gptsmith.assistants.wording import shown


def explain(error: yaml.MarkedYAMLError) -> tuple[str, str, bool]:
    """Return message and hint for a PyYAML error, and whether the fault is where the thing opened."""
    problem = error.problem or error.context or "not valid YAML"
    if "<stream end>" in problem and "expected ','" not in problem:
        return "the file ends in the middle of a value", "close the open bracket or quote", True
    for fragment, message, hint in _SYNTAX:
        if fragment in problem:
            return message, hint, any(word in message for word in ("not closed", "never closed", "this key"))
    return f"not valid YAML ({shown(problem, 80)})", "", False


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
