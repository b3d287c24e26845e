"""The changes that a person's message asks for: each command's kind, place and words by deciders that have to agree.

A learned head tells the kind of change, the encoder the place, code the numbers and given texts; the local model words
a rule and judges the change that came of it. What they disagree about is asked back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from langchain_core.messages import BaseMessage

from gptsmith.agent.builder.composing import interview, reaching, rules, settings, texts, tools
from gptsmith.agent.builder.composing.commands import CERTAIN, Command, commands, exact_kind, senses
from gptsmith.agent.builder.composing.statements import LEAST, grounds, scores, statements
from gptsmith.agent.builder.composing.subject import CommandSubject, FoundChange, has, subject_of
from gptsmith.agent.builder.language.answers import ChangeSet
from gptsmith.agent.builder.language.requests import ChangeRequest, read_change_request
from gptsmith.assistants.editing.operations import apply_to_data
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.models.chat.drafting import Drafting
from gptsmith.models.chat.embedded.arguments import not_supported, register_composer
from gptsmith.models.chat.embedded.replies import CONNECT_TO_BUILD
from gptsmith.models.chat.embedded.tasks import find_writer
from gptsmith.models.chat.embedded.tasks.designing import fits
from gptsmith.models.chat.local.writer import Writer

# Questions about the assistant that is being changed, answered from its file.

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


def to_the_builder(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Answer what is said to the builder itself; None for anything else."""
    if _UNDO.match(said.open.strip()):
        return FoundChange(
            reply="Nothing is undone by words alone: use undo, which brings back the file as it was before the last"
            " change."
        )
    if _WHO.match(said.said):
        name = subject.data.get("name") or "this assistant"
        return FoundChange(reply=f"I am the builder of {name}: say what should be different, and I propose the change.")
    return FoundChange(question="What should change next?") if _COURTESY.match(said.said) else None


