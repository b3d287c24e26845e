"""The judgement of a model's answer: which operations hold, which are only suggested, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gptsmith.agent.builder.attachments import Attachment
from gptsmith.agent.builder.changes import removal
from gptsmith.agent.builder.changes.guards import faults, foreign_files, lock_on, why_locked
from gptsmith.agent.builder.changes.naming import followers, renamed
from gptsmith.agent.builder.changes.order import Op, conflicts, in_order
from gptsmith.agent.builder.changes.planning import mended, on_what_waits, plain_path, plan
from gptsmith.agent.builder.changes.proposal import ProposedOperation, Suggestion
from gptsmith.agent.builder.changes.sentences import in_words, is_same, spoken
from gptsmith.agent.builder.changes.subject import Subject, asked_to_drop, lost_rules, new_rules, opposed_rules, says
from gptsmith.agent.builder.language.answers import ChangeSet, ProposedChange
from gptsmith.agent.builder.language.description import language, sentences
from gptsmith.agent.builder.language.mentions import VERBS
from gptsmith.assistants.editing.edited_file import Plan
from gptsmith.assistants.editing.operations import Add, ReplaceText, Set, apply_to_data
from gptsmith.assistants.editing.splice import SpliceRefusedError
from gptsmith.assistants.format.writer import Style, entry_lines, item_lines
from gptsmith.errors import SpecError, UsageError

# An answer to a question of the builder's: what it rules out stays ruled out, and its own words are kept.

_NEGATIVE = re.compile(
    r"\b(?:never|not|no|nothing|avoid|without|refuse|nie|niemals|nicht|keinesfalls|kein\w*|ohne|jamais|pas|sans|nunca"
    r"|jamás|sin|não|sem|mai|non|senza|nooit|niet|geen|zonder)\b|n['’]t\b",
    re.IGNORECASE,
)
_UNDER_A_CONDITION = re.compile(
    r",?\s*\b(?:if|when|whenever|wenn|falls|quand|lorsque|si|cuando|se|quando|als|wanneer)\b[^,?]*", re.IGNORECASE
)
_ASKS_WHAT = (
    r"\b(?:any ?thing|what|which|topics?|things?|are there|is there|was|worüber|wovon|welche\w*|etwas|themen|dinge"
    r"|gibt es"
    r"|quoi|qu['’]est|quels?|quelles?|sujets?|y a-t-il|qué|cuáles|algo|temas?|cosa|quali|qualcosa|argomenti|que|quais"
    r"|assuntos|alguma coisa|wat|waarover|iets|onderwerpen)\b[^?]*"
)
_ASKS_FOR_BAN = re.compile(
    rf"{_ASKS_WHAT}\b(?:never|must(?: not|n['’]t)|should(?: not|n['’]t)|may not|avoid|off[- ]limits|forbidden"
    r"|not (?:say|do|talk|mention|allowed)|refuse|stay away|taboo"
    r"|nie|niemals|keinesfalls|auf keinen fall|unter keinen umständen|vermeiden|tabu|verboten"
    r"|jamais|éviter|interdite?s?|tabous?|nunca|jamás|evitar|prohibid\w+|mai|evitare|vietat\w+|proibid\w+"
    r"|nooit|vermijden|verboden|taboe"
    r"|(?:soll|sollte|darf|kann|muss|sollen|dürfen)\b[^?]*\b(?:nicht|kein\w*)|(?:doit|peut)\b[^?]*\bpas"
    r"|no (?:debe|debería|puede)|non (?:deve|dovrebbe|può)|não (?:deve|pode)"
    r"|(?:moet|mag)\b[^?]*\b(?:niet|geen\w*))\b[^?]*\?",
    re.IGNORECASE,
)
_YES_NO = [
    re.compile(rf"\b{asks} (?P<what>[^?]+)\?", re.IGNORECASE)
    for asks in (
        r"(?:should|shall|does|may|can|could|will|would) (?:it|they|he|she)",
        r"(?:soll|sollte|darf|kann|muss|wird|sollen|dürfen) (?:er|sie|es|(?:der|die|das) \w+)",
        r"(?:doit|devrait|peut)-(?:il|elle)",
        r"(?:^|¿|[,:] )(?:debe|debería|puede)",
        r"(?:^|[,:] )(?:deve|dovrebbe|può|deveria|pode)",
        r"(?:moet|mag|kan|zal) (?:hij|ze|het)",
    )
]
_OR = re.compile(r"\b(?:or|oder|ou|o|of)\b", re.IGNORECASE)
_SAYS_NO = re.compile(r"^\W*(?:no|nope|never|nein|nö|non|não|nee|nie|niemals|jamais|nunca|mai|nooit)\b", re.IGNORECASE)
_SAYS_YES = re.compile(r"^\W*(?:yes|yep|yeah|sure|of course|ja|klar|oui|sí|si|sim)\b", re.IGNORECASE)
_FORBIDS = re.compile(
    r"^\W*(?:(?:no|nope|nein|non|não|nee)[,:]?\s+)?(?:it |they |he |she )?(?:should |must |may )?"
    r"(?:never|not|don['’]t|do not|avoid|nie|niemals|nicht|kein\w*|auf keinen fall|jamais|ne|nunca|jamás|mai|nooit)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"[,;.:!?–—]\s|\b(?:and|but|und|aber|sondern|et|mais|y|pero|sino|e|ma|mas|en|maar)\b", re.IGNORECASE
)
_PUTS_OFF = re.compile(
    r"^\W*(?:no|nope|nothing|none|skip|pass|next|whatever|you decide|not really|up to you|(?:i )?(?:don['’]t|do not) "
    r"(?:know|care|mind)|(?:it )?(?:doesn['’]t|does not) matter|nein|nö|nichts|egal|(?:ist|das ist) (?:mir )?egal"
    r"|mir egal"
    r"|weiter|überspringen|(?:ich )?weiß (?:ich )?nicht|keine ahnung|entscheide du|such dir was aus|non|rien|passe"
    r"|peu importe"
    r"|je ne sais pas|nada|da igual|me da igual|da lo mismo|no sé|niente|non importa|non so|não|tanto faz|não sei|nee"
    r"|niets|maakt niet uit|weet ik niet)\W*$",
    re.IGNORECASE,
)
_NEVER = {"de": "Niemals", "fr": "Jamais", "es": "Nunca", "it": "Mai", "pt": "Nunca", "nl": "Nooit"}
_INFINITIVE = {  # a text that says what to do, so that the word behind which it comes needs no colon
    "de": re.compile(r"(?:e|l|r)n$"),
    "nl": re.compile(r"en$"),
    "fr": re.compile(r"^\w+(?:er|ir|re)\b"),
    "es": re.compile(r"^\w+[aei]r(?:se|l[aeo]s?)?\b"),
    "it": re.compile(r"^\w+[aei]r(?:e|si|l[aeio])\b"),
    "pt": re.compile(r"^\w+[aei]r(?:-se)?\b"),
}
_LEAD = re.compile(
    r"^\W*(?:yes|yeah|yep|sure|well|ok|ja|oui|sí|sim|si)?[\s,:]*"
    r"(?:(?:it|they|er|sie|es) (?:should|must|shall|may|can|could|will|soll|darf)?\s*)?",
    re.IGNORECASE,
)
_SMALL = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "that",
        "this",
        "its",
        "their",
        "your",
        "from",
        "about",
        "into",
        "them",
        "they",
        "when",
        "what",
        "some",
        "any",
    ]
)


def puts_off(answer: str) -> bool:
    """Say whether an answer leaves the matter to the builder, or says that there is nothing: `skip`, `egal`."""
    return _PUTS_OFF.match(answer) is not None


def kept(op: Op, question: str, answer: str) -> Op:
    """Return `op` with a "never" where the question asked for what must never be and the answer was taken as a wish.

    To "is there anything it must never do?", "give away the answer" is "Never give away the answer."
    """
    adds = isinstance(op, Add) and op.path == "instructions" and isinstance(op.value, str)
    if not (adds or isinstance(op, ReplaceText)) or not _is_ban(question, answer):
        return op
    field = "value" if adds else "new"
    new = str(getattr(op, field))
    for sentence in _new_sentences(new, getattr(op, "old", "")):
        if not _NEGATIVE.search(sentence) and _stems(sentence) & _stems(answer):
            new = new.replace(sentence, _banned(sentence, answer, language(f"{question} {answer}")))
    return op.model_copy(update={field: new})


def why_turned_round(op: Op, question: str, answer: str) -> str:
    """Say why an operation says the opposite of an answer: of a yes or no, or of one that forbids; "" when not."""
    if not isinstance(op, ReplaceText) or not question:
        return ""
    says_no, says_yes = bool(_SAYS_NO.match(answer)), bool(_SAYS_YES.match(answer))
    asked = next((found["what"] for pattern in _YES_NO if (found := pattern.search(question))), "")
    plain = bool(asked) and (says_no or says_yes) and len(answer.split()) <= 4
    plain = plain and not _OR.search(asked) and not _NEGATIVE.search(asked)
    forbids = bool(_FORBIDS.match(answer)) and not _SEVERAL.search(answer.strip(" .!"))
    for sentence in _new_sentences(op.new, op.old):
        told, negative = _stems(sentence), bool(_NEGATIVE.search(sentence))
        turned = plain and len(told & _stems(asked)) * 5 >= len(told) * 3 and negative == says_yes
        if told and (turned or (forbids and not negative and told & _stems(_NEGATIVE.sub(" ", answer)))):
            return f'the person answered "{answer}" to "{question}", and "{sentence}" says the opposite'
    return ""


def _is_ban(question: str, answer: str) -> bool:
    asks = bool(_ASKS_FOR_BAN.search(_UNDER_A_CONDITION.sub(" ", question)))
    return asks and not _NEGATIVE.search(answer) and not puts_off(answer) and not answer.rstrip().endswith("?")


def _banned(sentence: str, answer: str, tongue: str) -> str:
    what = _LEAD.sub("", " ".join(answer.split()), count=1).strip(" .!")
    if never := _NEVER.get(tongue):
        written = {word.casefold(): word for word in re.findall(r"[^\W\d_]+", sentence)[1:]}
        what = re.sub(r"[^\W\d_]+", lambda word: written.get(word.group().casefold(), word.group()), what)
        infinitive = _INFINITIVE[tongue].search(what) and " " in what
        return f"{never} {what}." if infinitive else f"{never}: {what}."
    bare = sentence.strip(" .!")
    if _is_order(bare):
        return f"Never {bare[:1].lower()}{bare[1:]}."
    what = what if re.match(r"[A-Z]{2}|I\b", what) else what[:1].lower() + what[1:]
    if _is_order(what):
        return f"Never {what}."
    first = what.split()[0] if what else ""
    return f"Avoid {what}." if first.endswith("ing") and " " in what else f"Never talk about {what}."


def _is_order(text: str) -> bool:
    return bool(text) and text.split()[0].casefold() in VERBS


def _new_sentences(new: str, old: str) -> list[str]:
    """Return the sentences of `new` that `old` does not have, without the marks of a list."""
    lines = [re.sub(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", "", line) for line in new.splitlines()]
    return [one for line in lines for one in sentences(line) if one and one not in old]


def _stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[^\W\d_]{3,}", text.casefold()) if word not in _SMALL}


MOST = 60
"""Operations that one answer may hold."""


@dataclass(frozen=True)
class Asked:
    """What the person said: the message, and with it what they said before; and the files that came with it.

    `waiting` are the changes that were proposed before and are not decided on; `question` is the builder's own that is
    open.
    """

    message: str
    earlier: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()
    waiting: Sequence[ProposedOperation] = ()
    question: str = ""

    @property
    def spoken(self) -> str:
        """Everything that the person said."""
        return "\n".join([*self.earlier, self.message])


@dataclass
class Judgement:
    """What holds of an answer.

    `problems` are what cannot be, `reminders` what the person's rules ask for: both for the model to mend. `unmet` is
    for the person to read. `withdrawn` are the places of those changes that waited and that a step replaces.
    """

    steps: list[ProposedOperation] = field(default_factory=list)
    locked: list[Suggestion] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    reminders: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    unchanged: list[Op] = field(default_factory=list)
    withdrawn: set[int] = field(default_factory=set)


def judge(answer: ChangeSet, subject: Subject, asked: Asked) -> Judgement:
    """Hold an answer against the file, the schema, the registry and the person's own words."""
    found = Judgement()
    changes = [change.model_copy(update={"path": plain_path(change.path)}) for change in answer.changes]
    for number in range(len(answer.changes)):
        if number >= MOST:
            found.problems.append(f"changes: more than {MOST}; propose only what the message asks for")
            break
        _weigh(number, changes, subject, asked, found)
    _without_conflicts(subject, found)
    _carry_name(subject, found)
    planned = _plan(subject, asked, found)
    found.problems = list(dict.fromkeys(found.problems))
    if planned is not None:
        _mind_rules(planned, subject, asked, found)
    return found


