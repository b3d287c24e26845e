"""An operation in one sentence, made from the operation itself, so that it says nothing that is not in the diff."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.agent.builder.changes.order import Op
from gptsmith.agent.builder.language.description import language
from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set, find_value, parse_path, write_path
from gptsmith.assistants.format.problems import KeyPath, show

_LABELS = {
    "conversation_starters": ("the starters", "starter"),
    "tools": ("the tools", "tool"),
    "knowledge": ("the knowledge", "knowledge source"),
    "tests": ("the tests", "test"),
    "guardrails": ("the guardrails", "guardrail"),
    "variables": ("the variables", "variable"),
    "welcome_message": ("the welcome message", ""),
    "x-builder": ("the builder's locks", ""),
}
_EXPECTED = {  # what a test looks at, as a person would say it
    "contains": "what the answer must say",
    "not_contains": "what the answer must not say",
    "matches": "the pattern of the answer",
    "cites": "what must be cited",
    "calls": "which tools must be called",
    "not_calls": "which tools must not be called",
    "images": "how many pictures must come",
    "says_unknown": "whether it must say that it does not know",
}
_LONGEST = 160
_CLAIM = re.compile(
    r"\b(done|i(?:'ve| have)|i (?:added|changed|removed|updated|set|made|renamed)|has been|have been|erledigt|ich habe"
    r"|wurde|fait|j'ai|hecho|he \w+do|feito|fiz|fatto|ho \w+to|gedaan|ik heb)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|«[^»]*»")


def in_words(op: Op, data: Any) -> str:
    """Say in English what `op` does to `data`, the file as shown."""
    text = _told(op, data)
    return text if re.search(r"[.!?…]\"$", text) else f"{text}."


def _told(op: Op, data: Any) -> str:
    place = parse_path(op.path)
    if place[:2] == ("x-builder", "locked") and not isinstance(op, ReplaceText):
        if isinstance(op, Remove):
            return f"Unlocks {label_of(parse_path(str(find_value(data, place))), data)}"
        return f"Locks {label_of(parse_path(str(op.value)), data)}: I may only suggest changes of it"
    if isinstance(op, ReplaceText):
        return _words_changed(op, label_of(place, data))
    if isinstance(op, Remove):
        return f"Removes {_named(place, data)}"
    if isinstance(op, Add):
        item = _item(place, op.value)
        if item:
            return f"Adds {item}"
        return f"Adds {_value(op.value)} to {label_of(place, data)}"
    old = find_value(data, place)
    if old is None:
        return f"Sets {label_of(place, data)} to {_value(op.value)}"
    if isinstance(old, str) and isinstance(op.value, str) and max(len(old), len(op.value)) > _LONGEST:
        return f"Writes {label_of(place, data)} anew: {_lines(old)}, then {_lines(op.value)}"
    return f"Changes {label_of(place, data)} from {_value(old)} to {_value(op.value)}"


def _lines(text: str) -> str:
    count = len(text.splitlines())
    return f"{count} line{'' if count == 1 else 's'}"


def spoken(op: Op, data: Any, proposed: str, message: str) -> str:
    """Return the model's own sentence where the person does not write English and code can stand behind it."""
    own = in_words(op, data)
    said = " ".join(proposed.split())
    if language(message) == "en" or not said or language(said) != language(message):
        return own
    return said if _is_borne_out(said, op, data) else own


def _is_borne_out(said: str, op: Op, data: Any) -> bool:
    """Say whether each quotation and number of a sentence stands in the operation or in what it replaces."""
    if len(said) > _LONGEST or _CLAIM.search(said):
        return False
    told = f"{op.model_dump_json()} {find_value(data, parse_path(op.path))}".casefold()
    quoted = re.findall(r"[\"“„«‘']([^\"“”„«»‘’']{2,})[\"”“»’']", said)
    numbers = re.findall(r"\d+(?:[.,]\d+)?", said)
    return bool(quoted or numbers) and all(part.strip(" .").casefold() in told for part in [*quoted, *numbers])


def without_claims(reply: str) -> str:
    """Return a reply without the sentences that report something as done: what is done, the diff says."""
    from gptsmith.agent.builder.language.description import sentences

    parts = sentences(" ".join(reply.split()))
    # What stands in quotation marks is the file's or the person's: "asks what tools I have" reports nothing.
    return " ".join(part for part in parts if not _CLAIM.search(_QUOTED.sub("", part)))


def label_of(place: KeyPath, data: Any) -> str:
    """Return what a place is called in a sentence: `the name`, `the size of the tool draw_tile`."""
    top = str(place[0])
    if len(place) == 1:
        return _LABELS.get(top, (f"the {top.replace('_', ' ')}", ""))[0]
    last = str(place[-1]).replace("_", " ")
    if isinstance(place[1], int):
        item = _named(place[:2], data)
        if top == "tests" and "expect" in place:
            kinds = [part for part in place[3:] if isinstance(part, str)]
            return f"{_EXPECTED.get(kinds[0], 'what is expected') if kinds else 'what is expected'} in {item}"
        last = next(str(part).replace("_", " ") for part in reversed(place) if isinstance(part, str))
        return item if len(place) == 2 else f"the {last} of {item}"
    if top == "variables":
        return f"the variable {place[1]}" if len(place) == 2 else f"the {last} of the variable {place[1]}"
    return f"{write_path(place)}"


