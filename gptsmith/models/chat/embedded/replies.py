"""The words of a reply: quotes with their marks, a short report of a tool's result, a question for what is missing."""

from __future__ import annotations

import json
import re
from typing import Any

from langchain_core.messages import ToolMessage

from gptsmith.errors import GptsmithError
from gptsmith.models.chat.embedded.answer import Candidate, Quote, choose, each_side, nearest, rank
from gptsmith.models.chat.embedded.conversation import Conversation, text_of
from gptsmith.models.chat.embedded.evidence import Encode
from gptsmith.models.chat.embedded.tasks import find_writer
from gptsmith.models.chat.embedded.tasks.chatting import REMARK, say_found
from gptsmith.models.chat.embedded.toolbox import Param, Tool
from gptsmith.models.chat.embedded.words import content_stems
from gptsmith.models.chat.messages import Passage, find_picture_notes, strip_picture_notes, unfence, unfence_result

SILENT = "I looked, but the files do not say"
NEAREST = f"{SILENT} it plainly. The nearest they come:"
CONNECT_TO_BUILD = "I read plain commands; a language model, once connected, understands more."
WHICH_PICTURE = "Which picture do you mean, and could you attach it?"
WHAT_PICTURE = "What should the picture show?"
_ASKING = "Before I can use "
_LIMIT = 700
_SAID = 400  # characters of quotes that a small model can say in its own words
SURE = 0.6
"""The chance from which a sentence is quoted to somebody who asked nothing of the files, or not of the turn before."""
_TIE = 1.0  # of scores: sentences that answer about as well
_HOW_MUCH = re.compile(
    r"\bhow (?:long|many|much|far|tall|high|big|large|wide|deep|heavy|often|old|hot)\b", re.IGNORECASE
)


def quoted(quotes: list[Quote], question: str = "") -> str:
    """Return the quotes in one line of text, each with the number of its passage.

    Where there is a local model and `question` is given, it says them as an answer, as far as that is carried by them.
    """
    plain = " ".join(f"{' '.join(q.text.split())} [{q.id}]" for q in quotes)
    ids = list(dict.fromkeys(q.id for q in quotes))
    writer = find_writer() if question and len(ids) == 1 else None
    found = " ".join(" ".join(q.text.split()) for q in quotes)
    if writer is None or len(found) > _SAID:
        return plain
    try:
        said = say_found(writer, question, found)
    except GptsmithError:  # the quotes are the answer, with or without an engine
        said = ""
    return f"{said.rstrip()} [{ids[0]}]" if said else plain


def ask_for(tool: Tool, missing: tuple[Param, ...]) -> str:
    """Return one sentence that asks for the missing arguments."""
    if tool.kind == "look":
        return WHICH_PICTURE
    if tool.kind == "draw":
        return WHAT_PICTURE
    wants = [_wanted(p) for p in missing]
    listed = wants[0] if len(wants) == 1 else f"{', '.join(wants[:-1])} and {wants[-1]}"
    return f"{_ASKING}{tool.name.replace('_', ' ')}, may I know {listed}?"


def asked_before(reply: str) -> bool:
    """Tell whether our last reply was a question for arguments."""
    return reply.lstrip().startswith(_ASKING) or _ASKING in reply


def _wanted(p: Param) -> str:
    about = re.split(r"(?<=[.;])\s", p.description.strip(), maxsplit=1)[0].rstrip(".;")
    name = p.name.replace("_", " ")
    label = f"the {name}"
    if p.enum:
        return f"{label} ({', '.join(str(v).replace('_', ' ') for v in p.enum[:12])})"
    return f"{label} ({about[:1].lower()}{about[1:120]})" if about and about.lower() != name else label


def report(talk: Conversation, encode: Encode, least: float) -> str:
    """Return a short reply made of the results of the tools that ran; their text is data and is only quoted."""
    parts = [_report_one(m, talk, encode, least) for m in talk.results]
    return "\n\n".join(dict.fromkeys(p for p in parts if p)) or "That is done."


def _report_one(message: ToolMessage, talk: Conversation, encode: Encode, least: float) -> str:
    text = unfence_result(text_of(message))
    before, passages = unfence(text)
    if passages is not None:
        return answer_from(talk.words, passages, encode, least)
    pictures = find_picture_notes(before)
    said = strip_picture_notes(before).strip()
    if message.status == "error":
        return f"That did not work: {_short(said) or 'the tool gave no reason'}"
    if pictures:
        return "Here is your picture." if len(pictures) == 1 else f"Here are your {len(pictures)} pictures."
    return _plain(said)