def _weigh(number: int, changes: Sequence[ProposedChange], subject: Subject, asked: Asked, found: Judgement) -> None:
    change = changes[number]
    where = f"changes[{number}] ({change.op} {change.path[:80]})"
    try:
        for op in _meant(change, subject, asked, found):
            wrong = [f"{where}: {fault}" for fault in faults(op, subject, asked.message, asked.spoken)]
            turned = why_turned_round(op, asked.question, asked.message)
            wrong += [f"{where}: {turned}"] if turned else []
            wrong += [f"{where}: {fault}" for fault in removal.faults(op, change, changes, subject, asked.message)]
            if not wrong and not is_same(op, subject.data):
                after = apply_to_data(subject.data, in_order(subject.data, [op]))
                wrong += [f"{where}: {fault}" for fault in foreign_files(after, subject, asked.spoken)]
            found.problems += wrong
            if wrong:
                continue
            if is_same(op, subject.data):
                found.unchanged.append(op)
            elif all(step.operation != op for step in found.steps):
                words = spoken(op, subject.data, change.words, asked.message)
                _take(ProposedOperation(operation=op, words=words, asked=change.asked), subject, found)
    except UsageError as error:
        found.problems.append(f"{where}: {error}")


def _take(step: ProposedOperation, subject: Subject, found: Judgement) -> None:
    """Propose a step, or only suggest it where it would touch what is locked."""
    if locked := lock_on(step.operation, subject):
        found.locked.append(_suggestion(step.operation, subject, why_locked(locked)))
    else:
        found.steps.append(step)