def _named(place: KeyPath, data: Any) -> str:
    """Name an item by what it says, not by its number."""
    value = find_value(data, place)
    if len(place) == 2 and isinstance(place[1], int):
        found = _item(place[:1], value)
        if found:
            return found.replace(_value(value), show(value, 60)) if isinstance(value, str) else found.split(":")[0]
    if isinstance(value, (str, int, float)) and len(place) > 1 and isinstance(place[-1], int):
        return f"{_value(value)} from {label_of(place[:-1], data)}"
    return label_of(place, data)


def _item(place: KeyPath, value: Any) -> str:
    """Describe one entry of a top-level list."""
    kind = _LABELS.get(str(place[0]), ("", ""))[1] if len(place) == 1 else ""
    if not kind:
        return ""
    if isinstance(value, str):
        return f"the {kind} {_value(value)}"
    if not isinstance(value, dict):
        return ""
    name = value.get("name") or value.get("title") or value.get("type") or ""
    more = ""
    if kind == "knowledge source":
        more = ": " + ", ".join([*value.get("paths", []), *value.get("urls", [])])
    elif kind == "tool" and value.get("name"):
        where = value.get("url") or value.get("schema") or value.get("ref") or " ".join(value.get("command") or [])
        more = f": {value.get('type')}{f' ({where})' if isinstance(where, str) and where else ''}"
        more += ", asking before each call" if value.get("requires_approval") is True else ""
    elif kind == "test":
        more = f": {_value(value.get('message', ''))}"
    return f"the {kind} {show(name, 60) if kind in ('test', 'starter') else name}{more}"


def _words_changed(op: ReplaceText, where: str) -> str:
    head = 0
    while head < min(len(op.old), len(op.new)) and op.old[head] == op.new[head]:
        head += 1
    tail = 0
    while tail < min(len(op.old), len(op.new)) - head and op.old[-1 - tail] == op.new[-1 - tail]:
        tail += 1
    gone, come = op.old[head : len(op.old) - tail], op.new[head : len(op.new) - tail]
    if not gone.strip() and _stands_alone(come, op.new[:head]):
        return f"Adds to {where}: {_value(come)}"
    if not come.strip() and _stands_alone(gone, op.old[:head]):
        return f"Takes out of {where}: {_value(gone)}"
    head, tail = _around(op.old, op.new, head, tail)
    old, new = (_value(text[head : len(text) - tail]) for text in (op.old, op.new))
    return f"In {where}, {old} becomes {new}"


def _stands_alone(text: str, before: str) -> bool:
    """Say whether these characters are whole sentences or lines rather than a few words inside of one."""
    first = text.strip(" \n-*•")[:1]
    begins = not before.strip(" -*•") or before.rstrip(" ")[-1] in ".!?…:;\n\"'”’»)"
    return "\n" in text or (begins and (first.isupper() or first.isdigit()))


def _around(old: str, new: str, head: int, tail: int) -> tuple[int, int]:
    """Widen what is different to whole words, with a few words around it where it is long."""
    if max(len(old), len(new)) <= _LONGEST:
        return 0, 0
    before = [m.start() for m in re.finditer(r"(?<!\S)\S", old[:head])]
    behind = [m.end() for m in re.finditer(r"\S(?!\S)", old[len(old) - tail :])]
    return (before[-4:][0] if before else 0), (tail - behind[:4][-1] if behind else 0)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return show(" ".join(value.split()).removeprefix("- "), _LONGEST)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(item)}" for key, item in value.items())[:_LONGEST] + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value)[:_LONGEST] + "]"
    return show(value)


def is_same(op: Op, data: Any) -> bool:
    """Say whether the file has what an operation wants already."""
    from gptsmith.assistants.format.writer import same

    if isinstance(op, ReplaceText):
        return op.old == op.new
    return (
        isinstance(op, Set)
        and find_value(data, parse_path(op.path)) is not None
        and same(find_value(data, parse_path(op.path)), op.value)
    )


# What could not be done, said to the person: the model is told with paths and fields, the person in plain words.

_WHERE = re.compile(r"^changes\[\d+\] \(\w+ [^)]*\): ")
_OP = re.compile(r"^(?:set|add|remove|replace_text) (?P<path>[\w.\[\]\"-]+): (?:(?P=path)\S*: )?")
_UNKNOWN = re.compile(r"^(?:(?P<path>[\w.\[\]]+): )?unknown key\b")
_SAID = (
    (re.compile(r"^the person asks for a change"), "Nothing was taken out, because your message asks for a change."),
    (re.compile(r"^the person means one of"), "Say which one shall go: your message names one, and not all of them."),
    (
        re.compile(r"^set on the instructions is refused"),
        "The instructions are written anew only if you ask for it.",
    ),
    (re.compile(r"^the person answered"), "What was proposed said the opposite of your answer."),
    (re.compile(r"contains .* more than once"), "The words that were meant stand there more than once; say which."),
    (re.compile(r"does not contain"), "The words that were meant are not in the file; say it in the file's own words."),
)


def say_unmet(problem: str) -> str:
    """Return one problem in words that a person can act on, without the names of operations and keys."""
    text = _WHERE.sub("", problem)
    for pattern, said in _SAID:
        if pattern.search(text):
            return said
    op = _OP.match(text)
    bare = text[op.end() :] if op else text
    unknown = _UNKNOWN.match(bare)
    if unknown:
        name = (unknown["path"] or (op["path"] if op else "")).rsplit(".", 1)[-1]
        return f'An assistant has no setting "{name}".'
    return f"{op['path']}: {bare}" if op else bare
