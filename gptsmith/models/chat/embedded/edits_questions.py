"""Questions about the assistant that is being changed, answered from its file, and commands for the builder itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, has
from gptsmith.models.chat.embedded.words import content_stems, listed, stem

_ASKS = re.compile(
    r"^(?:what(?:['’]s)?|which|how (?:many|much|long|often|is|does|\w+ (?:is|are))|who|where|when|why|list|show(?:"
    r" me)?|tell me|wie|was|welche\w*|cómo|qué"
    r"|cuál\w*|cuántos|como|qual|quais)\b|^(?:does|do|is|are|has|have|can|did|was|will)\b(?=.*\?\W*$)",
    ANY_CASE,
)
_UNDO = re.compile(
    r"^(?:undo|revert|take (?:that|it|this) back|go back|roll ?back|undo (?:that|it|this|the last)|restore|mach das"
    r" rückgängig|rückgängig"
    r"|deshaz\w*|desfaz\w*|never ?mind|cancel that)\b.{0,40}$",
    ANY_CASE,
)
_WHO = re.compile(
    r"^(?:and )?(?:(?:who|what) (?:are|r) (?:you|u)|are you (?:an? |the )?"
    r"(?:ai|bot|robot|human|person|builder|assistant|real)"
    r"|wer bist du|qui[ée]n eres|qu[ei]m? (?:é|es) (?:tu|você)|qui es-tu)(?: (?:exactly|really|anyway|then))?\W*$",
    ANY_CASE,
)
_COURTESY = re.compile(
    r"^(?:thanks?|thank you|great|perfect|good|nice|cool|ok(?:ay)?|yes|no|hello|hi|hey|danke|super|gracias"
    r"|obrigad[oa])(?: (?:so much|you|job|work|a lot))?\W*$",
    ANY_CASE,
)


WHAT = "What should be different: what does it do now, and what should it do instead?"
_DISSATISFIED = re.compile(
    r"^(?:(?:it|this|that|the (?:answers?|assistant|bot|thing))(?:['’]?s| is| are|['’]?re)?(?: still"
    r"| just)? )?(?:just )?(?:not|isn['’]?t"
    r"|aren['’]?t|never|(?:does|do)(?:n['’]?t| not) (?:feel|look|sound|seem|work))(?: (?:quite|really|exactly|at all"
    r"|totally|yet))*"
    r" (?:right|good|good enough|there|happy|convinced|it|working|great|perfect|what (?:i|we) (?:\w+ ){0,2}(?:want"
    r"|meant?"
    r"|need|wanted|asked for|had in mind))(?: (?:yet|either|though|at all|still|somehow|to me|with (?:it|this"
    r"|that)))*\W*$"
    r"|^(?:something|it) (?:is |feels |seems )(?:off|wrong|odd|weird)\W*$",
    ANY_CASE,
)
_ABOUT = re.compile(
    r"\b(?:say|says|told|rules?|anything|something|instructed)\b.{0,20}\b(?:about|on|of|regarding) (?P<what>.+)$"
)
_EMPTY = frozenset(stem(w) for w in listed(
    "thing things stuff one ones other others like before same way do different differently somehow something anything"
    " else work works change fix again better whatever kind sort usual always bit little more less lot really quite"
    " set put use let help try go")
)  # fmt: skip


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return the answer to a question about the file; None when it is a command, or about something else."""
    if _UNDO.match(clause.open):
        return Found(
            reply="Nothing is undone by words alone: use undo, which brings back the file as it was before the last"
            " change."
        )
    if _WHO.match(clause.said):
        name = subject.data.get("name") or "this assistant"
        return Found(reply=f"I am the builder of {name}: say what should be different, and I propose the change.")
    if _COURTESY.match(clause.said):
        return Found(question="What should change next?")
    if _DISSATISFIED.match(clause.text):
        return Found(question=WHAT)
    if re.search(r"\bthings?\b|\bstuff\b", clause.open) and not set(content_stems(clause.open)) - _EMPTY:
        return Found(question="Which thing do you mean, and what should it do?")
    if not _ASKS.match(f"{clause.open}{'?' * (clause.said.rstrip().endswith('?') and not clause.values)}") or (
        re.match(r"(?:show|tell|list)", clause.open) and not has("me|its?|the|all", clause.open)
    ):
        return None
    if clause.values:
        return None
    if re.match(r"(?:when|where)\b", clause.open) and not clause.said.rstrip().endswith("?"):
        return None
    return answer(clause.open, subject)


