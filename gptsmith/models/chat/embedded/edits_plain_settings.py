"""The settings that a clause changes when its kind is known: tools, sources, model, memory, limits, variables, privacy.

The clause says in any words which way a setting goes; `leaning` tells that by the nearest examples. What is then done
is a canonical command that the reader of that part of the spec knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gptsmith.models.chat.embedded import (
    edits_knowledge,
    edits_model,
    edits_privacy,
    edits_settings,
    edits_tool_settings,
    edits_tools,
)
from gptsmith.models.chat.embedded.edits_clauses import Clause, clause
from gptsmith.models.chat.embedded.edits_grounds import Ground, meant
from gptsmith.models.chat.embedded.edits_nearest import leaning
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, drop, put, whole_of
from gptsmith.models.chat.embedded.edits_wording import items, number
from gptsmith.models.chat.embedded.edits_words import has
from gptsmith.models.chat.embedded.quantities import seconds

Doer = Callable[[Clause, str, Subject], Found | None]
_PERSONAL = {
    "phone": "phone numbers", "e-?mail|mails": "email addresses", "card": "credit cards", "ip": "ip addresses",
}  # fmt: skip
_PERMISSION = r"approv\w*|permi\w+|ask\w*|okays?|ok|consent\w*|confirm\w*|allow\w*|green light|go-ahead|by hand"
_PICTURES = r"(?:photo|picture|pic|image|snap|shot|screenshot|screen|drawing|sketch|meme|map)\w*|label\w*|look at"
_ABILITIES = {
    "image_generation": (
        "let it draw pictures", "can it make images for us", "it should paint a sketch or a map", "draw how it looks",
    ),
    "image_captioning": (
        "let it look at the photos that people send", "people send pictures and it should see and understand them",
        "describe what is on a picture", "have a look at the screenshots they upload",
    ),
    "image_recognition": (
        "recognise and identify what is on a photo", "tell which kind it is from a picture",
        "sort and label the photos", "tell one from the other on a photo",
    ),
}  # fmt: skip
_ON = {
    "image_generation": "let it draw pictures",
    "image_captioning": "let it describe the photos that people send",
    "image_recognition": "let it recognise what is on photos",
}
_APPROVALS = {
    "ask before using the tool": (
        "ask me before it uses the tool", "it needs my permission first", "only with my okay", "I must allow each one",
    ),
    "use the tool without asking": (
        "use it without asking", "no approval needed any more", "stop asking me every time", "it may do so by itself",
    ),
}  # fmt: skip
_DEPTHS = {
    "longer descriptions": ("describe in more detail", "longer descriptions", "I want all of it", "say more about it"),
    "short descriptions": ("describe in few words", "short descriptions", "one line is enough", "less detail"),
}
_LOOKED_UP = {
    "always use the files": ("search before every answer", "always look into the files", "each time check the pages"),
    "only search when needed": ("look it up only when needed", "not for every message", "search only if it must"),
    "no citations": ("no citations", "hide the footnotes", "do not name the sources", "leave out where it is from"),
    "switch citations on": ("show citations", "say where it got it from", "name the sources", "footnotes on"),
}
_FREEDOM = {
    "lower the temperature": (
        "too random, calm it down", "more stable and consistent answers", "it invents things and goes wild",
        "every time I ask I get another answer", "stick to the facts, less creative", "turn the temperature down",
        "the answers vary too much", "make it predictable", "it gets carried away and says crazy things",
    ),
    "raise the temperature": (
        "too predictable, always the same", "more creative and surprising answers", "give it more variety",
        "it repeats itself, wilder please", "more imaginative ideas", "turn the temperature up", "loosen it up",
        "the answers are all alike and boring",
    ),
}  # fmt: skip
_DOWN, _UP = (
    r"down|lower\w*|low|less|cool\w*|reduce\w*",
    r"higher|high|raise\w*|hotter|increase\w*|(?:turn|crank) \w+ up",
)
_REMEMBERED = {
    "forget each message": ("forget everything", "keep no history", "start from zero each time", "no memory"),
    "remember the conversation": ("remember the conversation", "keep the history", "know what was said before"),
}


def _tool(said: Clause, around: str, subject: Subject) -> Found | None:
    whole = f"{said.said} {around}"
    kind = edits_tools.kind_of(said.open) or edits_tools.kind_of(around.lower())
    if has(_PICTURES, whole) or not kind:
        kind = leaning(whole, _ABILITIES) or kind
    there = any(tool.get("type") == kind for tool in subject.tools)
    return edits_tools.read(clause(_ON[kind]), subject) if kind in _ON and not there else None


def _no_tool(said: Clause, around: str, subject: Subject) -> Found | None:
    thing = meant(said.text, around, subject, "tool")
    if thing is None:
        return None
    name = _named(thing.path, subject)
    return Found([drop(whole_of(thing.path, len(subject.tools)), f"Take out the tool {name}.")])


def _tool_setting(said: Clause, around: str, subject: Subject) -> Found | None:
    if found := _labels(said, subject):
        return found
    thing = meant(said.text, around, subject, "tool") or _only_drawing(said, around, subject)
    if thing is None:
        return None
    kind = str(subject.tools[int(thing.path[6:-1])].get("type"))
    name = _named(thing.path, subject)
    if has(_PERMISSION, said.open) and (way := leaning(said.text, _APPROVALS)):
        wanted = way == next(iter(_APPROVALS))
        words = "ask before each call" if wanted else "no approval before each call"
        return Found([put(f"{thing.path}.requires_approval", wanted, f"{name}: {words}.")])
    named = edits_tool_settings.values(said, kind)
    if named:
        return Found([put(f"{thing.path}.{key}", value, f"{name}: {words}.") for key, value, words in named])
    return _counted(said, around, subject, thing.path, kind)


def _counted(said: Clause, around: str, subject: Subject, path: str, kind: str) -> Found | None:
    many, name = number(said), _named(path, subject)
    if many is None:
        way = "" if kind != "image_captioning" else _deeper(said) or leaning(said.text, _DEPTHS)
        return edits_tools.read(clause(f"{name}: {way}"), subject) if way else None
    if has(r"steps", f"{said.open} {around.lower()}"):
        return edits_tools.read(clause(f"{name}: draw with {many} steps"), subject)
    if has(r"messages?|questions?|answers?|turns?|calls?|max\w*", said.open):
        return Found([put(f"{path}.max_calls", many, f"{name}: at most {many} calls per message.")])
    if kind == "image_generation" and 1 <= many <= 8:
        return Found([put(f"{path}.count", many, f"{name}: {many} pictures at a time.")])
    return None


def _deeper(said: Clause) -> str:
    fuller = has(r"more|longer|fuller|full", said.open) and not has("less", said.open)
    return next(iter(_DEPTHS)) if fuller else ""


def _labels(said: Clause, subject: Subject) -> Found | None:
    labels = items(said)
    lists = [n for n, tool in enumerate(subject.tools) if tool.get("type") == "image_recognition"]
    if not labels or len(lists) != 1 or has(_PERMISSION, said.open):
        return None
    has_them = {str(label) for label in subject.tools[lists[0]].get("labels") or []}
    place = f"tools[{lists[0]}].labels"
    return Found([add(place, one, f"Tell {one} apart too.") for one in labels if one not in has_them])


def _only_drawing(said: Clause, around: str, subject: Subject) -> Ground | None:
    """Return the one tool that draws, for steps and sizes, which no other tool has."""
    drawing = [n for n, tool in enumerate(subject.tools) if tool.get("type") == "image_generation"]
    fits = has(r"steps?|draw\w*|pictures?|\d+ ?[x×] ?\d+|pixels?|px", f"{said.open} {around.lower()}")
    return Ground("tool", f"tools[{drawing[0]}]", "") if fits and len(drawing) == 1 else None


def _named(path: str, subject: Subject) -> str:
    tool = subject.tools[int(path[6:-1])]
    return str(tool.get("name") or tool.get("type"))


def _no_source(said: Clause, around: str, subject: Subject) -> Found | None:
    thing = meant(said.text, around, subject, "source")
    if thing is None:
        return None
    place, _, entry = thing.path.partition(".")
    source = subject.knowledge[int(place[10:-1])]
    if sum(len(source.get(key) or []) for key in ("paths", "urls")) == 1:
        return Found([edits_knowledge.dropped_source(subject, int(place[10:-1]))])
    key = entry.split("[")[0]
    path = thing.path if len(source[key]) > 1 else f"{place}.{key}"
    return Found([drop(path, f"Take {thing.text} out of the source {source.get('name')}.")])


def _source(said: Clause, around: str, subject: Subject) -> Found | None:
    return edits_knowledge.attached(subject, said.files) if said.files else None


def _source_setting(said: Clause, around: str, subject: Subject) -> Found | None:
    many = number(said)
    way = f"look at {many} passages" if many else leaning(said.text, _LOOKED_UP)
    return edits_knowledge.read(clause(way), subject) if way else None


def _model(said: Clause, around: str, subject: Subject) -> Found | None:
    named = edits_model.named_model(said)
    if named:
        return edits_model.read(clause(f"use the model {' '.join(filter(None, named))}"), subject)
    degree = re.search(r"(?<![\w.:])(?:[01]\.\d+|[012])(?![\w:]|\.\d)", said.open)
    if degree and ("." in degree.group() or has("temp\\w*", said.open)):
        return edits_model.read(clause(f"temperature {degree.group()}"), subject)
    turned = "lower" if has(_DOWN, said.open) else "raise" if has(_UP, said.open) else ""
    way = f"{turned} the temperature" if turned else leaning(said.said, _FREEDOM)
    return edits_model.read(clause(way), subject) if way else None


def _memory(said: Clause, around: str, subject: Subject) -> Found | None:
    many = number(said)
    way = f"keep the last {many} messages" if many and many > 1 else leaning(said.text, _REMEMBERED)
    return edits_settings.read(clause(way), subject) if way else None


def _limits(said: Clause, around: str, subject: Subject) -> Found | None:
    many = number(said)
    if many and has(r"tools?|calls?", said.open):
        return edits_settings.read(clause(f"at most {many} tool calls"), subject)
    if many and has(r"iterations?|iterate|rounds?|loops?|model calls", said.open):
        return edits_settings.read(clause(f"at most {many} iterations"), subject)
    half = re.search(r"\b(?:half a minute|minute and a half)\b", said.open)
    length = {"half a minute": 30, "minute and a half": 90}[half.group()] if half else seconds(_seconds(said.open))
    return edits_settings.read(clause(f"timeout {int(length)} seconds"), subject) if length else None


def _seconds(text: str) -> str:
    """Return `text` with the short forms of seconds and minutes written out: `15 s`, `10 sec`, `20secs`."""
    text = re.sub(r"(?<=\d) ?s(?:ecs?)?\b", " seconds", text)
    return re.sub(r"(?<=\d) ?mins?\b", " minutes", text)


def _variable(said: Clause, around: str, subject: Subject) -> Found | None:
    thing = meant(said.text, "", subject, "variable")
    behind = re.search(
        r"(?:\b(?:is|be|are|called|to|for|on|in|into|by|as|named)|=|:)"
        r"(?: (?:now|by default|normally|usually))?"
        r" (?P<value>(?!(?:used|needed|asked|required|optional|mandatory)\b)[^,;]+?)"
        r"(?:,? (?:by default|unless|now|nowadays|these days|from now on|this (?:week|year)|if nobody|when|as the)"
        r"\b.*)?$",
        said.text.rstrip(" .!?"),
    )
    while behind and (later := re.search(r"\b(?:is|be|are|called|to|named)(?: now)? (?P<value>.+)$", behind["value"])):
        behind = later
    value = said.values[-1] if said.values else behind["value"].strip() if behind else ""
    if thing is None or not value or len(value.split()) > 6:
        return None
    name = thing.path.partition(".")[2]
    return Found([put(f"{thing.path}.default", value, f"{name} is {value} unless the person says otherwise.")])


def _privacy(said: Clause, around: str, subject: Subject) -> Found | None:
    kinds = [name for word, name in _PERSONAL.items() if re.search(rf"\b(?:{word})", said.open)]
    return edits_privacy.read(clause(f"hide {' and '.join(kinds)}"), subject) if kinds else None


DOERS: dict[str, Doer] = {
    "tool_add": _tool,
    "tool_drop": _no_tool,
    "tool_set": _tool_setting,
    "knowledge_add": _source,
    "knowledge_drop": _no_source,
    "knowledge_set": _source_setting,
    "model": _model,
    "memory": _memory,
    "limits": _limits,
    "variables": _variable,
    "privacy": _privacy,
}
