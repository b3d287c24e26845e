"""What the local model writes about a conversation: a question that stands alone, notes, a title; all of it carried."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence

from gptsmith.models.chat.embedded import words as language
from gptsmith.models.chat.embedded.tasks import line, prompt
from gptsmith.models.chat.embedded.words import content_stems, one_slip_apart
from gptsmith.models.chat.local.writer import Writer
from gptsmith.models.text import split_sentences

# Whether what the model wrote is carried by what it was given: its telling words, numbers and denials.

NOT = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|without|avoid|nicht|kein\w*|nie|niemals|ohne|nunca|sin|ning[uú]n\w*|jamais"
    r"|pas|sans|(?:do|does|did|is|are|was|were|wo|would|ca|could|should|must|has|have|had)nt|cannot)\b|n['’]t\b",
    re.IGNORECASE,
)
"""What denies; not the end of `tent` or `want`."""
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_COMMON = frozenset(
    content_stems(
        "asked asks wants wanted user users person people question questions thing things one do"
        " der die das den dem des ein eine einen einem einer und oder ist sind war hat haben wird werden mit für von zu"
        " zum zur im in am an auf bei aus nach wie was wer wo wann warum welche welcher welches nicht kein keine keinen"
        " ich du er sie es wir ihr mir mich dir dich uns euch mein meine dein deine sein seine auch noch schon nur dann"
        " wenn dass als man kann können soll sollen muss müssen darf gibt es möchte will lieber nutzer"
        " mache macht machen mach tun tue tut kannst könnte können bitte"
        " el la los las un una unos unas de del al y o es son era está están con por para en a que qué cómo cuándo"
        " dónde cuál quién no sí si se me mi tu su lo le les nos ya más muy puede puedo pueden hay tiene usuario quiere"
        " le la les un une des du de et ou est sont était avec pour par en dans sur au aux que qui quoi quel quelle"
        " quand où comment pourquoi ne pas je tu il elle nous vous on mon ma mes ton ta tes son sa ses ce cette ces se"
        " y a ont peut peux puis-je veut utilisateur"
    )
)


def stems(text: str) -> set[str]:
    """Return the stems of the telling words of a text in any of the languages that are spoken here."""
    return set(content_stems(text)) - _COMMON


def apart(text: str, known: str) -> set[str]:
    """Return the telling words of `text` that stand in `known` in no form: inflected, compounded or with a slip."""
    there = stems(known)
    return {word for word in stems(text) - there if not _numeral(word) and not any(_akin(word, w) for w in there)}


def numbers(text: str) -> set[str]:
    """Return the numbers of a text as they are written."""
    return set(_NUMBER.findall(text))


def _numeral(word: str) -> bool:
    return word.isdigit()


def _akin(word: str, other: str) -> bool:
    """Tell whether two stems are forms of one word: `sonntag` and `sonntags`, `kindern` and `kinder`."""
    short, long = sorted((word, other), key=len)
    if len(short) < 4:
        return False
    same = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return same >= max(4, len(short) - 2) or one_slip_apart(word, other)


# A message that leans on what was said before, as a question that stands alone; what it invents is not used.

_MOST_BEFORE = 240  # characters of an earlier question, and of its answer
_MOST_WORDS = 30
_KEPT = 64  # questions: the search and the answer ask for the same one
_MARK = re.compile(r"\s*\[\d+(?:, ?\d+)*\]")
_known: dict[tuple[str, str, str], str] = {}
_guard = threading.Lock()


def stand_alone(writer: Writer, words: str, asked: str, answered: str) -> str:
    """Return `words` with what they lean on put in, of the exchange before them; "" where that does not hold.

    Every telling word of it comes from the message or that exchange, and it denies what the message denies. Raises as
    `Writer.write` does.
    """
    key = (str(writer.engine.model.path), _flat(words), _flat(asked))
    with _guard:
        if key in _known:
            return _known[key]
    before = f"{_flat(asked)[:_MOST_BEFORE]} | {_flat(_MARK.sub('', answered))[:_MOST_BEFORE]}"
    shown = f"Before: {before}\nMessage: {_flat(words)}"
    said = writer.write(prompt("follow"), shown, grammar=f"root ::= {line(4, 200)}", tokens=50)
    found = said if holds(said, words, f"{asked}\n{answered}") else ""
    with _guard:
        if len(_known) >= _KEPT:
            _known.pop(next(iter(_known)))
        _known[key] = found
    return found


def holds(said: str, words: str, before: str) -> bool:
    """Tell whether `said` asks what `words` ask, with words of the conversation `before` and none of its own."""
    new = apart(said, f"{words}\n{before}")
    kept = stems(words) - apart(words, said)
    return (
        0 < len(said.split()) <= _MOST_WORDS
        and not new
        and numbers(said) <= numbers(f"{words}\n{before}")
        and numbers(words) <= numbers(said)
        and 2 * len(kept) >= len(stems(words))
        and bool(NOT.search(words)) <= bool(NOT.search(said))
        and (
            len(words.split()) < 4
            or language.language_of(said) in (language.language_of(words), language.language_of(before))
        )
    )


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")


# What is to be remembered of the part of a conversation that is no longer shown: short notes, each of them checked.

_MOST_SAID = 320  # characters of one message
_MOST_NEW = 0.34  # of the words of a note
_LONGEST = 1200  # characters of all notes


async def write_notes(writer: Writer, before: str, talk: Sequence[tuple[str, str]]) -> str:
    """Return the notes `before` with those of `talk` behind them, pairs of a message and its answer.

    The same text comes back where nothing of what the model says holds. Raises as `Writer.write` does.
    """
    shown = "\n".join(f"User: {_flat_notes(asked)}\nAssistant: {_flat_notes(said)}" for asked, said in talk)
    said = await writer.awrite(prompt("notes"), shown, grammar=f"root ::= {line(10, 420)}", tokens=110)
    notes = [n for n in (s.text.strip() for s in split_sentences(said)) if holds_notes(n, shown) and n not in before]
    return _newest(" ".join([before, *notes]).strip())


def holds_notes(note: str, talk: str) -> bool:
    """Tell whether a note is a whole sentence whose numbers, denials and most words stand in the talk."""
    words = stems(note)
    return (
        note[-1:] in ".!?"
        and bool(words)
        and len(apart(note, talk)) <= _MOST_NEW * len(words)
        and numbers(note) <= numbers(talk)
        and (not NOT.search(note) or bool(NOT.search(talk)))
    )


def _newest(notes: str) -> str:
    """Return as many of the last notes as there is room for."""
    kept: list[str] = []
    for sentence in reversed([s.text.strip() for s in split_sentences(notes)]):
        if sum(map(len, kept)) + len(sentence) > _LONGEST:
            break
        kept.insert(0, sentence)
    return " ".join(kept)


def _flat_notes(text: str) -> str:
    return " ".join(text.split())[:_MOST_SAID]


# The title of a conversation: a few words of its first exchange.

_MOST_SAID_FOR_TITLE = 240  # characters of the message, and of its answer
_LETTERS = r"[^\n.!?:;\x22\u3000-\u9fff\uac00-\ud7af]"
_HOLLOW = re.compile(
    r"^(?:new )?(?:conversation|chat|title|untitled|gespräch|titel|conversación|titre)\b", re.IGNORECASE
)


async def write_title(writer: Writer, message: str, reply: str) -> str:
    """Return two to six words that name what the first exchange is about; "" where they do not hold.

    Raises as `Writer.write` does.
    """
    shown = f"User: {_flat_title(message)}\nAssistant: {_flat_title(reply)}"
    said = await writer.awrite(prompt("title"), shown, grammar=f"root ::= {line(4, 60, _LETTERS)}", tokens=16)
    title = said.strip(" ,-–—'\"“”«»")
    return title[:1].upper() + title[1:] if holds_title(title, message, reply) else ""


def holds_title(title: str, message: str, reply: str) -> bool:
    """Tell whether a title has two to six words, most of them of the exchange, in its language."""
    words = stems(title)
    new = apart(title, f"{message}\n{reply}")
    told = language.language_of(title)
    return (
        2 <= len(title.split()) <= 6
        and not _HOLLOW.match(title)
        and len(words) > len(new)
        and len(new) <= 1
        and numbers(title) <= numbers(f"{message}\n{reply}")
        and (told == "en" or told == language.language_of(message) or told == language.language_of(reply))
    )


def _flat_title(text: str) -> str:
    return " ".join(text.split())[:_MOST_SAID_FOR_TITLE]
