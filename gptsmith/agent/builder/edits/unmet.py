"""What could not be done, said to the person: the model is told with paths and fields, the person in plain words."""

from __future__ import annotations

import re

_WHERE = re.compile(r"^changes\[\d+\] \(\w+ [^)]*\): ")
_OP = re.compile(r"^(?:set|add|remove|replace_text) (?P<path>[\w.\[\]\"-]+): (?:(?P=path)\S*: )?")
_UNKNOWN = re.compile(r"^(?:(?P<path>[\w.\[\]]+): )?unknown key\b")
_SAID = (
    (re.compile(r"^the person asks for a change"), "Nothing was taken out, because your message asks for a change."),
    (re.compile(r"^the person means one of"), "Say which one shall go: your message names one, and not all of them."),
    (
        re.compile(r"^set on the instructions is refused"),
        "The instructions are written anew only if you ask for it.",
    ),
    (re.compile(r"^the person answered"), "What was proposed said the opposite of your answer."),
    (re.compile(r"contains .* more than once"), "The words that were meant stand there more than once; say which."),
    (re.compile(r"does not contain"), "The words that were meant are not in the file; say it in the file's own words."),
)


def plainly(problem: str) -> str:
    """Return one problem in words that a person can act on, without the names of operations and keys."""
    text = _WHERE.sub("", problem)
    for pattern, said in _SAID:
        if pattern.search(text):
            return said
    op = _OP.match(text)
    bare = text[op.end() :] if op else text
    unknown = _UNKNOWN.match(bare)
    if unknown:
        name = (unknown["path"] or (op["path"] if op else "")).rsplit(".", 1)[-1]
        return f'An assistant has no setting "{name}".'
    return f"{op['path']}: {bare}" if op else bare
