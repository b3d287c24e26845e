"""The parts of a draft that are composed of an English description: role, guidelines, summary, question, tone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gptsmith.assistants.description import Sentence
from gptsmith.models.chat.embedded.compose_clauses import (
    Action,
    gerund_phrase,
    read_action,
    restate,
    third_person,
    to_base,
)
from gptsmith.models.chat.embedded.compose_name import Identity
from gptsmith.models.chat.embedded.compose_words import PEOPLE, article, for_reader, for_user, moods

_SOMEBODY = re.compile(
    rf"\b(?:my|our) (?:\w+ ){{0,2}}?(?:{'|'.join(sorted(PEOPLE - {'me', 'us', 'you'}))}|sister|brother|son|daughter"
    r"|grandpa|granny|aunt|uncle|wife|husband|boss|neighbour|neighbor|interns?|trainees?|apprentices?)\b",
    re.IGNORECASE,
)
_VAGUE_HEAD = re.compile(r"^(?:something|some ?one|one|thing|tool|app|gpt) (?:that|which|who) ", re.IGNORECASE)


def role_of(identity: Identity, opening: str, rest: list[Sentence], actions: list[Action]) -> tuple[str, set[str]]:
    """Return role and goal in one paragraph, and the sentences that it has used up."""
    used: set[str] = set()
    said = [_who(identity, opening)]
    for sentence in rest:
        more = re.match(
            r"^you(?: are|['’]re) (?!to |tasked|responsible|given|calling)(?P<what>.+?)\.?$", sentence.text, re.I
        )
        if more and identity.kind == "act" and not re.match(r"you will", sentence.text, re.I):
            said.append(_trait(for_user(more["what"])))
            used.add(sentence.text)
            continue
        action = read_action(sentence.text)
        if action and action.goal and len(sentence.text.split()) > 5:
            said.append(f"Your goal: {for_user(action.vp)}.")
            used.add(sentence.text)
            break
    return " ".join(said), used


def about_somebody(opening: str, rest: list[Sentence]) -> list[Sentence]:
    """Return the sentences that say who the user is: `my grandmother` in the opening, then `She is 82`."""
    if not _SOMEBODY.search(opening):
        return []
    return [s for s in rest if re.match(r"(?:she|he|they) (?!should|must|will|can|may)", s.text, re.IGNORECASE)]


def guidelines_of(rest: list[Sentence], about: Sequence[Sentence] = ()) -> list[str]:
    """Return how the assistant works, said anew; the noun phrases of one list go into one line under its heading.

    The sentences in `about` say who the user is, not what the assistant does.
    """
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
        if sentence.text.endswith("?"):
            continue  # put to the assistant as a first message, not said about it
        if sentence in about:
            close()
            lines.append(f"Keep in mind: {for_user(sentence.text[:1].lower() + sentence.text[1:])}")
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


def summary_of(identity: Identity, opening: str, actions: list[Action]) -> str:
    """Return one sentence on what the assistant does, said to the person who will use it."""
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


def clarify_of(identity: Identity, inputs: list[Action], files: bool) -> str:
    """Return when to ask back, and for what: the thing that the user is said to bring."""
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


def tone_of(text: str) -> str:
    """Return how the assistant speaks, from the words for moods in the description."""
    found = moods(text)
    if not found:
        return "Plain and friendly; no longer than the matter needs."
    listed = found[0] if len(found) == 1 else ", ".join(found[:-1]) + " and " + found[-1]
    return f"Speak in {article(listed)} way."


def welcome_of(identity: Identity, inputs: list[Action]) -> str:
    """Return a greeting with the name and what to send first."""
    hello = f"Hello, this is {identity.name}."
    if not inputs:
        return f"{hello} What shall we begin with?"
    said = inputs[0].vp.rstrip(".,")
    # "tell you my budget" is what the assistant asks for as "tell me your budget"
    asked = re.sub(r"\0", "me", for_reader(re.sub(r"\byou\b", "\0", said)))
    return f"{hello} {asked[:1].upper()}{asked[1:]}."


def own_actions(identity: Identity, opening: str) -> list[Action]:
    """Return what the opening sentence says the assistant does: `… that reads my inbox`, `Comic maker: takes …`."""
    if identity.kind in ("task", "picture", "owner"):
        return []
    clause = re.search(r"\b(?:that|who|which) (?P<vp>[a-z]+s? .+)|^[^:.]{3,60}: (?P<after>.+)", opening.rstrip(". "))
    said = opening if identity.kind == "verb" else (clause["vp"] or clause["after"]) if clause else ""
    action = read_action(said) if said else None
    return [action] if action and action.who == "assistant" else []


def _who(identity: Identity, opening: str) -> str:
    what = for_user(_VAGUE_HEAD.sub("assistant that ", identity.what))
    if identity.kind in ("act", "fragment", "want"):
        field = re.match(r"^(?P<who>[^,]+), (?:specializ|specialis|focus)ing (?:in|on) (?P<field>.+)", what)
        if field:
            return f"{_who(replace(identity, what=field['who']), opening)} Your field is {field['field']}."
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


def _owned(sentence: str) -> str:
    """Return whom the assistant works for: `I run a small museum` -> `a small museum`, `I teach` -> `someone who …`."""
    owned = re.sub(r"^(?:i|we) (?:run|own|have|manage|lead|operate) |^we are ", "", sentence, flags=re.I)
    if owned != sentence:
        return owned
    said = third_person(re.sub(r"^(?:i|we) ", "", sentence, flags=re.I))
    return f"someone who {said[:1].lower() + said[1:]}"


def _trait(what: str) -> str:
    """Say anew what "You are …" says of the assistant: `skilled in glass` -> `You bring skill in glass.`"""
    if re.match(r"^(?:an?|the|my|our) ", what):
        return f"You come to this as {what}."
    bring = re.match(
        r"^(?:(?P<how>highly|very|well) )?(?P<kind>skilled|experienced|versed|trained) (?P<rest>(?:in|at|with) .+)",
        what,
    )
    if bring:
        noun = {"skilled": "skill", "trained": "training"}.get(bring["kind"], "experience")
        return f"You bring {'great ' if bring['how'] else ''}{noun} {bring['rest']}."
    made = re.match(r"^(?:designed|made|built|meant|here|supposed) to (?P<vp>.+)", what)
    return f"You {made['vp']}." if made else f"You are {what}, and it shows in your answers."
