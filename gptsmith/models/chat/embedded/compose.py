"""A draft assistant composed by grammar from the same messages that a hosted model is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import BaseMessage

from gptsmith.assistants.build_request import BuildRequest, read_request
from gptsmith.assistants.description import Sentence, first_request, is_first_request, is_rule, language, split, urls
from gptsmith.assistants.draft import Draft, DraftKnowledge, DraftTool, DraftVariable, Missing
from gptsmith.assistants.placeholders import Blank, fill_blanks, plain, variable_name
from gptsmith.models.chat.embedded import compose_needs, compose_tests
from gptsmith.models.chat.embedded.compose_clauses import (
    Action,
    gerund_phrase,
    read_action,
    restate,
    third_person,
    to_base,
)
from gptsmith.models.chat.embedded.compose_habits import habits
from gptsmith.models.chat.embedded.compose_name import Identity, foreign_name, identify
from gptsmith.models.chat.embedded.compose_starters import starters
from gptsmith.models.chat.embedded.compose_tongues import TONGUES
from gptsmith.models.chat.embedded.compose_words import article, for_reader, for_user, moods
from gptsmith.models.chat.embedded.structured import not_supported, register_composer

_TOOL_NAMES = {
    "image_generation": ("draw_picture", "Draws what the user asks for, and changes a drawing as they say."),
    "image_captioning": ("describe_picture", "Says what is to be seen in a picture that the user sends."),
    "image_recognition": ("recognize_picture", "Says which kind of thing a picture shows."),
}
_VAGUE_HEAD = re.compile(r"^(?:something|some ?one|one|thing|tool|app|gpt) (?:that|which|who) ", re.IGNORECASE)
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
    raise not_supported("design an assistant without the builder's request")


def compose_draft(request: BuildRequest) -> Draft:
    """Return a complete draft for `request`: never empty, for a text in any language."""
    whole = "\n".join([request.description, *request.changes])
    text, blanks = fill_blanks(whole)
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
    body["rules"] = [s.text for s in parts if is_rule(s)]
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
    draft.tests = compose_tests.tests(draft, code)
    return draft


def _english(parts: list[Sentence], identity: Identity, text: str, files: bool) -> dict[str, Any]:
    first = first_request(text)
    free = [s for s in parts if not is_rule(s) and not is_first_request(s.text)]
    opening, rest = _without_identity(free, parts, identity)
    actions = [a for s in rest if s.section != "template" and (a := read_action(s.text))]
    role, used = _role(identity, opening, rest, actions)
    actions = _own_actions(identity, opening) + actions
    guidelines = _guidelines([s for s in rest if s.text not in used])
    guidelines += habits(identity, actions, text, len(guidelines), files=files)
    inputs = [a for a in actions if a.who == "user" and _INPUT.match(a.vp)]
    inputs += [Action("user", a.when) for a in actions if a.when and _INPUT.match(a.when)]
    asked = opening if identity.kind == "task" else ""
    return {
        "role": role,
        "description": _summary(identity, opening, actions),
        "guidelines": guidelines,
        "clarify": _clarify(identity, inputs, files or bool(compose_needs.knowledge(text))),
        "tone": _tone(text),
        "welcome": _welcome(identity, inputs),
        "starters": starters(identity, actions, first or asked, compose_needs.tool_types(text)),
    }


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


def _own_actions(identity: Identity, opening: str) -> list[Action]:
    """Return what the opening sentence says the assistant does: `… that reads my inbox`, `Comic maker: takes …`."""
    if identity.kind in ("task", "picture", "owner"):
        return []
    clause = re.search(r"\b(?:that|who|which) (?P<vp>[a-z]+s? .+)|^[^:.]{3,60}: (?P<after>.+)", opening.rstrip(". "))
    said = opening if identity.kind == "verb" else (clause["vp"] or clause["after"]) if clause else ""
    action = read_action(said) if said else None
    return [action] if action and action.who == "assistant" else []


def _role(identity: Identity, opening: str, rest: list[Sentence], actions: list[Action]) -> tuple[str, set[str]]:
    """Return role and goal in one paragraph, and the sentences that it has used up."""
    used: set[str] = set()
    said = [_who(identity, opening)]
    for sentence in rest:
        more = re.match(
            r"^you(?: are|['’]re) (?!to |tasked|responsible|given|calling)(?P<what>.+?)\.?$", sentence.text, re.I
        )
        if more and identity.kind == "act" and not re.match(r"you will", sentence.text, re.I):
            said.append(
                f"You come to this as {for_user(more['what'])}."
                if _noun_like(more["what"])
                else f"You are {for_user(more['what'])}, and it shows in your answers."
            )
            used.add(sentence.text)
            continue
        action = read_action(sentence.text)
        if action and action.goal and len(sentence.text.split()) > 5:
            said.append(f"Your goal: {for_user(action.vp)}.")
            used.add(sentence.text)
            break
    return " ".join(said), used


def _who(identity: Identity, opening: str) -> str:
    what = for_user(_VAGUE_HEAD.sub("assistant that ", identity.what))
    if identity.kind in ("act", "fragment", "want"):
        if re.match(r"^(?:\{\{|an? |the |some |any )", what):
            return f"You are {what}."
        lowered = (
            what if re.match(r"^(?:[A-Z]{2}|\w+[A-Z]|(?:[A-Z][\w'’-]* ?){2,})", what) else what[:1].lower() + what[1:]
        )
        return f"You are {article(lowered)}."
    if identity.kind == "game":
        return f"You play this game with the user: {identity.what}."
    stripped = opening.strip().rstrip(".!? ")
    if identity.kind == "owner":
        return f"You work for {_owned(stripped)}."
    if identity.kind == "picture":
        return (
            f"You make pictures of one kind, after this model: “{stripped}”. Each user brings a subject of their own."
        )
    if identity.kind == "task":
        vp = for_user(gerund_phrase(stripped[:1].lower() + stripped[1:]))
        return f"Your work is {vp}, and the like: those particulars are one example, each user brings their own."
    if re.match(r"^i\b", stripped, re.I):
        action = read_action(stripped)
        return f"You are {identity.name}. {action.instruction() if action else restate(stripped)}"
    vp = to_base(stripped[:1].lower() + stripped[1:])
    if vp == stripped[:1].lower() + stripped[1:]:  # no verb to begin with: a remark about the person's situation
        return f"You are {identity.name}. {restate(stripped)}"
    return f"You {for_user(vp)}."


def _guidelines(rest: list[Sentence]) -> list[str]:
    """Return how the assistant works, said anew; the noun phrases of one list go into one line under its heading."""
    lines: list[str] = []
    group: tuple[str, list[str]] = ("", [])

    def close() -> None:
        nonlocal group
        lead, items = group
        if items:
            action = read_action(lead)
            head = action.instruction().rstrip(".") if action else for_user(lead)
            lines.append(f"{head[:1].upper() + head[1:]}: {'; '.join(items)}." if lead else "; ".join(items) + ".")
        group = ("", [])

    for sentence in rest:
        if sentence.section == "template":
            close()
            lines.append(f"Keep to this form ({sentence.lead or 'template'}):\n{sentence.text}")
            continue
        action = read_action(sentence.text)
        if sentence.item and action is None and len(sentence.text.split()) < 16 and not sentence.text.endswith("?"):
            if group[0] != sentence.lead:
                close()
            group = (sentence.lead, [*group[1], for_user(sentence.text.rstrip(".;"))])
            continue
        if not (sentence.item and group[0] == sentence.lead):
            close()
        lines.append(action.instruction() if action else restate(sentence.text))
    close()
    return list(dict.fromkeys(lines))


def _summary(identity: Identity, opening: str, actions: list[Action]) -> str:
    stripped = opening.strip().rstrip(".!? ")
    able = [a for a in actions if a.who == "assistant" and not a.vp.startswith(("be ", "remain ", "stay ", "have "))]
    doing = next((a for a in able if a.goal), None) or next(iter(able), None)
    if identity.kind == "task":
        return f"Takes on work such as: {stripped[:1].lower() + stripped[1:]}."
    if identity.kind == "picture":
        return f"Makes pictures such as: {stripped}."
    if identity.kind == "game":
        return f"{article(identity.what)[:1].upper()}{article(identity.what)[1:]} to play in the chat."
    if identity.kind == "verb" and not re.match(r"^i\b", stripped, re.I):
        return for_reader(stripped) + "."
    if identity.kind == "fragment" and (len(stripped.split()) > 3 or not doing):
        return for_reader(stripped[:1].upper() + stripped[1:]) + "."
    if identity.kind == "owner" and (doing is None or doing.subject):
        helps = f": helps {doing.subject} to {for_reader(doing.vp)}" if doing else ""
        return f"The assistant of {_owned(stripped)}{helps}."
    if identity.kind == "want" and re.search(r"\b(?:that|who|which)\b", identity.what):
        said = for_reader(_VAGUE_HEAD.sub("assistant that ", identity.what))
        return f"{said[:1].upper()}{said[1:]}."
    if identity.kind in ("act", "want") and not doing:
        return f"{identity.what[:1].upper()}{for_reader(identity.what[1:])}."
    if doing is None:
        return for_reader(stripped) + "."
    said = doing.summary() if not doing.subject else f"Helps {doing.subject} {doing.vp}"
    said = re.sub(r"\byou with\b", "you with", said)
    return f"{identity.name}: {said[:1].lower() + said[1:]}."


def _owned(sentence: str) -> str:
    """Return whom the assistant works for: `I run a small museum` -> `a small museum`, `I teach` -> `someone who …`."""
    owned = re.sub(r"^(?:i|we) (?:run|own|have|manage|lead|operate) |^we are ", "", sentence, flags=re.I)
    if owned != sentence:
        return owned
    said = third_person(re.sub(r"^(?:i|we) ", "", sentence, flags=re.I))
    return f"someone who {said[:1].lower() + said[1:]}"


def _clarify(identity: Identity, inputs: list[Action], files: bool) -> str:
    if identity.kind in ("task", "picture"):
        return "Ask for the particulars that decide the result, two or three at most, when the user has not given them."
    if inputs:
        thing = re.sub(r"^\w+ (?:you (?:with )?|to you )?", "", inputs[0].vp).rstrip(".,")
        thing = re.sub(r"\byou\b", "", thing).strip()
        if thing and len(thing.split()) < 14:
            return f"When you do not have {for_user(thing)} yet, ask for that before you begin; one question at a time."
    if files:
        return "When a question could mean several things in the files, ask which one is meant."
    return "When a request leaves open what the answer depends on, ask one short question first."


def _tone(text: str) -> str:
    found = moods(text)
    if not found:
        return "Plain and friendly; no longer than the matter needs."
    listed = found[0] if len(found) == 1 else ", ".join(found[:-1]) + " and " + found[-1]
    return f"Speak in {article(listed)} way."


def _welcome(identity: Identity, inputs: list[Action]) -> str:
    hello = f"Hello, this is {identity.name}."
    if not inputs:
        return f"{hello} What shall we begin with?"
    said = inputs[0].vp.rstrip(".,")
    # "tell you my budget" is what the assistant asks for as "tell me your budget"
    asked = re.sub(r"\0", "me", for_reader(re.sub(r"\byou\b", "\0", said)))
    return f"{hello} {asked[:1].upper()}{asked[1:]}."


def _tools(text: str, offered: dict[str, str]) -> list[DraftTool]:
    kinds = [kind for kind in compose_needs.tool_types(text) if kind in offered]
    own = [kind for kind in offered if kind not in _TOOL_NAMES and re.search(rf"\b{re.escape(kind)}\b", text)]
    made = [DraftTool(type=k, name=_TOOL_NAMES[k][0], description=_TOOL_NAMES[k][1]) for k in kinds]
    return made + [DraftTool(type=k, name=k, description=offered[k] or k) for k in own]


def _knowledge(request: BuildRequest, text: str) -> list[DraftKnowledge]:
    found = []
    if request.files:
        stem = request.files[0].rstrip("/").split("/")[-1].rsplit(".", 1)[0] if len(request.files) == 1 else "files"
        listed = ", ".join(f.rstrip("/").split("/")[-1] for f in request.files[:4])
        name = variable_name(stem) or "files"
        found.append(
            DraftKnowledge(name=name, description=f"What the assistant answers from: {listed}", paths=request.files)
        )
    pages = urls(text)
    if pages:
        found.append(DraftKnowledge(name="pages", description="Pages named in the description.", urls=pages))
    return found


def _missing(request: BuildRequest, text: str) -> list[Missing]:
    out = []
    phrases = [] if request.files else compose_needs.knowledge(text)
    if phrases:
        what = re.sub(r"^(?:answers?|works?|quotes?) (?:only )?(?:from|out of|on) ", "", phrases[0], flags=re.I)
        what = for_reader(what)
        out.append(
            Missing(
                kind="knowledge", what=what, how="Attach the files when you build, or add their paths under knowledge."
            )
        )
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


def _noun_like(text: str) -> bool:
    return bool(re.match(r"^(?:an?|the|my|our) ", text))


def _shortened(text: str, most: int) -> str:
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:-(")
    return cut + "…"
