"""What a test's pattern asks of an answer, in words."""

from __future__ import annotations

import re

from gptsmith.assistants import rule_tests

_FLAGS = re.compile(r"^\(\?[a-z]+\)")
_PLAIN = re.compile(r"(?:[^\\^$.|?*+()\[\]{}]|\\[^\w\s])+")
_ESCAPE = re.compile(r"\\(.)")
_QUESTION = re.compile(r"(?:\\\?|\[\?\])(?:\\[sW][*+]?)?\$")
_SENTENCES = re.compile(r"\^.*?\[\^[.!?\\]+\]\*?\+?.*?\[[.!?\\]+\].*?\)\{(?P<least>\d*),?(?P<most>\d*)\}.*\$")
_WORDS = re.compile(r"\^.*?\\S\+.*?\)\{(?P<least>\d*)(?P<range>,?)(?P<most>\d*)\}(?P<one>\\S\+)?.*\$")


def in_words(pattern: str) -> str:
    """Return what `pattern` asks, to be read after "The answer"; the pattern itself where no words are known for it."""
    if known := rule_tests.in_words(pattern):
        return known
    bare = _FLAGS.sub("", pattern).replace(r"\A", "^").replace(r"\Z", "$")
    if _QUESTION.fullmatch(bare):
        return "ends with a question"
    if found := _SENTENCES.fullmatch(bare):
        return f"has {_range(found['least'], found['most'], 0, 'sentence')}"
    if found := _WORDS.fullmatch(bare):
        return f"has {_range(found['least'], found['most'], 1 if found['one'] else 0, 'word')}"
    begins, ends = bare.startswith("^"), bare.endswith("$") and not bare.endswith(r"\$")
    core = re.sub(r"^\^(?:\\s\*)?|(?:\\s\*)?\$$", "", bare) if begins or ends else bare
    group = re.fullmatch(r"\((?:\?:)?([^()]*)\)", core)
    parts = (group[1] if group else core).split("|")
    if not all(_PLAIN.fullmatch(part) for part in parts):
        return f"fits the pattern {pattern}"
    how = {(True, True): "is", (True, False): "begins with", (False, True): "ends with", (False, False): "holds"}
    said = " or ".join(f"“{_ESCAPE.sub(lambda found: found[1], part)}”" for part in parts)
    return f"{how[begins, ends]} {said}"


def _range(least: str, most: str, more: int, unit: str) -> str:
    low, high = int(least or 0) + more, int(most) + more if most else None
    if high is None or low == high:
        return f"{'at least ' if high is None else ''}{_many(low, unit)}"
    return f"at most {_many(high, unit)}" if low <= 1 else f"{low} to {_many(high, unit)}"


def _many(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
