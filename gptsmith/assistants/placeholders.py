"""The blanks in a description (`${city}`, `${city:Porto}`, `{city}`, `[city]`) and the variables they become."""

from __future__ import annotations

import re
import unicodedata

from pydantic import BaseModel

_DOLLAR = r"\$\{(?P<dollar>[^{}:\n]{1,60})(?::(?P<default>[^{}\n]{0,300}))?\}"
_CURLY = r"(?<![\w{$])\{(?P<curly>[^\W\d_][\w \-]{0,40})\}(?!\})"
_SQUARE = r"(?<![\w\]!])\[(?P<square>[a-z][a-z0-9 _\-]{1,40})\](?![\(\[:])"
_DOUBLE = r"\{\{(?P<double>[a-z][a-z0-9_]*)\}\}"
_BLANK = re.compile("|".join((_DOLLAR, _DOUBLE, _CURLY, _SQUARE)))
# A bracket that shows a form ("in the format: [mapped bullet]") or a sign ("inside curly brackets {like this}").
_SHOWN = re.compile(r"\b(format|template|brackets?|braces?|form)\b", re.IGNORECASE)
_OF_THE_PERSON = (
    r"(?:^|[.!?\n] *)((?:My|Our|I|We|The) [^.!?{{}}\n]{{1,60}}\{{\{{{name}\}}\}}[^.!?{{}}\n]{{0,40}})(?=[.!?\n]|$)"
)


class Blank(BaseModel):
    """A blank that the person fills in: `label` as they wrote it, `name` fit for `{{name}}`."""

    name: str
    label: str
    description: str = ""
    default: str | None = None


def fill_blanks(text: str) -> tuple[str, list[Blank]]:
    """Return `text` with every blank written as `{{name}}`, and the blanks in order of appearance.

    A bracket that only shows a format stays as it is; `${...}` is always a blank.
    """
    blanks: dict[str, Blank] = {}
    out, at = [], 0
    for match in _BLANK.finditer(text):
        out.append(text[at : match.start()])
        at = match.end()
        blank = _blank(match, text)
        if blank is None:
            out.append(match.group(0))
            continue
        known = blanks.setdefault(blank.name, blank)
        known.default = known.default if known.default is not None else blank.default
        out.append("{{" + blank.name + "}}")
    out.append(text[at:])
    filled = "".join(out)
    for blank in blanks.values():
        blank.description = _described(filled, blank)
    return filled, list(blanks.values())


def plain(text: str, blanks: list[Blank]) -> str:
    """Return `text` with each `{{name}}` as its default or label, for fields that take no variables."""
    for blank in blanks:
        text = text.replace("{{" + blank.name + "}}", blank.default or blank.label)
    return text


def variable_name(label: str) -> str:
    """Return `label` in lower_case_with_underscores; empty when nothing of it can be used."""
    ascii_only = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", ascii_only)
    return re.sub(r"[^a-z0-9]+", "_", snake.lower()).strip("_").lstrip("_0123456789")[:40].strip("_")


def _blank(match: re.Match[str], text: str) -> Blank | None:
    groups = match.groupdict()
    label = (groups["dollar"] or groups["double"] or groups["curly"] or groups["square"]).strip()
    name = variable_name(label)
    if groups["dollar"]:
        return Blank(name=name or "value", label=_spaced(label), default=groups["default"])
    if not name or (not groups["double"] and _is_shown(match, text)):
        return None
    # "{Android}" is a value that stands in a blank: it is its own default.
    default = label if groups["curly"] and label[0].isupper() else None
    return Blank(name=name, label=_spaced(label), default=default)


def _is_shown(match: re.Match[str], text: str) -> bool:
    start = max(text.rfind("\n\n", 0, match.start()), text.rfind(". ", 0, match.start()), 0)
    in_list = re.search(r"(^|\n)\s*[-*]\s*$", text[: match.start()]) and text[match.end() : match.end() + 1] in (
        "\n",
        "",
    )
    return bool(in_list or _SHOWN.search(text[start : match.start()]) or len(match.group(0).split()) > 4)


def _described(filled: str, blank: Blank) -> str:
    line = re.search(r"^\W*\{\{" + blank.name + r"\}\}\s+(?:[-–—:]|for)\s+(\S.*)$", filled, re.MULTILINE)
    if line:
        return line.group(1).strip()[:200]
    told = re.search(_OF_THE_PERSON.format(name=blank.name), filled)  # "My experience is {{years}} years."
    return told.group(1).replace("{{" + blank.name + "}}", "…").strip()[:200] if told else ""


def _spaced(label: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", label).replace("_", " ").lower() if label.isidentifier() else label