def answer(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Return what the file says of what is asked; None when it speaks of nothing there."""
    rules = [thing for thing in grounds(subject) if thing.kind == "rule"]
    near = max(zip(scores(said.text, rules), rules, strict=True), key=lambda one: one[0], default=None)
    if near and near[0][0] >= LEAST and near[0][1] and not has(r"rules|instructions|starters?|tools?", said.open):
        return FoundChange(reply=f"It is told: “{near[1].text}”")
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
    return next((FoundChange(reply=reply) for words, reply in listed.items() if has(words, said.open)), None)


def _rules(subject: CommandSubject) -> str:
    rules = list(subject.rules) or [s.text for s in statements(subject.instructions) if s.rule]
    told = " ".join(f"{n}. “{rule}”" for n, rule in enumerate(rules, start=1))
    return f"Its rules: {told}" if rules else "It has no rules."


def _sources(subject: CommandSubject) -> list[str]:
    return [
        f"{s.get('name')} ({', '.join(map(str, [*(s.get('paths') or []), *(s.get('urls') or [])]))})"
        for s in subject.knowledge
    ]


def _list(what: str, items: list[str]) -> str:
    return f"{what}: {'; '.join(item.strip() for item in items)}." if items else f"{what}: none."


def _one(what: str, value: object) -> str:
    return f"{what}: {value}" if value not in (None, "") else f"{what}: not set."


MOST = 3000
"""Characters of a message that is read as commands; a longer one is no command."""
LONGEST = 400
"""Characters of one command."""
TRIED, POSSIBLE = 3, 0.08
"""How many kinds of change are tried for a command, and how likely each has to be."""
SURE, ALONE, AGREED = 0.95, 0.5, 0.3
"""How likely a kind is that needs no judge, or that code does alone; how likely and judged right what is done else."""
DENIED = 0.25
"""How much of its likelihood a change keeps that the judge denies: a small model says no too easily."""
ORDERED = 0.8
"""How likely an answer in the interview is a command instead."""
_NOTHING = frozenset(("remark", "unclear", "question", "vague", "metadata"))
_WORDED = frozenset(("tone",))  # what the model worded and code has checked, and hurts least
_ORDER = re.compile(  # what is said to the builder, whatever was asked
    r"(?:please )?(?:(?:call|name|rename) (?:it|him|her|them|the)|add|drop|remove|delete|set|turn (?:on|off)|switch"
    r"|change)\b",
    re.IGNORECASE,
)
_DOERS = {**texts.DOERS, **settings.DOERS, **tools.DOERS}


@register_composer(ChangeSet)
def compose_answer(messages: Sequence[BaseMessage], _: Drafting | None = None) -> ChangeSet:
    """Return the changes for the last request among `messages`. Raises NotSupported when none of them asks for one."""
    for message in reversed(messages):
        content = getattr(message, "content", "")
        request = read_change_request(content) if isinstance(content, str) else None
        if request is not None:
            return compose_changes(request)
    raise not_supported("change an assistant without the builder's request")


def compose_changes(request: ChangeRequest) -> ChangeSet:
    """Return what `request` asks for: operations, what was not understood, what is missing, an answer, a question."""
    if len(request.message) > MOST:
        said = f"{request.message[:80].strip()}…"
        return ChangeSet(not_understood=[said], reply=f"That is too much to read as commands. {CONNECT_TO_BUILD}")
    writer = find_writer()
    try:
        return _composed(request, writer)
    except GptsmithError:  # an engine that died: what code can do alone
        if writer is None:
            raise
        return _composed(request, None)


def _composed(request: ChangeRequest, writer: Writer | None) -> ChangeSet:
    asked = interview.open_question(request.conversation)
    if not asked:
        return _read(request, subject_of(request), writer)
    answer = ChangeSet() if interview.leaves_it(request.message) else _answered(asked, request, writer)
    answer.question = answer.question or interview.next_question(*_lines(request))
    if answer == ChangeSet():
        answer.reply = "All right, that stays as it is."
    return answer


def _answered(asked: str, request: ChangeRequest, writer: Writer | None) -> ChangeSet:
    """Return what an answer changes; an order that is clearly none is carried out instead."""
    subject = subject_of(request)
    kind, likely = next(iter(senses(request.message, subject).items()))
    if (kind in _DOERS and likely >= ORDERED) or request.files or _ORDER.match(request.message.strip()):
        return _read(request, subject, writer)
    found = interview.read_answer(asked, request.message, subject, writer)
    if found is None:
        return _read(request, subject, writer)
    answer = ChangeSet()
    _gather(answer, Command(request.message), found, subject)
    return answer


def _lines(request: ChangeRequest) -> tuple[list[str], list[str]]:
    """Return what the person said up to now, and what the builder did."""
    said = [line.removeprefix("person: ") for line in request.conversation if line.startswith("person: ")]
    return [*said, request.message], [line for line in request.conversation if line.startswith("builder: ")]


def _read(request: ChangeRequest, subject: CommandSubject, writer: Writer | None) -> ChangeSet:
    answer = ChangeSet()
    found, rest = reaching.reached(request, subject)
    _gather(answer, Command(request.message), found, subject)
    if rest != request.message:
        request = request.model_copy(update={"message": rest, "conversation": []})
    for said, found in _settled(commands(_with_what_was_asked(request), subject), subject, writer) if rest else ():
        _gather(answer, said, found, subject)
    loose = reaching.loose(request)
    if loose and not any(c.path.startswith("knowledge") for c in answer.changes) and not answer.question:
        _gather(answer, Command(request.message), tools.attached(subject, loose), subject)
    answer.changes = tools.without_doubles(settings.one_model(answer.changes, subject))
    _only_what_fits(answer, subject)
    if not (answer.changes or answer.missing or answer.not_understood or answer.reply or answer.question):
        answer.question = WHAT
    if answer.not_understood:
        listed = " and ".join(f"“{said}”" for said in dict.fromkeys(answer.not_understood))
        answer.reply = " ".join(filter(None, [answer.reply, f"I did not understand {listed}.", CONNECT_TO_BUILD]))
    return answer


def _settled(
    said: list[Command], subject: CommandSubject, writer: Writer | None
) -> Iterator[tuple[Command, FoundChange]]:
    """Yield each command with what it changes; what only tells a reason beside others is left out."""
    for command in said:
        if len(command.said) > LONGEST:
            yield command, FoundChange(unclear=True)
            continue
        odds = senses(command.said, subject)
        if named := exact_kind(command):
            odds = {named: CERTAIN, **{k: p for k, p in odds.items() if k != named}}
        kind = next(iter(odds))
        talk = to_the_builder(command, subject)
        if talk is not None:
            yield command, talk
        elif kind == "question" and asks(command):
            yield command, answer(command, subject) or FoundChange(unclear=True)
        elif kind == "vague" or (kind == "remark" and len(said) == 1):
            yield command, FoundChange(question=WHAT)
        elif kind != "remark":
            yield command, _done(command, odds, subject, writer)


def _done(said: Command, odds: dict[str, float], subject: CommandSubject, writer: Writer | None) -> FoundChange:
    """Return the change that the deciders agree on; else a question, or that it was not understood."""
    if next(iter(odds)) == "unclear" and odds["unclear"] > ALONE:
        return FoundChange(unclear=True)
    asked: FoundChange | None = None
    best: tuple[float, FoundChange] = (0.0, FoundChange(unclear=True))
    for kind in [k for k in odds if k not in _NOTHING and odds[k] >= POSSIBLE][:TRIED]:
        likely, before = odds[kind], len(subject.touched)
        found = change_for(kind, said, subject, writer)
        if found is not None and not found.changes and likely >= ALONE:
            asked = asked or found
        if found is None or not found.changes:
            continue
        least = ALONE if writer is None else AGREED
        agreed = likely >= (ALONE if kind in _WORDED else SURE) or writer is None
        worth = likely if agreed or writer is None else likely * _judged(writer, said, found)
        if worth >= least and worth > best[0]:
            best = (worth, found)
        else:
            del subject.touched[before:]
        if likely >= SURE:
            break
    return best[1] if best[1].changes or asked is None else asked


def change_for(kind: str, said: Command, subject: CommandSubject, writer: Writer | None) -> FoundChange | None:
    """Return what a command of this kind changes; None when it does not say enough."""
    ruler = rules.DOERS.get(kind)
    doer = _DOERS.get(kind)
    return ruler(said, subject, writer) if ruler else doer(said, subject) if doer else None


def _judged(writer: Writer, said: Command, found: FoundChange) -> float:
    """Return what the model's judgement leaves of a change's likelihood."""
    yes = fits(writer, said.said, " ".join(change.words for change in found.changes[:3]))
    return DENIED + (1 - DENIED) * yes


def _gather(answer: ChangeSet, command: Command, found: FoundChange, subject: CommandSubject) -> None:
    for change in found.changes:
        if any(change.operation() == other.operation() for other in answer.changes):
            continue  # said twice in one message
        locked = any(change.path == path or change.path.startswith((f"{path}.", f"{path}[")) for path in subject.locked)
        words = f"A suggestion, because it is locked: {change.words}" if locked else change.words
        answer.changes.append(change.model_copy(update={"asked": command.said, "words": words}))
    answer.missing += found.missing
    if found.unclear:
        answer.not_understood.append(command.said)
    if found.reply and found.reply not in answer.reply:
        answer.reply = f"{answer.reply} {found.reply}".strip()
    answer.question = answer.question or found.question


def _only_what_fits(answer: ChangeSet, subject: CommandSubject) -> None:
    """Leave out a change that the spec's data does not take, and say so: a promise that cannot be kept is none."""
    data = {**subject.data, "instructions": subject.instructions}
    kept = []
    for change in answer.changes:
        try:
            apply_to_data(data, [change.operation()])
        except UsageError:
            answer.not_understood.append(change.asked)
            continue
        kept.append(change)
    answer.changes = kept


def _with_what_was_asked(request: ChangeRequest) -> str:
    """Return the message; a short answer to our own question stands behind the command that it was asked about."""
    talk = request.conversation
    asked = len(talk) > 1 and talk[-2].startswith("person: ") and re.match(r"builder: .*\?\s*$", talk[-1], re.DOTALL)
    if (
        not asked
        or len(request.message.split()) > 8
        or re.match(r"(?:call|add|drop|remove|make|set|use|never|always|no\b|rename)", request.message, re.IGNORECASE)
    ):
        return request.message
    return f"{talk[-2].removeprefix('person: ').rstrip(' .!?')} ({request.message.strip()})"