def _meant(change: ProposedChange, subject: Subject, asked: Asked, found: Judgement) -> list[Op]:
    """Return the operations that a change means, for the file or for what waits."""
    out: list[Op] = []
    for named in removal.named_items(change, subject):
        meant, place = on_what_waits(named, subject, [step.operation for step in asked.waiting])
        found.withdrawn |= {place} if place is not None else set()
        out += mended(kept(meant, asked.question, asked.message), subject, list(asked.attachments))
    return out


def _carry_name(subject: Subject, found: Judgement) -> None:
    """Put what a new name brings along directly behind it."""
    coming, own = list(followers(found.steps, subject)), found.steps
    found.steps = []
    for step in own:
        found.steps.append(step)
        for follower in coming:
            if follower.follows == step.operation.path:
                _take(follower, subject, found)


def _suggestion(op: Op, subject: Subject, why: str, lines: Sequence[str] | None = None) -> Suggestion:
    if lines is None:
        if isinstance(op, ReplaceText):
            lines = op.new.splitlines()
        elif isinstance(op, Set):
            lines = entry_lines(op.path.rsplit(".", 1)[-1], op.value, 0, style=Style())
        else:
            lines = item_lines(op.value, 0, style=Style()) if isinstance(op, Add) else []
    return Suggestion(path=op.path, words=in_words(op, subject.data), why=why, lines=list(lines))


