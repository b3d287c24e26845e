"""Questions about the assistant that is being changed, answered from its file."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.edits.commands import Command
from gptsmith.models.chat.embedded.edits.places import LEAST, grounds, scores
from gptsmith.models.chat.embedded.edits.statements import statements
from gptsmith.models.chat.embedded.edits.subject import Found, Subject
from gptsmith.models.chat.embedded.edits.values import has

WHAT = "What should be different: what does it do now, and what should it do instead?"
_ASKS = re.compile(
    r"^(?:what(?:['’]s)?|which|how|who|where|when|why|list|show me|tell me|wie|was|welche\w*|cómo|qué|cuál\w*)\b"
    r"|^(?:does|do|is|are|has|have|can|did|was|will)\b(?=.*\?\W*$)",
    re.IGNORECASE,
)
_UNDO = re.compile(r"^(?:undo|revert|take (?:that|it|this) back|go back|roll ?back|never ?mind|rückgängig)\b.{0,40}$")
_WHO = re.compile(
    r"^(?:who|what) (?:are|r) (?:you|u)|^are you (?:an? )?(?:ai|bot|robot|human|person|real)", re.IGNORECASE
)
_COURTESY = re.compile(
    r"^(?:thanks?|thank you|great|perfect|good|nice|cool|ok(?:ay)?|hello|hi|hey|danke|super|gracias)"
    r"(?: (?:so much|you|job|work|a lot))?\W*$",
    re.IGNORECASE,
)


def asks(said: Command) -> bool:
    """Tell whether a command is worded as a question."""
    return bool(_ASKS.match(said.said.strip())) and not said.values


def to_the_builder(said: Command, subject: Subject) -> Found | None:
    """Answer what is said to the builder itself; None for anything else."""
    if _UNDO.match(said.open.strip()):
        return Found(
            reply="Nothing is undone by words alone: use undo, which brings back the file as it was before the last"
            " change."
        )
    if _WHO.match(said.said):
        name = subject.data.get("name") or "this assistant"
        return Found(reply=f"I am the builder of {name}: say what should be different, and I propose the change.")
    return Found(question="What should change next?") if _COURTESY.match(said.said) else None


def answer(said: Command, subject: Subject) -> Found | None:
    """Return what the file says of what is asked; None when it speaks of nothing there."""
    rules = [thing for thing in grounds(subject) if thing.kind == "rule"]
    near = max(zip(scores(said.text, rules), rules, strict=True), key=lambda one: one[0], default=None)
    if near and near[0][0] >= LEAST and near[0][1] and not has(r"rules|instructions|starters?|tools?", said.open):
        return Found(reply=f"It is told: “{near[1].text}”")
    data, model = subject.data, subject.model
    named = ":".join(str(p) for p in (model.get("provider"), model.get("name")) if p)
    set_ = [f"{key} {value}" for part in ("memory", "limits") for key, value in (data.get(part) or {}).items()]
    listed = {
        r"called|name(?=\W*$)|heißt": f"It is called {data.get('name')}.",
        r"tools?|abilities": _list("Its tools", [str(t.get("name") or t.get("type")) for t in subject.tools]),
        r"rules?|told|instructions?|regeln": _rules(subject),
        r"starters?|suggestions?": _list("Its starters", subject.starters),
        r"temperature|creativ\w+": _one("The temperature", model.get("temperature")),
        r"model|llm|runs? on": f"It answers with {named}."
        if named
        else "It names no model, so the default one answers.",
        r"knowledge|answers? from|files?|sources?|documents?|pages": _list("It answers from", _sources(subject)),
        r"variables?": _list("Its variables", list(subject.variables)),
        r"tests?": _list("Its tests", [str(t.get("name")) for t in subject.tests]),
        r"welcome\w*|greet\w*": _one("It greets with", data.get("welcome_message")),
        r"disclaimer": _one("The disclaimer", data.get("disclaimer")),
        r"version": _one("The version", data.get("version")),
        r"description|described|for|about": _one("Its description", data.get("description")),
        r"limits?|timeout|seconds|memory|remember\w*|messages": _list("Set", set_),
    }
    return next((Found(reply=reply) for words, reply in listed.items() if has(words, said.open)), None)


def _rules(subject: Subject) -> str:
    rules = list(subject.rules) or [s.text for s in statements(subject.instructions) if s.rule]
    told = " ".join(f"{n}. “{rule}”" for n, rule in enumerate(rules, start=1))
    return f"Its rules: {told}" if rules else "It has no rules."


def _sources(subject: Subject) -> list[str]:
    return [
        f"{s.get('name')} ({', '.join(map(str, [*(s.get('paths') or []), *(s.get('urls') or [])]))})"
        for s in subject.knowledge
    ]


def _list(what: str, items: list[str]) -> str:
    return f"{what}: {'; '.join(item.strip() for item in items)}." if items else f"{what}: none."


def _one(what: str, value: object) -> str:
    return f"{what}: {value}" if value not in (None, "") else f"{what}: not set."
