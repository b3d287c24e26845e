"""A new assistant from a description: written by the local model, decided by code; without one, in the person's words.

What holds for every model (rules word for word, nothing invented, tests) is the builder's, behind this.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from gptsmith.agent.builder.composing import needs as picture_needs
from gptsmith.agent.builder.composing.draft_of_thread import compose_thread
from gptsmith.agent.builder.composing.interview import next_question
from gptsmith.agent.builder.composing.needs import TONGUES
from gptsmith.agent.builder.composing.subject import sentence as as_sentence
from gptsmith.agent.builder.draft.guards import given_name
from gptsmith.agent.builder.language.answers import Draft, DraftKnowledge, DraftTool, DraftVariable, Missing
from gptsmith.agent.builder.language.description import (
    DescribedSentence,
    clauses_of,
    first_request,
    is_first_request,
    is_rule,
    language,
    rules_of,
    split,
)
from gptsmith.agent.builder.language.mentions import Blank, fill_blanks, named_documents, variable_name, without_blanks
from gptsmith.agent.builder.language.requests import BuildRequest, read_request, read_thread_request
from gptsmith.assistants.format.spec import tool_class
from gptsmith.errors import GptsmithError
from gptsmith.models.chat.drafting import Drafting
from gptsmith.models.chat.embedded.arguments import not_supported, register_composer
from gptsmith.models.chat.embedded.tasks import designing, find_writer
from gptsmith.models.chat.embedded.words import content_stems, word_set
from gptsmith.models.chat.local.writer import Writer

_OPENING = re.compile(  # what is said to the builder, before what the assistant is
    r"^\W*(?:(?:hey|hi|hello|please|so|ok|(?:can|could|would) (?:you|u)"
    r"|i(?:['’]d)? (?:want|need|would like|like|am looking for)|build|create|make|design|help"
    r"|me|us|him|her|them|you to|to|have"
    r"|you(?:['’]re| are)|(?:act|behave|work|serve) (?:as|like)|pretend to be"
    r"|something|somebody|smth|a thing|an? (?:assistant|bot|chatbot)"
    r"|hallo|guten tag|bitte|ich (?:will|möchte|brauche|hätte gern(?:e)?)|(?:mach|bau) (?:mir|uns)"
    r"|(?:einen?|ein) (?:assistent(?:en)?|bot|helfer)|hola|buenos días|quiero|necesito|quisiera|por favor"
    r"|un (?:asistente|ayudante|bot)|bonjour|salut|je (?:voudrais|veux|cherche)|s['’]il (?:te|vous) plaît"
    r"|un(?:e)? (?:assistant(?:e)?|aide))\b[\s,!]*)+"
    r"(?:(?:that|who|which|for|der|die|das|für|que|para|qui|pour)\b\s*)?",
    re.IGNORECASE,
)
_ASKED_OF_US = re.compile(
    r"\W*(?:\w+,? )?(?:can|could|would|will|kannst|könntest|puedes|podrías) (?:you|u|du|tú)\b", re.IGNORECASE
)
_ARTICLE = re.compile(r"(?:an?|the|somebody|someone)\b", re.IGNORECASE)
_OWN = re.compile(r"(?:i|we|my|our)\b(?!/)", re.IGNORECASE)
_ONESELF = re.compile(r"\b(?:ich|mir|mich|wir|uns|yo|quiero|necesito|quisiera|je|nous|j['’])\b", re.IGNORECASE)
_GREETING = re.compile(r"^\W*(?:hallo|guten tag|hola|buenos días|bonjour|salut|ciao|olá)\b[\s,!.]*", re.IGNORECASE)
_IS_ONE = re.compile(r"\b(?:as|like|be|are)\W*$", re.IGNORECASE)  # "act as my mentor": the mentor is meant
_WITHOUT = "As long as {what} is not attached, say that you do not have it yet, and make up nothing that stands in it."
_ITS_OWNER = re.compile(r"^(?:my|our|their|his|her|the|a|an|some)\s+", re.IGNORECASE)
_FEWEST = 3  # starters; where fewer of the model's hold, code's own are put behind them
_SMALL = frozenset(
    word_set(
        "a an the my our your for of to in on about with and or that which who is are it i we you me"
        " für der die das den ein eine einen und von mit para el la los las un una de por que le les des du pour avec"
    )
)


@register_composer(Draft)
def compose_request(messages: Sequence[BaseMessage], drafting: Drafting | None = None) -> Draft:
    """Return the draft for the last request among `messages`. Raises NotSupported when none of them asks for one."""
    for message in reversed(messages):
        content = getattr(message, "content", "")
        if not isinstance(content, str):
            continue
        if (request := read_request(content)) is not None:
            return compose_draft(request, drafting)
        if (conversation := read_thread_request(content)) is not None:
            return compose_thread(conversation)
    raise not_supported("design an assistant without the builder's request")


def compose_draft(request: BuildRequest, drafting: Drafting | None = None) -> Draft:
    """Return a complete draft for `request`, never empty, for a text in any language.

    Code's own is shown to `drafting` at once, then each part of the model's as it is written.
    """
    drafting = drafting or Drafting()
    text, blanks = fill_blanks(request.description)
    parts = [s for s in split(text) if s.section != "variables"]
    idea = without_blanks(text, [b.model_copy(update={"default": None}) for b in blanks])
    told = [rest for s in parts if (rest := _told(s))]
    draft = _in_own_words(told, idea, text)
    draft.emphasis = list(dict.fromkeys(rule for s in parts if is_rule(s) for rule in _rules(s)))
    draft.variables = [_variable(b) for b in blanks]
    draft.question = next_question([request.description]) if language(idea) == "en" else ""
    draft.knowledge = _attached(request.files)
    needs = designing.Needs()
    if (writer := find_writer()) is not None:
        drafting.show(draft.model_copy(deep=True))
        try:
            _write(writer, draft, told, idea, drafting)
            if not drafting.stopped:
                needs = designing.read_needs(writer, idea)
            if not drafting.stopped:
                draft.question = designing.write_question(writer, idea) or draft.question
        except GptsmithError:  # what is written so far is a draft already
            pass
    _add_needs(draft, needs, request, idea)
    return draft


def _rules(stated: DescribedSentence) -> list[str]:
    """Return the rules of a sentence as the person wrote them: of an order to the builder only the clauses that bind,
    else the sentence, or sentences where it holds several.
    """
    if _is_order(stated):
        return [as_sentence(clause) for clause in clauses_of(stated.text)]
    found = rules_of(stated)
    return found if len(found) == 1 else [as_sentence(rule) for rule in found]


def _told(stated: DescribedSentence) -> str:
    """Return what a sentence tells of the assistant beside its rules; "" for one that is a rule alone."""
    if is_first_request(stated.text):
        return ""
    if not is_rule(stated):
        return stated.text
    if not _is_order(stated):
        return ""
    start = min(stated.text.find(clause) for clause in clauses_of(stated.text))
    return re.sub(r"[\s,;:–—-]*(?:\b(?:and|but|und|y|et))?[\s,;:–—-]*$", "", stated.text[:start])


def _is_order(stated: DescribedSentence) -> bool:
    """Tell whether a sentence orders an assistant and only ends with a rule: `make me a quiz, no trick questions`."""
    clauses = clauses_of(stated.text)
    start = stated.text.find(clauses[0])
    said = stated.text
    orders = _OPENING.match(said) or _OWN.match(said)
    return bool(orders) and stated.section == "text" and not stated.item and len(said[:start].split()) >= 4


def _in_own_words(told: list[str], idea: str, text: str) -> Draft:
    """Return the draft that code makes: the person's words, put in order, in set phrases of their language."""
    tongue = TONGUES.get(language(idea), TONGUES["en"])
    first = _CALLED.sub(lambda found: "" if found["does"] else "A helper ", _opened(told[0] if told else idea))
    about = _shortened(first[:1].upper() + first[1:], 200)
    name = given_name(text) or _short_name(first)
    asked = first_request(text)
    described = tongue.described.format(text=_shortened(" ".join(told) or text, 2000))
    return Draft(
        name=name,
        description=about or name,
        role=f"{tongue.role.format(name=name)} {described}",
        clarify=tongue.clarify,
        tone=tongue.tone,
        welcome_message=tongue.welcome.format(name=name),
        conversation_starters=[*([asked] if asked else []), *tongue.starters][:4],
    )


