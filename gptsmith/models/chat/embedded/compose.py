"""A draft assistant composed by grammar from the same messages that a hosted model is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

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
    urls,
)
from gptsmith.assistants.draft import Draft, DraftKnowledge, DraftTool, DraftVariable, Missing
from gptsmith.assistants.named_documents import missing_documents
from gptsmith.assistants.openings import plainly
from gptsmith.assistants.placeholders import Blank, fill_blanks, plain, variable_name
from gptsmith.assistants.thread_request import read_thread_request
from gptsmith.models.chat.embedded import compose_needs
from gptsmith.models.chat.embedded.compose_clauses import (
    Action,
    read_action,
)
from gptsmith.models.chat.embedded.compose_habits import habits
from gptsmith.models.chat.embedded.compose_name import Identity, foreign_name, identify
from gptsmith.models.chat.embedded.compose_parts import (
    about_somebody,
    clarify_of,
    guidelines_of,
    own_actions,
    role_of,
    summary_of,
    tone_of,
    welcome_of,
)
from gptsmith.models.chat.embedded.compose_starters import asked_about, is_general, starters
from gptsmith.models.chat.embedded.compose_thread import compose_thread
from gptsmith.models.chat.embedded.compose_tongues import TONGUES
from gptsmith.models.chat.embedded.compose_words import for_reader, moods
from gptsmith.models.chat.embedded.edits_subject import sentence as as_sentence
from gptsmith.models.chat.embedded.interview import next_question
from gptsmith.models.chat.embedded.structured import not_supported, register_composer

TOOL_NAMES = {
    "image_generation": ("draw_picture", "Draws what the user asks for, and changes a drawing as they say."),
    "image_captioning": ("describe_picture", "Says what is to be seen in a picture that the user sends."),
    "image_recognition": ("recognize_picture", "Says which kind of thing a picture shows."),
}
_ATTACH = "Attach the files when you build, or add their paths under knowledge."
_INPUT = re.compile(
    r"^(?:give|provide|send|tell|type|describe|upload|paste|show|write|share|enter|submit|supply|present|ask|bring)\b"
)


@register_composer(Draft)
def compose(messages: Sequence[BaseMessage]) -> Draft:
    """Return the draft for the last request among `messages`. Raises NotSupported when none of them asks for one."""
    for message in reversed(messages):
        content = getattr(message, "content", "")
        request = read_request(content) if isinstance(content, str) else None
        if request is not None:
            return compose_draft(request)
        conversation = read_thread_request(content) if isinstance(content, str) else None
        if conversation is not None:
            return compose_thread(conversation)
    raise not_supported("design an assistant without the builder's request")


def compose_draft(request: BuildRequest) -> Draft:
    """Return a complete draft for `request`: never empty, for a text in any language."""
    text, blanks = fill_blanks(plainly(request.description))
    parts = [s for s in split(text) if s.section != "variables"]
    bare = plain(text, [b.model_copy(update={"default": None}) for b in blanks])
    identity = identify([s.text for s in split(bare) if s.section != "variables"] or [bare], bare)
    if blanks:  # the role keeps the blanks that the name cannot carry
        marked = identify([s.text for s in parts] or [text], text)
        identity = replace(identity, what=marked.what) if "{{" in marked.what else identity
    code = language(bare)
    if code != "en" and parts and identity.kind in ("fragment", "act"):
        identity = replace(identity, name=foreign_name(parts[0].text))
    body = (
        _english(parts, identity, text, bool(request.files)) if code == "en" else _foreign(parts, identity, text, code)
    )
    body["rules"] = [rule for s in parts if is_rule(s) for rule in _apart(s)]
    draft = Draft(
        name=_shortened(plain(identity.name, blanks), 40),
        description=_shortened(plain(body["description"], blanks), 200) or identity.name,
        role=body["role"],
        emphasis=list(dict.fromkeys(body["rules"])),
        guidelines=body["guidelines"],
        clarify=body["clarify"],
        tone=body["tone"],
        variables=[_variable(b) for b in blanks],
        welcome_message=plain(body["welcome"], blanks),
        conversation_starters=body["starters"],
        tools=_tools(bare, request.tools),
        knowledge=_knowledge(request, bare),
        temperature=compose_needs.temperature(bare),
        missing=_missing(request, bare),
    )
    draft.question = next_question([request.description]) if code == "en" else ""
    return draft


def _apart(stated: Sentence) -> list[str]:
    """Return the rules of a sentence as the person wrote it, or as sentences where it holds several."""
    found = rules_of(stated)
    return found if len(found) == 1 else [as_sentence(rule) for rule in found]


def _english(parts: list[Sentence], identity: Identity, text: str, files: bool) -> dict[str, Any]:
    first = first_request(text)
    free = [s for s in parts if not is_rule(s) and not is_first_request(s.text)]
    opening, rest = _without_identity(free, parts, identity)
    about = about_somebody(opening, rest)
    actions = [a for s in rest if s.section != "template" and s not in about and (a := read_action(s.text))]
    role, used = role_of(identity, opening, rest, actions)
    actions = own_actions(identity, opening) + actions
    spoken = {s.text for s in rest if len(s.text.split()) < 4 and moods(s.text)}  # "Be brief." is the tone's to say
    guidelines = guidelines_of([s for s in rest if s.text not in used | spoken], about)
    guidelines += habits(identity, actions, text, len(guidelines), files=files)
    inputs = [a for a in actions if a.who == "user" and _INPUT.match(a.vp)]
    inputs += [Action("user", a.when) for a in actions if a.when and _INPUT.match(a.when)]
    asked = opening if identity.kind == "task" else ""
    return {
        "role": role,
        "description": summary_of(identity, opening, actions),
        "guidelines": guidelines,
        "clarify": clarify_of(identity, inputs, files or bool(compose_needs.knowledge(text))),
        "tone": tone_of(text),
        "welcome": welcome_of(identity, inputs),
        "starters": _starters(text, starters(identity, actions, first or asked, compose_needs.tool_types(text))),
    }


def _starters(text: str, found: list[str]) -> list[str]:
    """Ask for the things that people will ask about, where only general starters follow."""
    things = asked_about(text) if any(is_general(one) for one in found) else []
    return [*(one for one in found if not is_general(one)), *things][:4] if things else found


def _foreign(parts: list[Sentence], identity: Identity, text: str, code: str) -> dict[str, Any]:
    """Keep the person's own words: what is not understood is not rewritten."""
    tongue = TONGUES.get(code, TONGUES["en"])
    free = [s.text for s in parts if not is_rule(s) and not is_first_request(s.text)]
    first = first_request(text)
    return {
        "role": tongue.role.format(name=identity.name) + " " + tongue.described.format(text=" ".join(free) or text),
        "description": parts[0].text if parts else text,
        "guidelines": [tongue.language],
        "clarify": tongue.clarify,
        "tone": tongue.tone,
        "welcome": tongue.welcome.format(name=identity.name),
        "starters": [*([first] if first else []), *tongue.starters][:4],
    }


