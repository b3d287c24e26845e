"""A new name of the assistant or of a tool, carried to what else in the file says the old one, whoever proposed it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gptsmith.agent.builder.changes.order import Op, changed
from gptsmith.agent.builder.changes.proposal import ProposedOperation
from gptsmith.agent.builder.changes.sentences import in_words, label_of
from gptsmith.agent.builder.changes.subject import Subject
from gptsmith.assistants.editing.operations import ReplaceText, Set, parse_path, value_at, write_path
from gptsmith.assistants.files.spec_files import Span, mentions, with_name
from gptsmith.assistants.format.problems import KeyPath


def renamed(steps: Sequence[ProposedOperation], subject: Subject) -> tuple[str, str] | None:
    """Return the old and the new name where the steps rename the assistant."""
    old = subject.data.get("name")
    for op in (step.operation for step in steps):
        if isinstance(op, Set) and op.path == "name" and isinstance(op.value, str) and isinstance(old, str):
            new = op.value.strip()
            return (old, new) if old.strip() and new and new != old else None
    return None


def followers(steps: Sequence[ProposedOperation], subject: Subject) -> Iterator[ProposedOperation]:
    """Yield what carries a new name on: to each text that says the old one and that no other step changes there."""
    yield from _of_tools(steps, subject)
    if (names := renamed(steps, subject)) is None:
        return
    old, new = names
    taken = [(parse_path(step.operation.path), step.operation) for step in steps]
    for place, spans in mentions(subject.data, old):
        text = str(value_at(subject.data, place))
        here = [op for path, op in taken if path == place and isinstance(op, ReplaceText)]
        if any(path in (place, place[: len(path)]) and op not in here for path, op in taken):
            continue
        if "expect" in place:
            if here:  # the model's own step changes this text, and one place takes one change
                continue
            op = Set(path=write_path(place), value=with_name(text, spans, new))
            yield ProposedOperation(operation=op, words=in_words(op, subject.data), follows="name")
            continue
        free = [span for span in spans if not any(_touches(text, span, op) for op in here)]
        for group in ([span] for span in free) if here else [free]:
            if group:
                yield _step(place, text, group, names, subject)


def _of_tools(steps: Sequence[ProposedOperation], subject: Subject) -> Iterator[ProposedOperation]:
    """Yield the tests that expect a call of a tool under its old name."""
    written = {step.operation.path for step in steps}
    for op in (step.operation for step in steps):
        place = parse_path(op.path)
        if not isinstance(op, Set) or len(place) != 3 or (place[0], place[2]) != ("tools", "name"):
            continue
        old = subject.spec.tools[int(place[1])].name
        for n, test in enumerate(subject.spec.tests):
            for key in ("calls", "not_calls"):
                for i, called in enumerate(getattr(test.expect, key)):
                    here = (f"tests[{n}]", f"tests[{n}].expect.{key}", f"tests[{n}].expect.{key}[{i}]")
                    if called == old and not written.intersection(here):
                        follows = Set(path=here[-1], value=op.value)
                        yield ProposedOperation(
                            operation=follows, words=in_words(follows, subject.data), follows=op.path
                        )


def _touches(text: str, span: Span, op: ReplaceText) -> bool:
    start, end, _ = changed(text, op)
    return start <= span[1] and span[0] <= end


def _step(place: KeyPath, text: str, spans: list[Span], names: tuple[str, str], subject: Subject) -> ProposedOperation:
    """Return one replacement, from the first of these places to the last, in words that stand there once."""
    start, end = spans[0][0], spans[-1][1]
    while text.find(text[start:end], text.find(text[start:end]) + 1) >= 0:
        start, end = max(start - 8, 0), min(end + 8, len(text))
    inside = [(a - start, b - start) for a, b in spans]
    op: Op = ReplaceText(path=write_path(place), old=text[start:end], new=with_name(text[start:end], inside, names[1]))
    often = f" in {len(spans)} places" if len(spans) > 1 else ""
    where = label_of(place, subject.data)
    words = f"{where[:1].upper()}{where[1:]} {'say' if where.endswith('s') else 'says'} “{names[1]}” instead of"
    return ProposedOperation(operation=op, words=f"{words} “{names[0]}”{often}.", follows="name")
