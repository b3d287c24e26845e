"""A new assistant from a description: written by the local model, decided by code; without one, in the person's words.

What holds for every model (rules word for word, nothing invented, tests) is the builder's, behind this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from gptsmith.assistants.build_request import BuildRequest, read_request
from gptsmith.assistants.description import (
    Sentence,
    first_request,
    is_first_request,
    is_rule,
    language,
    rules_of,
    split,
)
from gptsmith.assistants.draft import Draft, DraftKnowledge, DraftTool, DraftVariable, Missing
from gptsmith.assistants.placeholders import Blank, fill_blanks, plain, variable_name
from gptsmith.assistants.thread_request import read_thread_request
from gptsmith.errors import GptsmithError
from gptsmith.models.chat.embedded import picture_needs
from gptsmith.models.chat.embedded.draft_of_thread import compose_thread
from gptsmith.models.chat.embedded.edits.interview import next_question
from gptsmith.models.chat.embedded.edits.subject import sentence as as_sentence
from gptsmith.models.chat.embedded.mind import find_writer
from gptsmith.models.chat.embedded.set_phrases import TONGUES
from gptsmith.models.chat.embedded.structured import not_supported, register_composer
from gptsmith.models.chat.embedded.tasks import designing
from gptsmith.models.chat.embedded.words import content_stems, listed
from gptsmith.models.chat.local.writer import Writer

TOOL_NAMES = {
    "image_generation": ("draw_picture", "Draws what the user asks for, and changes a drawing as they say."),
    "image_captioning": ("describe_picture", "Says what is to be seen in a picture that the user sends."),
    "image_recognition": ("recognize_picture", "Says which kind of thing a picture shows."),
}
_OPENING = re.compile(  # what is said to the builder, before what the assistant is
    r"^\W*(?:(?:hey|hi|hello|please|so|ok|(?:can|could|would) (?:you|u)"
    r"|i(?:['’]d)? (?:want|need|would like|like|am looking for)|build|create|make|design|help|me|us|you to|to|have"
    r"|you(?:['’]re| are)|(?:act|behave|work|serve) (?:as|like)|pretend to be"
    r"|something|somebody|a thing|an assistant|a bot)\b[\s,!]*)+(?:(?:that|who|which|for)\b\s*)?",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"(?:an?|the|my|our|somebody|someone)\b", re.IGNORECASE)
_SMALL = frozenset(
    listed(
        "a an the my our your for of to in on with and or that which who is are it i we you me"
        " für der die das den ein eine einen und von mit para el la los las un una de por que le les des du pour avec"
    )
)


@register_composer(Draft)
def compose(messages: Sequence[BaseMessage]) -> Draft:
    """Return the draft for the last request among `messages`. Raises NotSupported when none of them asks for one."""
    for message in reversed(messages):
        content = getattr(message, "content", "")
        if not isinstance(content, str):
            continue
        if (request := read_request(content)) is not None:
            return compose_draft(request)
        if (conversation := read_thread_request(content)) is not None:
            return compose_thread(conversation)
    raise not_supported("design an assistant without the builder's request")


def compose_draft(request: BuildRequest) -> Draft:
    """Return a complete draft for `request`, never empty, for a text in any language."""
    text, blanks = fill_blanks(request.description)
    parts = [s for s in split(text) if s.section != "variables"]
    idea = plain(text, [b.model_copy(update={"default": None}) for b in blanks])
    draft = _in_own_words(parts, idea, text)
    draft.emphasis = list(dict.fromkeys(rule for s in parts if is_rule(s) for rule in _apart(s)))
    draft.variables = [_variable(b) for b in blanks]
    draft.question = next_question([request.description]) if language(idea) == "en" else ""
    needs = designing.Needs()
    if (writer := find_writer()) is not None:
        try:
            needs = designing.read_needs(writer, idea)
            _write(writer, draft, parts, idea)
        except GptsmithError:  # what is written so far is a draft already
            pass
    draft.knowledge = _attached(request.files)
    _add_needs(draft, needs, request, idea)
    return draft


def _apart(stated: Sentence) -> list[str]:
    """Return the rules of a sentence as the person wrote it, or as sentences where it holds several."""
    found = rules_of(stated)
    return found if len(found) == 1 else [as_sentence(rule) for rule in found]


def _in_own_words(parts: list[Sentence], idea: str, text: str) -> Draft:
    """Return the draft that code makes: the person's words, put in order, in set phrases of their language."""
    tongue = TONGUES.get(language(idea), TONGUES["en"])
    first = _opened(parts[0].text if parts else idea)
    about = _shortened(first[:1].upper() + first[1:], 200)
    name = _short_name(first)
    told = [s.text for s in parts if not is_rule(s) and not is_first_request(s.text)]
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


