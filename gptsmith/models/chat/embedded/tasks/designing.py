"""The words of a new assistant: name, summary, tone, greeting, starters; what it needs; what to ask about it.

The model writes, code decides: what is not of this subject, repeats itself, contradicts the person's rules or invents
is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from gptsmith.models.chat.embedded import language
from gptsmith.models.chat.embedded.tasks import line, prompt
from gptsmith.models.chat.embedded.words import content_stems
from gptsmith.models.chat.local.writer import Writer
from gptsmith.models.embedding import load_embedder

_MOST = 1400  # characters of a description that are shown
_STARTERS = 5
_NEAR = 0.18  # cosine to the description below which a starter is of something else
_SAME = 0.86  # above which two lines say the same
_HOLLOW = re.compile(
    r"\b(?:can you help|help me\??$|i need help|how does this work|what can you do|assist me|tell me more about"
    r" (?:yourself|the assistant)|need (?:any )?help with)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Identity:
    """Who an assistant is to its users."""

    name: str
    about: str
    tone: str
    welcome: str
    starters: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Needs:
    """What a description calls for: words of it that name documents, pictures made or seen, what lies outside."""

    files: str = ""
    draws: bool = False
    sees: bool = False
    outside: str = ""


def write_identity(writer: Writer, idea: str, seed: int = 7) -> Identity:
    """Return name, summary, greeting and starters for a description. Raises as `Writer.write` does."""
    user = f'"\\nUser: " {line(6, 140)} '
    grammar = (
        f'root ::= "Name: " {line(2, 30, _NAME_LETTERS)} "\\nAbout: " {line(10, 180)} '
        f'"\\nTone: " {line(3, 70)} "\\nWelcome: " {line(5, 150)} {user * _STARTERS}'
    )
    text = writer.write(prompt("identity"), _shown(idea), grammar=grammar, tokens=240, temperature=0.2, seed=seed)
    found = _fields(text)
    spoken = language.of(idea)
    welcome = _greeting(_first(found, "Welcome"))
    return Identity(
        name=_first(found, "Name"),
        about=_first(found, "About"),
        tone=_first(found, "Tone"),
        welcome=welcome if language.of(welcome) == spoken or len(welcome.split()) < 4 else "",
        starters=_of_the_subject(found.get("User", []), idea)[:4],
    )


def read_needs(writer: Writer, idea: str) -> Needs:
    """Return what a description calls for; `files` and `outside` stand in it. Raises as `Writer.write` does."""
    grammar = (
        f'root ::= "Files: " {line(3, 90)} "\\nDraws: " ("yes" | "no") "\\nSees: " ("yes" | "no") '
        f'"\\nOutside: " {line(3, 40)}'
    )
    found = _fields(writer.write(prompt("needs"), f"<<{idea[:_MOST]}>>", grammar=grammar, tokens=60))
    return Needs(
        files=_in_the_text(_first(found, "Files"), idea),
        draws=_first(found, "Draws") == "yes",
        sees=_first(found, "Sees") == "yes",
        outside=_in_the_text(_first(found, "Outside"), idea, least=1),
    )


def write_question(writer: Writer, idea: str) -> str:
    """Return the one question whose answer would change this assistant most; "" where it asks what was said."""
    asked = writer.write(prompt("question"), f"<<{idea[:_MOST]}>>", grammar=r'root ::= [^\n?]{10,150} "?"', tokens=60)
    new = set(content_stems(asked)) - set(content_stems(idea)) - _ASKING
    return asked if new and language.of(asked) == language.of(idea) else ""


_ASKING = frozenset(content_stems("What should it do or say when somebody asks the assistant, helper, user, never?"))
_NAME_LETTERS = r"[^\n.,:;!?()\x22\u3000-\u9fff\uac00-\ud7af]"


def _shown(idea: str) -> str:
    return f"Assistant: <<{idea[:_MOST].replace('<<', '«').replace('>>', '»')}>>"


def _fields(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in text.splitlines():
        name, colon, value = row.partition(": ")
        if colon and value.strip():
            found.setdefault(name.strip(), []).append(value.strip())
    return found


def _first(found: dict[str, list[str]], name: str) -> str:
    return found.get(name, [""])[0]


def _greeting(text: str) -> str:
    """Return up to two sentences of a greeting, of them one question at most."""
    kept: list[str] = []
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        if len(kept) == 2 or not sentence.endswith((".", "!", "?")):
            break
        kept.append(sentence)
        if sentence.endswith("?"):
            break
    return " ".join(kept)


def _of_the_subject(lines: list[str], idea: str) -> list[str]:
    """Return the starters that are of the description's subject and ask for something, the nearest first."""
    spoken = language.of(idea)
    whole = [s for s in lines if not _HOLLOW.search(s) and _is_whole(s) and len(s.split()) >= 2]
    whole = [s for s in whole if (len(s.split()) < 5 or language.of(s) == spoken) and not _is_copied(s)]
    if not whole:
        return []
    rows = load_embedder("embedded").encode([idea[:_MOST], *whole])
    near = rows[1:] @ rows[0]
    ranked = [whole[n] for n in np.argsort(-near) if near[n] >= _NEAR]
    return _distinct(ranked)


def _is_copied(text: str) -> bool:
    """Tell whether a line is mostly one of the worked examples, which a small model repeats where it knows nothing."""
    words = set(content_stems(text))
    shown = [row for _, block in prompt("identity").messages for row in block.splitlines() if row.startswith("User:")]
    return bool(words) and any(len(words & set(content_stems(row))) >= 0.5 * len(words) for row in shown)


def _distinct(lines: list[str]) -> list[str]:
    if not lines:
        return []
    rows = load_embedder("embedded").encode(lines)
    kept: list[int] = []
    for n in range(len(lines)):
        if all(rows[n] @ rows[m] < _SAME for m in kept):
            kept.append(n)
    return [lines[n] for n in kept]


def _is_whole(text: str) -> bool:
    """Tell whether a line was not cut by the grammar's length."""
    return text[-1:] in '.!?…)”"' or len(text) < 100


def _in_the_text(words: str, text: str, least: int = 2) -> str:
    """Return `words` as they stand in `text`: whole, or as many of their last words as do; "" when too few do."""
    if words.lower().strip(" .") in ("none", "nothing", "keine", "no", "aucun", "ninguno"):
        return ""
    parts = words.strip(" .").split()
    for start in range(len(parts)):
        tail = parts[start:]
        if len(tail) < min(least, len(parts)):
            break
        match = re.search(r"\b" + r"\W+".join(map(re.escape, tail)) + r"\b", text, re.IGNORECASE)
        if match:
            return match.group()
    return ""
