"""The commands of one message read in order: what each changes, with what the ones beside it say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from gptsmith.models.chat.embedded import (
    edits_guess,
    edits_knowledge,
    edits_manner,
    edits_metadata,
    edits_model,
    edits_privacy,
    edits_pronouns,
    edits_questions,
    edits_revised,
    edits_rules,
    edits_settings,
    edits_starters,
    edits_swaps,
    edits_tests,
    edits_texts,
    edits_tongue,
    edits_tools,
    edits_variables,
)
from gptsmith.models.chat.embedded.edits_behaviour import is_bound, spoken_rule
from gptsmith.models.chat.embedded.edits_clauses import Clause, clause, is_statement
from gptsmith.models.chat.embedded.edits_settled import Read, settled
from gptsmith.models.chat.embedded.edits_subject import Found, Subject
from gptsmith.models.chat.embedded.edits_words import COMMAND_WORDS, with_apostrophes
from gptsmith.models.chat.embedded.words import correct

Reader = Callable[[Clause, Subject], Found | None]
READERS: tuple[Reader, ...] = (  # the more particular before the more general
    edits_questions.read,
    edits_pronouns.read,
    edits_swaps.read,
    edits_tests.read,
    edits_starters.read,
    edits_variables.read,
    edits_privacy.read,
    edits_metadata.read,
    edits_texts.read_name,
    edits_model.read,
    edits_settings.read,
    edits_tools.read,
    edits_knowledge.read,
    edits_texts.read,
    edits_tongue.read,
    edits_revised.read,
    edits_manner.read,
    edits_rules.read_changed,
    edits_guess.read,
    edits_rules.read,
)
_GENERAL = (
    edits_questions.read,
    edits_guess.read,
    edits_rules.read_changed,
    edits_tongue.read,
    edits_manner.read,
    edits_rules.read,
)
_NOUNS: dict[Reader, str] = {edits_starters.read: "starter", edits_tests.read: "test", edits_rules.read_changed: "rule"}
_LONGEST = 400  # characters of one command
_VAGUE = re.compile(
    r"^(?:fix|change|adjust|tone|sort|do something about|mend|correct|tweak|address|improve|rename|update|replace)"
    r" (?:it|that|this|them|the \w+|its \w+)"
    r"(?: down| out| up)?\W*$",
    re.IGNORECASE,
)


def read_all(commands: list[Clause], subject: Subject, *, guess: bool = True) -> list[Read]:
    """Read the commands in order; without `guess` what no reader knew stays not understood.

    `the first one` is one of what the command before was about. A statement that is no command is the reason for the
    one beside it: `nobody clicks on the second starter, take it out`.
    """
    results: list[Read] = []
    noun = ""
    left = list(commands)
    before: Clause | None = None
    while left:
        command = _with_noun(left.pop(0), noun)
        result = _read(command, subject)
        if spoken := edits_pronouns.named(command, before):
            result = Read(command, edits_rules.told_rule(subject, spoken), edits_rules.read)
        if results and _hangs(command, result, results[-1]):
            results[-1] = _with_undone(results[-1], command)
            continue
        before = command
        if left and _needs_next(result, left[0], subject):
            both = _joined(command, left[0])
            whole = _read(both, subject, [r for r in READERS if r not in _GENERAL or r is edits_guess.read])
            if whole.found.changes and _says_more(whole, result):
                left.pop(0)
                results.append(whole)
                continue
            if _is_reason(result) and not result.found.reply:
                continue
        if (
            _is_reason(result)
            and results
            and not results[-1].found.unclear
            and (command.glued or not _about_it(command))
        ):
            if command.glued and _rule(results[-1]):
                results[-1] = _with_more(results[-1], command, subject)  # nothing that belongs to a rule gets lost
            continue
        if result.found.unclear and _VAGUE.match(command.text) and left and re.match(r"\s*[,:;–-]\s*$", left[0].glued):
            continue  # `tone it down, it's a bit harsh`: what is meant stands beside it
        noun = _NOUNS.get(result.reader, noun) if result.reader else noun
        results.append(result)
    merged = _merged(results, subject)
    return settled(merged, commands, subject, _read) if guess else merged


def _hangs(command: Clause, result: Read, before: Read) -> bool:
    """Say whether a command only goes on with one that cannot be done: `run their code and tell them if it works`."""
    undone = bool(before.found.missing or before.found.unclear) and not before.found.changes
    return (
        undone
        and bool(re.match(r",?\s+(?:and|then)\b", command.glued))
        and (result.reader is edits_rules.read or result.found.unclear)
        and bool(re.search(r"\b(?:it|them|those|this|the results?)\b", command.open))
    )


def _with_undone(result: Read, more: Clause) -> Read:
    last = result.command
    return replace(result, command=replace(last, said=last.said + more.glued + more.said))


def _needs_next(result: Read, after: Clause, subject: Subject) -> bool:
    """Say whether a command is understood only with the one behind it: a reason, a name to come, `it` for a file."""
    if result.found.unclear:
        same = re.match(r",?\s+and\s", after.glued) and re.search(r"\b(?:it|them|those)\b", after.open)
        if same and not _read(after, subject).found.changes:
            return True  # `people may send photos and have them described`
        return _is_reason(result) or bool(re.match(r",?\s+so\s", after.glued))
    if result.found.question and not result.found.changes:
        return not _read(after, subject).found.changes
    if result.reader is edits_tools.read and result.found.changes:  # `the drawing tool, four pictures at a time`
        return bool(after.glued) and _read(after, subject).found.unclear
    files = result.reader is edits_knowledge.read and bool(result.command.files)
    return (
        files
        and bool(re.search(r"\b(?:it|them|this|that|these)\b", after.open))
        and _read(after, subject).found.unclear
    )


def _says_more(whole: Read, part: Read) -> bool:
    """Say whether two commands read as one change something else than the first of them."""
    return [c.operation() for c in whole.found.changes] != [c.operation() for c in part.found.changes]


def _about_it(command: Clause) -> bool:
    """Say whether a statement speaks of the assistant, so that it may be a wish of its own."""
    return bool(re.match(r"(?:it|its|it['’]s|the|this|that|there)\b", command.open.strip()))


def _with_noun(command: Clause, noun: str) -> Clause:
    if not noun:
        return command
    named = re.sub(r"\b(first|second|third|fourth|last|other|old) one\b", rf"\1 {noun}", command.text)
    same = named == command.text
    return command if same else replace(clause(named, command.files, command.code), said=command.said)


def _is_reason(result: Read) -> bool:
    return result.found.unclear and is_statement(result.command.text)


def _joined(first: Clause, second: Clause) -> Clause:
    return clause(f"{first.said.rstrip(' .?!')}, {second.said}", second.files, second.code)


def _read(command: Clause, subject: Subject, readers: list[Reader] | tuple[Reader, ...] = READERS) -> Read:
    """Return what the first reader that knows the command makes of it; at need with slips of the pen put right."""
    if len(command.text) > _LONGEST:
        return Read(command, Found(unclear=True))
    for said in dict.fromkeys((command, _corrected(command))):
        for reader in readers:
            found = reader(said, subject)
            if found is not None:
                return Read(command, found, reader)
    return Read(command, Found(unclear=True))


def _corrected(command: Clause) -> Clause:
    text = correct(with_apostrophes(command.text), COMMAND_WORDS)
    return command if text == command.text else clause(text, command.files, command.code)


def _merged(results: list[Read], subject: Subject) -> list[Read]:
    """Put rules that the person said in one sentence together again: `never guess, and always say where it hangs`."""
    out: list[Read] = []
    for n, result in enumerate(results):
        if n + 1 < len(results) and _bounded_next(result, results[n + 1]):
            continue  # `it talks too much, two lines at most`: what is wanted is said exactly
        rule, before = _rule(result), _rule(out[-1]) if out else ""
        glue = result.command.glued
        if rule and before and glue and not _stands_alone(before, rule, glue):
            last = out[-1].command
            whole = replace(
                last, said=last.said + glue + result.command.said, text=last.text + glue + result.command.text
            )
            out[-1] = Read(whole, edits_rules.told_rule(subject, before + glue + rule), edits_rules.read)
        else:
            out.append(result)
    return out


def _stands_alone(before: str, rule: str, glue: str) -> bool:
    """Say whether a rule is one of its own, to be accepted or refused alone: `…, and never mention prices`."""
    absolute = re.match(r"(?:never|always|don['’]t|do not|avoid)\b", rule, re.IGNORECASE)
    case = re.match(r"(?:if|when|whenever|once|before|after|unless|for|at|in|on)\b", before, re.IGNORECASE)
    back = re.search(r"\b(?:it|them|that|those|then|there|this|instead|one|ones)\b", rule, re.IGNORECASE)
    return bool(absolute) and not case and not back and bool(re.search(r"\band\b|;", glue))


def _bounded_next(result: Read, after: Read) -> bool:
    """Say whether a complaint about the length stands before the length that is wanted."""
    complaint = result.reader is edits_manner.read and is_statement(result.command.text)
    short = any("short" in (change.new or "") for change in result.found.changes)
    return complaint and short and bool(_rule(after)) and is_bound(after.command)


def _with_more(result: Read, more: Clause, subject: Subject) -> Read:
    last, rule = result.command, _rule(result) + more.glued + more.said
    whole = replace(last, said=last.said + more.glued + more.said, text=last.text + more.glued + more.said)
    return Read(whole, edits_rules.told_rule(subject, rule), edits_rules.read)


def _rule(result: Read) -> str:
    """Return the rule that a command added, in the person's words."""
    added = result.reader is edits_rules.read and result.found.changes
    return spoken_rule(result.command) if added else ""