def _write(writer: Writer, draft: Draft, parts: list[Sentence], idea: str) -> None:
    """Put the model's words into `draft`, each only where it holds; what the person told stays, word for word."""
    identity = designing.write_identity(writer, idea)
    if 2 <= len(identity.name) <= 30:
        draft.name = identity.name
    if _is_about(identity.about, idea):
        draft.description = _shortened(identity.about, 200)
    told = [s.text for s in parts if not is_rule(s) and not is_first_request(s.text)]
    who = _opened(told[0]) if told else draft.description
    draft.role = _role(who, draft.name, language(idea))
    draft.guidelines = [s for s in told[1:12] if not _is_said(s, draft.role)]
    draft.tone = identity.tone or draft.tone
    draft.welcome_message = identity.welcome or draft.welcome_message
    asked = first_request(idea)
    if identity.starters:
        draft.conversation_starters = [*([asked] if asked else []), *identity.starters][:4]
    draft.question = designing.write_question(writer, idea) or draft.question


def _role(who: str, name: str, code: str) -> str:
    """Return who the assistant is as it is told; its name stands in the system message and may change."""
    if code != "en":
        return f"{TONGUES.get(code, TONGUES['en']).role.format(name=name)} {who[:1].upper()}{who[1:]}"
    return f"You are {who[:1].lower()}{who[1:]}" if _ARTICLE.match(who) else f"Your work: {who[:1].lower()}{who[1:]}"


def _opened(text: str) -> str:
    """Return a description without the words that order it; all of it where nothing else is left."""
    rest = _OPENING.sub("", text).strip()
    return rest if len(rest.split()) > 1 else text.strip()


def _is_said(sentence: str, text: str) -> bool:
    """Tell whether every telling word of a sentence stands in `text`."""
    return set(content_stems(sentence)) <= set(content_stems(text))


def _is_about(sentence: str, idea: str) -> bool:
    """Tell whether a summary says what the description says: most of its words stand there."""
    words = content_stems(sentence)
    known = set(content_stems(idea))
    return len(words) >= 2 and sum(w in known for w in words) >= 0.6 * len(words)


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
    own = [k for k in request.tools if k not in TOOL_NAMES and re.search(rf"\b{re.escape(k)}\b", idea)]
    for kind in [k for k in kinds if k in request.tools] + own:
        name, description = TOOL_NAMES.get(kind, (kind, request.tools[kind] or kind))
        draft.tools.append(DraftTool(type=kind, name=name, description=description))
    named = needs.files or next(iter(picture_needs.knowledge(idea)), "")
    if named and not request.files:
        how = "Attach the files when you build, or add their paths under knowledge."
        draft.missing.append(Missing(kind="knowledge", what=named, how=how))
    outside = picture_needs.absent(idea) or ([needs.outside] if needs.outside else [])
    for what in outside:
        how = "There is no such tool here; add an mcp or openapi tool that offers it under tools."
        draft.missing.append(Missing(kind="tool", what=what, how=how))


def _variable(blank: Blank) -> DraftVariable:
    return DraftVariable(name=blank.name, description=blank.description or blank.label, default=blank.default)


def _short_name(text: str) -> str:
    """Return the first telling words of a description, up to three, as a name."""
    head = re.split(r"[.,;:!?(\n]| - ", text.strip(), maxsplit=1)[0]
    words: list[str] = []
    for word in re.findall(r"[^\W\d_][\w'’&-]*", head):
        if word.lower() not in _SMALL:
            words.append(word[:1].upper() + word[1:])
        elif len(words) > 1:
            break
    return " ".join(words[:3])[:40] or "Assistant"


def _shortened(text: str, most: int) -> str:
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:-(") + "…"