def asks(text: str) -> bool:
    """Say whether words begin as a question does."""
    return bool(_ASKS.match(text.strip()))


def answer(text: str, subject: Subject) -> Found | None:
    """Return what the file says of what is asked in `text`, in lower case; None when it speaks of nothing there."""
    data = subject.data
    asked = _ABOUT.search(text)
    ruled = told.about(subject.instructions, asked["what"], least=0.6) if asked else []
    if ruled:
        return _told(ruled)
    answers: tuple[tuple[str, Callable[[], str]], ...] = (
        (r"called|(?:its|the) name|name(?=\W*$)|heißt|llama|chama", lambda: f"It is called {data.get('name')}."),
        (r"tools?|draw|abilities", lambda: _tools(subject)),
        (r"rules?|told|instructions?|instructed|regeln", lambda: _rules(subject)),
        (r"starters?|suggestions?", lambda: _listed("Its starters", subject.starters, "It has no starters.")),
        (r"temperature|creativ\w+", lambda: _one("The temperature", subject.model.get("temperature"))),
        (r"model|llm|runs? on|modell", lambda: _model(subject)),
        (r"knowledge|answers? from|based on|files?|sources?|documents?|pages|know|read", lambda: _knowledge(subject)),
        (r"variables?", lambda: _listed("Its variables", list(subject.variables), "It has no variables.")),
        (r"tests?", lambda: _listed("Its tests", [str(t.get("name")) for t in subject.tests], "It has no tests.")),
        (r"welcome\w*|greet\w*", lambda: _one("It greets with", data.get("welcome_message"))),
        (r"disclaimer", lambda: _one("The disclaimer", data.get("disclaimer"))),
        (r"version", lambda: _one("The version", data.get("version"))),
        (r"description|described|for\b|about", lambda: _one("Its description", data.get("description"))),
        (r"limits?|timeout|seconds|memory|remember\w*|messages", lambda: _limits(subject)),
    )
    for words, told_so in answers:
        if has(words, text):
            return Found(reply=told_so())
    ruled = [] if re.match(r"(?:show|list|tell)\b", text) else told.about(subject.instructions, text)
    return _told(ruled) if ruled else None


def _told(ruled: list[told.Statement]) -> Found:
    return Found(reply=f"It is told: {' '.join(f'“{stated.text}”' for stated in ruled)}")


def _tools(subject: Subject) -> str:
    return _listed("Its tools", [str(t.get("name") or t.get("type")) for t in subject.tools], "It has no tools.")


def _one(what: str, value: object) -> str:
    return f"{what}: {value}" if value not in (None, "") else f"{what}: not set."


def _listed(what: str, items: list[str], none: str) -> str:
    return f"{what}: {'; '.join(item.strip() for item in items)}." if items else none


def _rules(subject: Subject) -> str:
    rules = list(subject.rules) or [s.text for s in told.statements(subject.instructions) if s.rule]
    return (
        "Its rules: " + " ".join(f"{n}. “{rule}”" for n, rule in enumerate(rules, start=1))
        if rules
        else "It has no rules."
    )


def _model(subject: Subject) -> str:
    named = ":".join(str(p) for p in (subject.model.get("provider"), subject.model.get("name")) if p)
    return f"It answers with {named}." if named else "It names no model, so the default one answers."


def _knowledge(subject: Subject) -> str:
    parts = [
        f"{s.get('name')} ({', '.join(map(str, [*(s.get('paths') or []), *(s.get('urls') or [])]))})"
        for s in subject.knowledge
    ]
    return _listed("It answers from", parts, "It has no files or pages to answer from.")


def _limits(subject: Subject) -> str:
    parts = [f"{key} {value}" for part in ("memory", "limits") for key, value in (subject.data.get(part) or {}).items()]
    return _listed("Set", parts, "Memory and limits are as by default: 40 messages, 6 tool calls, 120 seconds.")