def _write(writer: Writer, draft: Draft, told: list[str], idea: str, drafting: Drafting) -> None:
    """Put the model's words into `draft`, each only where it holds; what the person told stays, word for word."""
    code = language(idea)
    asked = first_request(idea)
    starters = [asked] if asked else []
    with contextlib.closing(designing.write_identity(writer, idea)) as parts:
        for part in parts:
            if part.name == "name":
                draft.name = part.text
                draft.role = _role(told[0] if told else draft.description, draft.name, code)
                draft.guidelines = [as_sentence(_opened(s)) for s in told[1:12] if not _is_said(s, draft.role)]
                draft.welcome_message = TONGUES.get(code, TONGUES["en"]).welcome.format(name=draft.name)
            elif part.name == "about":
                draft.description = _shortened(part.text, 200)
            elif part.name == "tone":
                draft.tone = part.text
            elif part.name == "welcome":
                draft.welcome_message = part.text
            elif part.name == "starter" and not (asked and _is_said(part.text, asked)):
                starters.append(part.text)
                draft.conversation_starters = starters[:4]
            drafting.show(draft.model_copy(deep=True))
            if drafting.stopped:
                return
    if len(starters) < _FEWEST and code in TONGUES:
        draft.conversation_starters = [*starters, *TONGUES[code].starters][:_FEWEST]