def _without_identity(free: list[Sentence], parts: list[Sentence], identity: Identity) -> tuple[str, list[Sentence]]:
    """Split off the sentence that says who the assistant is; what stands behind it there is a sentence of its own."""
    if not free:
        return (parts[0].text if parts else ""), []
    if not parts or (free and free[0] is not parts[0] and identity.kind != "act"):
        return (parts[0].text if parts else ""), free
    for n, sentence in enumerate(free):
        where = sentence.text.find(identity.what) if identity.what else -1
        if identity.kind in ("verb", "task", "owner", "picture") or where >= 0:
            behind = sentence.text[where + len(identity.what) :].lstrip(" ,;:.").strip() if where >= 0 else ""
            behind = re.sub(r"^(?:and|but|so|then) ", "", behind)
            tail = [Sentence(behind, sentence.section, sentence.lead)] if len(behind.split()) > 1 else []
            return sentence.text, free[:n] + tail + free[n + 1 :]
    return (free[0].text if free else ""), free


def _tools(text: str, offered: dict[str, str]) -> list[DraftTool]:
    kinds = [kind for kind in compose_needs.tool_types(text) if kind in offered]
    own = [kind for kind in offered if kind not in TOOL_NAMES and re.search(rf"\b{re.escape(kind)}\b", text)]
    made = [DraftTool(type=k, name=TOOL_NAMES[k][0], description=TOOL_NAMES[k][1]) for k in kinds]
    return made + [DraftTool(type=k, name=k, description=offered[k] or k) for k in own]


def _knowledge(request: BuildRequest, text: str) -> list[DraftKnowledge]:
    found = []
    folders = tuple(f for f in request.files if f.endswith("/"))
    files = [f for f in request.files if f in folders or not f.startswith(folders)]
    if files:
        stem = files[0].rstrip("/").split("/")[-1].rsplit(".", 1)[0] if len(files) == 1 else "files"
        listed = ", ".join(f.rstrip("/").split("/")[-1] for f in files[:4])
        name = variable_name(stem) or "files"
        found.append(DraftKnowledge(name=name, description=f"What the assistant answers from: {listed}", paths=files))
    pages = urls(text)
    if pages:
        found.append(DraftKnowledge(name="pages", description="Pages named in the description.", urls=pages))
    return found


def _missing(request: BuildRequest, text: str) -> list[Missing]:
    out = []
    named = missing_documents(text, request.files)
    out += [Missing(kind="knowledge", what=what, how=_ATTACH) for what in named]
    phrases = [] if request.files or named else compose_needs.knowledge(text)
    if phrases:
        what = re.sub(r"^(?:answers?|works?|quotes?) (?:only )?(?:from|out of|on) ", "", phrases[0], flags=re.I)
        what = for_reader(re.sub(r"^\w+ (?:is|are|stands?|comes?)(?: \w+)? (?:in|from) ", "", what, flags=re.I))
        out.append(Missing(kind="knowledge", what=what, how=_ATTACH))
    for kind in compose_needs.absent(text):
        how = "There is no such tool here; add an mcp or openapi tool that offers it under tools."
        out.append(Missing(kind="tool", what=kind, how=how))
    for kind in compose_needs.tool_types(text):
        if kind not in request.tools:
            out.append(
                Missing(kind="tool", what=kind, how="This installation does not know the tool; update gptsmith.")
            )
    return out


def _variable(blank: Blank) -> DraftVariable:
    return DraftVariable(name=blank.name, description=blank.description or blank.label, default=blank.default)


def _shortened(text: str, most: int) -> str:
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:-(")
    return cut + "…"