def _without_conflicts(subject: Subject, found: Judgement) -> None:
    dropped = set()
    for first, second in conflicts(subject.data, [step.operation for step in found.steps]):
        if first in dropped or second in dropped:
            continue
        dropped.add(second)
        one, other = found.steps[first].operation.path, found.steps[second].operation.path
        where = one if one == other else f"{one} and {other}"
        found.problems.append(f"two changes of {where} exclude each other; propose one, for the file as it is shown")
    found.steps = [step for n, step in enumerate(found.steps) if n not in dropped]


def _plan(subject: Subject, asked: Asked, found: Judgement) -> Plan | None:
    """Plan all steps; where that fails, those that can be planned together, and say what is wrong with the others."""
    try:
        return _planned(subject, asked, found.steps)
    except (UsageError, SpecError) as error:
        whole = error
    kept: list[ProposedOperation] = []
    left = list(found.steps)
    for _ in range(2):  # a second round, for what needs another step to be there first
        waiting = []
        for step in left:
            try:
                _planned(subject, asked, [*kept, step])
            except (UsageError, SpecError):
                waiting.append(step)
            else:
                kept.append(step)
        left = waiting
    for step in left:
        _refuse(step, [*kept], subject, asked, found)
    if not left:
        found.problems.append(str(whole))
    found.steps = [step for step in found.steps if step in kept]
    return _planned(subject, asked, found.steps) if found.steps else None


