"""What the local model says: free answers in the assistant's role, and a found sentence as an answer."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import replace

from gptsmith.models.chat.embedded import words
from gptsmith.models.chat.embedded import words as language
from gptsmith.models.chat.embedded.conversation import Conversation
from gptsmith.models.chat.embedded.manners import dress, read_manners, spared
from gptsmith.models.chat.embedded.tasks import line, prompt
from gptsmith.models.chat.embedded.words import content_stems
from gptsmith.models.chat.local.writer import Message, Writer, Written
from gptsmith.models.embedding import load_embedder
from gptsmith.models.text import split_sentences

# A sentence that was found in a file, said as an answer to the question; what it adds or turns round is not shown.

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<![.!?…:]\s)(?<!^)\b[A-ZÀ-Ý][\w'’-]+")
_NOT = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|without|neither|nor|cannot|except|unless|only|nicht|kein\w*|nie|ohne|nur|pas"
    r"|jamais|sans|sin|nunca|ningun\w*|solo|sólo)\b|n['’]t\b",
    re.IGNORECASE,
)
_JUDGED = re.compile(r"^(?:yes|no|ja|nein|oui|non|sí|si)\b[,.!:]?\s*", re.IGNORECASE)  # the reader judges better
_MOST_NEW = 1  # words of a clause that the file has not


def say_found(writer: Writer, question: str, found: str) -> str:
    """Return `found` said as an answer to `question`, or "" where what the model says is not carried by `found`.

    Raises as `Writer.write` does.
    """
    grammar = f"root ::= {line(2, 40 + len(found) * 3 // 2)}"
    said = writer.write(prompt("saying"), f"Question: {question}\nFound: {found}", grammar=grammar, tokens=120)
    said = _JUDGED.sub("", said)
    said = said[:1].upper() + said[1:]
    return said if is_carried(said, question, found) else ""


def is_carried(said: str, question: str, found: str) -> bool:
    """Tell whether each clause of `said` is carried by a sentence of `found`.

    Every number and name of it stands in that sentence, it denies what that one denies, and it has no word of the
    question that `found` has not: a season ticket that is asked for is not the day ticket that was found.
    """
    if not said or language.language_of(said) != language.language_of(found):
        return False
    sources = [s.text for s in split_sentences(found)] or [found]
    known, asked = set(content_stems(found)), set(content_stems(question))
    clauses = [c for s in split_sentences(said) for c in s.text.split(";") if c.strip()]
    words = set(content_stems(said))
    return not (words & asked) - known and all(_stands_on(c, sources, known) for c in clauses)


def _stands_on(clause: str, sources: list[str], known: set[str]) -> bool:
    words = set(content_stems(clause))
    best = max(sources, key=lambda source: len(words & set(content_stems(source))))
    return (
        bool(words & set(content_stems(best)))
        and set(_NUMBER.findall(clause)) <= set(_NUMBER.findall(best))
        and all(name.casefold() in best.casefold() for name in _NAME.findall(clause))
        and bool(_NOT.search(clause)) == bool(_NOT.search(best))
        and len(words - known) <= _MOST_NEW
    )


# Free answers in the assistant's role, streamed: what no file and no tool answers.

REMARK = "A small language model on this machine writes these answers; it can be wrong."
_MOST_ROLE = 1800  # characters of the description and instructions that are shown
_MOST_SAID = 700  # characters of an earlier message
TURNS = 6
"""Exchanges that the model is shown."""
_TOKENS = 380
_HELD = 48  # characters that are looked at before any is shown
_HEADING = re.compile(r"^#+\s*", re.MULTILINE)
_RULE = re.compile(
    r"\b(?:never|always|only|as long as|every|each|ends?|begins?|starts?|at most|no more|must|may not|should not|cannot"
    r"|do not|(?:don|can|mustn|shouldn)['’]t|immer|nie(?:mals)?|nur|solange|jamais|toujours|siempre|nunca|solo|first"
    r"|one \w+ at a time|words?|sentences?|short)\b",
    re.IGNORECASE,
)
_OF_IT = re.compile(
    r"^(?:it|he|she|the (?:assistant|bot|helper)) (?:must|should|may|can|shall|has to|needs to|is to)"
    r"(?:(?P<never> not| never|not|n?['’]t)\b|(?= ))\s+(?:be allowed to )?",
    re.IGNORECASE,
)
_SHORTER = re.compile(
    r"\b(?:shorter|shorten|too long|more briefly|kürzer|zu lang|más corto|más breve|plus court|trop long)\b",
    re.IGNORECASE,
)
_LACKS = re.compile(r"\bAs long as (?P<what>.{3,80}?) is not attached, say that you do not have it yet\b")
_LACKING = {
    "de": "Die Unterlagen dafür habe ich noch nicht, deshalb kann ich das nicht nachsehen.",
    "es": "Todavía no tengo los documentos para eso, así que no puedo consultarlo.",
    "fr": "Je n'ai pas encore les documents pour cela, je ne peux donc pas vérifier.",
}
_NEAR = 0.2  # cosine of a message to what is said of the document from which it asks for that
_ASKS_BACK = "Give the answer first, then ask one question about it."
_IN_ITS_LANGUAGE = {
    "de": "Antworte auf Deutsch.",
    "fr": "Réponds en français.",
    "es": "Responde en español.",
    "it": "Rispondi in italiano.",
    "pt": "Responde em português.",
    "nl": "Antwoord in het Nederlands.",
}
_SERVANT = re.compile(
    r"^(?:certainly|of course|sure|absolutely|great)?[!.,]?\s*how (?:can|may) i (?:help|assist) you[^?]*\?",
    re.IGNORECASE,
)


def answer(writer: Writer, talk: Conversation) -> Written:
    """Return the answer to the last message in pieces. Raises as `Writer.stream` does.

    The beginning is held back and looked at: an answer in another language than the message is begun once more.
    """
    return Written(lambda written: _pieces(writer, talk, written))


def _pieces(writer: Writer, talk: Conversation, written: Written) -> Generator[str, None, None]:
    manners = read_manners(talk.role.instructions)
    if what := lacking(talk):
        said = _LACKING.get(words.language_of(talk.words), f"I do not have {what} yet, so I cannot look that up.")
        yield dress(said, replace(manners, asks_back=False))
        return
    spoken = words.language_of(talk.words)
    pieces = _begun(writer, talk, spoken, written)
    said = ""
    if manners.first:
        said = f"{manners.first} "
        yield said
    for piece in pieces:
        if piece := spared(piece, manners):
            said += piece
            yield piece
    whole = dress(said.rstrip(), manners)
    if whole.startswith(said.rstrip()) and len(whole) > len(said.rstrip()):
        yield whole[len(said.rstrip()) :]


def lacking(talk: Conversation) -> str:
    """Return the document that the message asks for and the instructions say is not there; empty for any other.

    A small model that is told to say so makes up what would stand in it.
    """
    lacks = _LACKS.search(talk.role.instructions)
    if lacks is None or talk.role.files or talk.passages or not (told := set(content_stems(talk.words))):
        return ""
    named = lacks["what"].split()[-1].casefold()
    lines = [row.strip("- ") for row in talk.role.instructions.splitlines()]
    about = " ".join(row for row in lines if named in row.casefold() and not _LACKS.search(row))
    asked, held = load_embedder("embedded").encode([talk.words, about or talk.role.description])
    return lacks["what"] if told & set(content_stems(about)) or float(asked @ held) >= _NEAR else ""


def messages_for(talk: Conversation, remind: str = "") -> list[Message]:
    """Return what the model is shown: the worked examples, the last turns, the role beside the newest message."""
    role = role_text(talk)
    shown = prompt("talk").fixed()
    for turn in talk.earlier[-TURNS:]:
        if turn.words and turn.reply:
            shown.append({"role": "user", "content": turn.words[:_MOST_SAID]})
            shown.append({"role": "assistant", "content": turn.reply[:_MOST_SAID]})
    rules = _reminders(f"{talk.role.description}\n{talk.role.instructions}")
    remind = remind or _IN_ITS_LANGUAGE.get(words.language_of(talk.words), "")
    asked = _ASKS_BACK if read_manners(talk.role.instructions).asks_back else ""
    behind = "\n".join(f"({text})" for text in (rules, asked, remind) if text)
    noted = f"Known from before: {talk.notes}\n" if talk.notes else ""
    shown.append({"role": "user", "content": f"<<{role}>>\n{noted}{_asked(talk)}\n{behind}".strip()})
    return shown


def _asked(talk: Conversation) -> str:
    """Return the message; one that asks for the last answer in fewer words says which, and how many.

    A small model writes the same again where it has to look it up.
    """
    last = next((turn.reply for turn in reversed(talk.earlier) if turn.reply), "")
    length = len(last.split())
    if length < 12 or not _SHORTER.search(talk.words):
        return talk.words
    return f"{talk.words}\nWrite this again in at most {max(8, length // 2)} words:\n{last[:_MOST_SAID]}"


def role_text(talk: Conversation) -> str:
    """Return who the assistant is, in one block that a small model can hold."""
    told = _HEADING.sub("", talk.role.instructions)
    told = re.sub(r"\n{2,}", "\n", told).strip()
    about = f"{talk.role.name}. {talk.role.description}".strip(". ")
    text = told if talk.role.description and talk.role.description in told else f"{about}. {told}"
    return text[:_MOST_ROLE].replace("<<", "«").replace(">>", "»")


def _begun(writer: Writer, talk: Conversation, spoken: str, written: Written) -> Iterator[str]:
    again = f"Do not repeat the message: do your work. Answer in {words.name_of(spoken)}."
    for attempt, remind in enumerate(("", again)):
        shown, fixed = messages_for(talk, remind), prompt("talk")
        pieces = writer.stream(shown, prompt=fixed, tokens=_TOKENS, temperature=0.3, seed=1 + attempt)
        held = ""
        for piece in pieces:
            held += piece
            if len(held) >= _HELD:
                break
        if attempt == 0 and (_is_off(held, spoken) or _echoes(held, talk.words)):
            pieces.close()
            continue
        yield held.lstrip()
        yield from pieces
        written.finish = pieces.finish
        return


def _is_off(begun: str, spoken: str) -> bool:
    """Tell whether an answer begins in another language, or offers help instead of giving it."""
    if _SERVANT.match(begun.lstrip()):
        return True
    return len(begun.split()) >= 6 and words.language_of(begun) != spoken


def _echoes(begun: str, message: str) -> bool:
    """Tell whether an answer says the message back instead of doing what it asks for."""
    said = set(content_stems(begun))
    return len(said) >= 3 and said <= set(content_stems(message)) and not begun.rstrip().endswith("?")


def _reminders(instructions: str) -> str:
    """Return the rules of the instructions that hold for every answer, in their own words."""
    lines = [line.strip("-* ").strip() for line in instructions.splitlines()]
    rules = [_told(s.strip()) for line in lines for s in re.split(r"(?<=[.!?])\s+", line) if _RULE.search(s)]
    text = " ".join(list(dict.fromkeys(rules))[:5])
    return f"Remember: {text[:400]}" if text else ""


def _told(rule: str) -> str:
    """Return a rule about the assistant as an order to it: a small model repeats what is said of somebody else."""
    order = _OF_IT.sub(lambda m: "Do not " if m["never"] else "", rule)
    return order if order == rule else order[:1].upper() + order[1:]