def _role(told: str, name: str, code: str) -> str:
    """Return who the assistant is as it is told; its name stands in the system message and may change."""
    who = _opened(told)
    if code != "en":
        tongue = TONGUES.get(code, TONGUES["en"])
        role, said = tongue.role.format(name=name), _GREETING.sub("", told).strip()
        return f"{role} {tongue.described.format(text=said)}" if _ONESELF.search(said) else f"{role} {said}"
    if _ARTICLE.match(who) or (_OWN.match(who) and _IS_ONE.search(told[: len(told) - len(who)])):
        return f"You are {who[:1].lower()}{who[1:]}"
    if _OWN.match(who):  # the person tells of themselves, and nobody is to be taken for them
        return f"You are here for this: “{who[:1].upper()}{who[1:].rstrip('.')}.”"
    return f"Your work: {who[:1].lower()}{who[1:]}"


def _opened(text: str) -> str:
    """Return a description without the words that order it; all of it where nothing else is left."""
    rest = _OPENING.sub("", text).strip()
    if _ASKED_OF_US.match(text):
        rest = rest.rstrip("? ")
    return rest if len(rest.split()) > 1 else text.strip()


def _is_said(sentence: str, text: str) -> bool:
    """Tell whether every telling word of a sentence stands in `text`."""
    return set(content_stems(sentence)) <= set(content_stems(text))


def _attached(names: list[str]) -> list[DraftKnowledge]:
    """Return the attached files as one source, named after the file when it is one; a folder stands for its files."""
    folders = tuple(name for name in names if name.endswith("/"))
    files = [name for name in names if name in folders or not name.startswith(folders)]
    if not files:
        return []
    stem = files[0].rstrip("/").split("/")[-1].rsplit(".", 1)[0] if len(files) == 1 else "files"
    listed = ", ".join(name.rstrip("/").split("/")[-1] for name in files[:4])
    about = f"What the assistant answers from: {listed}"
    return [DraftKnowledge(name=variable_name(stem) or "files", description=about, paths=files)]


def _add_needs(draft: Draft, needs: designing.Needs, request: BuildRequest, idea: str) -> None:
    kinds = picture_needs.tool_types(idea)
    if needs.draws and "image_generation" not in kinds and picture_needs.speaks_of_pictures(idea):
        kinds.insert(0, "image_generation")
    own = [k for k in request.tools if k not in kinds and _is_named(k, idea)]
    for kind in [k for k in kinds if k in request.tools] + own:
        name, description = tool_class({"type": kind}).FACTS.suggested
        name, description = name or kind, description or request.tools[kind] or kind
        draft.tools.append(DraftTool(type=kind, name=name, description=description))
    named = needs.files or next(iter(named_documents(idea) or picture_needs.knowledge(idea)), "")
    if named and not request.files:
        how = "Attach the files when you build, or add their paths under knowledge."
        draft.missing.append(Missing(kind="knowledge", what=named, how=how))
        if language(idea) == "en":  # what it has not read it would make up
            draft.guidelines.append(_WITHOUT.format(what=_ITS_OWNER.sub("the ", named)))
    outside = picture_needs.absent(idea) or ([needs.outside] if needs.outside else [])
    for what in outside:
        how = "There is no such tool here; add an mcp or openapi tool that offers it under tools."
        draft.missing.append(Missing(kind="tool", what=what, how=how))


def _is_named(kind: str, idea: str) -> bool:
    """Tell whether a description names a tool type; a plain word such as `code` or `assistant` only with `tool`."""
    return bool(re.search(rf"\b{re.escape(kind)}{'' if '_' in kind else ' tools?'}\b", idea))


def _variable(blank: Blank) -> DraftVariable:
    return DraftVariable(name=blank.name, description=blank.description or blank.label, default=blank.default)


# What is left of "make me a bot called Pip that sells tea": the name is one thing, what it does another.
_CALLED = re.compile(r"^(?:called|named) \S+ (?:(?P<does>that|which|who) )?", re.IGNORECASE)
_FOR = re.compile(r"\s(?:for|about|on|in)\s", re.IGNORECASE)


def _short_name(text: str) -> str:
    """Return the first telling words of a description, up to three: "a helper for my club" is Club Helper."""
    head = re.split(r"[.,;:!?(\n]| - ", text.strip(), maxsplit=1)[0]
    what, _, whose = _FOR.sub("\n", head, count=1).partition("\n")
    words, behind = _telling(what), _telling(whose, least=1)
    if len(words) == 1 and behind and not (behind[0].endswith("ing") and behind[-1].endswith("s")):
        return " ".join([*behind[: 3 - len(words)], *words])[:40]
    return " ".join(_telling(head)[:3])[:40] or "Assistant"


def _telling(text: str, least: int = 2) -> list[str]:
    """Return the first words of a text that tell something, up to a small word behind `least` of them, as in a name."""
    words: list[str] = []
    for word in re.findall(r"[^\W\d_][\w'’&-]*", text):
        if word.lower() not in _SMALL:
            words.append(word[:1].upper() + word[1:])
        elif len(words) >= least:
            break
    return words


def _shortened(text: str, most: int) -> str:
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:-(") + "…"