def answer_from(
    question: str, passages: list[Passage], encode: Encode, least: float, said: str = "", again: str = ""
) -> str:
    """Return the quotes that answer, or the sentence that the files do not say.

    `again` is what is asked now, where `question` is that with the turn before: the answer is to the one that is
    answered best. Sentences that stand in `said` were quoted in the turn before. One of them is quoted once more only
    when it has every word of `again` and nothing new answers as well.
    """
    ranked = rank(question, passages, encode)
    if again and (own := _standing_alone(rank(again, passages, encode), ranked)):
        question, ranked = again, own
    new = [c for c in ranked if not said or c.sentence.text not in said]
    asked = set(content_stems(_HOW_MUCH.sub(" ", again)))
    old = next((c for c in ranked if c not in new and asked <= set(content_stems(c.sentence.text))), None)
    if asked and old and old.chance >= max(least, new[0].chance if new else 0.0):
        return quoted(choose(question, [old], least=least), question)
    if quotes := each_side(question, ranked, passages, encode, least) or choose(question, new, least=least):
        return quoted(quotes, question)
    near = nearest(new)
    return f"{NEAREST} {quoted([near])}" if near else f"{SILENT}."


def _standing_alone(own: list[Candidate], leaning: list[Candidate]) -> list[Candidate]:
    """Return the sentences that answer a question without the turn before; none when they answer worse than with it.

    Of several passages that answer about as well, the one that also fits the turn before is kept: whose keeper is
    meant by "who was its keeper?", only that turn tells.
    """
    if not own or own[0].chance < max(SURE, leaning[0].chance):
        return []
    fits = {(c.passage.id, c.index): c.score for c in leaning}
    tied = [c for c in own if c.score > own[0].score - _TIE]
    best = max(tied, key=lambda c: fits[c.passage.id, c.index])
    rest = [c for c in own if c is not best and (c.passage is best.passage or c not in tied)]
    return [best, *rest]


def _plain(text: str) -> str:
    """Return a tool's result as a line that can be read: JSON as "name: value", anything else as it is."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # most tools answer in words
        return _short(text)
    return _short(_values(value))


def _values(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{str(k).replace('_', ' ')}: {_values(v)}" for k, v in list(value.items())[:20])
    if isinstance(value, list):
        return "; ".join(_values(v) for v in value[:20]) or "nothing"
    return "yes" if value is True else "no" if value is False else "nothing" if value is None else str(value)


def _short(text: str) -> str:
    """Cut a long text at a word, saying so."""
    text = text.strip()
    return text if len(text) <= _LIMIT else f"{text[:_LIMIT].rsplit(' ', 1)[0]} … (cut)"


# The fixed phrases of the embedded model's replies in the languages that its readers speak.

_PHRASES = {
    f"{SILENT}.": {
        "de": "Ich habe nachgesehen, aber in den Dateien steht es nicht.",
        "es": "He mirado, pero los archivos no lo dicen.",
        "fr": "J'ai regardé, mais les fichiers ne le disent pas.",
    },
    NEAREST: {
        "de": "Ich habe nachgesehen, aber in den Dateien steht es nicht deutlich. Am nächsten kommt:",
        "es": "He mirado, pero los archivos no lo dicen con claridad. Lo más cercano:",
        "fr": "J'ai regardé, mais les fichiers ne le disent pas clairement. Le plus proche :",
    },
    WHICH_PICTURE: {
        "de": "Welches Bild ist gemeint? Bitte häng es an.",
        "es": "¿Qué imagen es? Adjúntala, por favor.",
        "fr": "De quelle image s'agit-il ? Joins-la, s'il te plaît.",
    },
    WHAT_PICTURE: {
        "de": "Was soll auf dem Bild zu sehen sein?",
        "es": "¿Qué debe mostrar la imagen?",
        "fr": "Que doit montrer l'image ?",
    },
    REMARK: {
        "de": "Diese Antworten schreibt ein kleines Sprachmodell auf diesem Rechner; es kann sich irren.",
        "es": "Estas respuestas las escribe un pequeño modelo de lenguaje en este ordenador; puede equivocarse.",
        "fr": "Ces réponses sont écrites par un petit modèle de langue sur cet ordinateur ; il peut se tromper.",
    },
}


def spoken(text: str, code: str) -> str:
    """Return a reply with the fixed phrase that it begins with in the language `code`, as far as there is one."""
    for phrase, others in _PHRASES.items():
        if code in others and text.startswith(phrase):
            return others[code] + text[len(phrase) :]
    return text