def _refuse(
    step: ProposedOperation, kept: list[ProposedOperation], subject: Subject, asked: Asked, found: Judgement
) -> None:
    try:
        _planned(subject, asked, [*kept, step])
    except SpliceRefusedError as error:
        why = f"line {error.line} is written in a way that cannot be changed safely; write it there by hand"
        found.locked.append(_suggestion(step.operation, subject, why, error.lines))
    except SpecError as error:
        told = "; ".join(
            ": ".join([d.path, "; ".join(filter(None, [d.message, d.hint]))]) for d in error.diagnostics[:5]
        )
        found.problems.append(f"{step.operation.op} {step.operation.path}: {told}")
    except UsageError as error:
        found.problems.append(f"{step.operation.op} {step.operation.path}: {error}")


def _planned(subject: Subject, asked: Asked, steps: Sequence[ProposedOperation]) -> Plan:
    return plan(subject, [step.operation for step in steps], asked.attachments)


def _mind_rules(planned: Plan, subject: Subject, asked: Asked, found: Judgement) -> None:
    """Find the person's rules that would be lost although they did not ask for that, and new ones that are not kept."""
    after = instructions_after(subject, [step.operation for step in found.steps])
    lost = [rule for rule in lost_rules(subject.rules, after) if not asked_to_drop(rule, asked.message)]
    if names := renamed(found.steps, subject):
        lost = [rule for rule in lost if not says(after, rule.replace(*names))]
    for rule in lost:
        found.reminders.append(
            f'this would lose the person\'s rule "{rule}", which they did not ask to drop; keep it word for word'
        )
    if lost:
        found.steps = [_with_losses(step, lost, subject) for step in found.steps]
    opposed = opposed_rules(subject.rules, subject.instructions, after)
    opposed = [rule for rule in opposed if rule not in lost_rules(subject.rules, after)]
    for rule in opposed:
        found.reminders.append(
            f'this goes against the person\'s rule "{rule}", which stays; change that rule if the message asks for it,'
            " else leave this out and ask about it in question"
        )
    if opposed:
        found.steps = [_with_opposed(step, opposed, subject) for step in found.steps]
    if asked.message.rstrip().endswith("?") or "instructions" in subject.locked:
        return
    for rule in new_rules(asked.message):
        if not says(after, rule) and not asked_to_drop(rule, asked.message):
            found.reminders.append(
                f'the person\'s rule "{rule}" stands nowhere in the instructions; add it in their words'
            )
            found.unmet.append(f'Your rule "{rule}" is not in the file yet.')


def _with_losses(step: ProposedOperation, lost: list[str], subject: Subject) -> ProposedOperation:
    if not step.operation.path.startswith("instructions"):
        return step
    gone = lost_rules(lost, instructions_after(subject, [step.operation]))
    return step.model_copy(update={"drops": gone})


def _with_opposed(step: ProposedOperation, opposed: list[str], subject: Subject) -> ProposedOperation:
    if not step.operation.path.startswith("instructions"):
        return step
    after = instructions_after(subject, [step.operation])
    return step.model_copy(update={"opposes": opposed_rules(opposed, subject.instructions, after)})


def instructions_after(subject: Subject, ops: Sequence[Op]) -> str:
    """Return the instructions as `ops` leave them, wherever they stand."""
    told = [op for op in ops if op.path == "instructions"]
    data: Any = apply_to_data(subject.data, in_order(subject.data, told))
    return str(data.get("instructions", ""))
