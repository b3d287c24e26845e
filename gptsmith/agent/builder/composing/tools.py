"""What a command changes in tools and knowledge."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.agent.builder.composing import needs
from gptsmith.agent.builder.composing.commands import Command
from gptsmith.agent.builder.composing.rules import NO_TOOL
from gptsmith.agent.builder.composing.statements import Ground, find_ground, leaning, spoken_of
from gptsmith.agent.builder.composing.subject import (
    CommandSubject,
    FoundChange,
    add,
    drop,
    has,
    items,
    number,
    set_field,
    whole_of,
)
from gptsmith.agent.builder.composing.texts import Doer
from gptsmith.agent.builder.language.answers import Missing, ProposedChange
from gptsmith.assistants.format.spec import load_tool_types, tool_class

_PERMISSION = r"approv\w*|permi\w+|ask\w*|okays?|ok|consent\w*|confirm\w*|allow\w*|green light|go-ahead|by hand"
_ELSEWHERE = (
    "search the web", "send an email or a text message", "book a table or an appointment", "open the door",
    "order something and pay", "read the calendar", "run a program", "print it", "call somebody",
    "connect it with our other software", "save it in a database", "speak with a voice",
)  # fmt: skip
_APPROVALS = {
    "yes": ("ask me before it uses the tool", "it needs my permission first", "only with my okay",
            "I must allow each one"),
    "no": ("use it without asking", "no approval needed any more", "stop asking me every time",
           "it may do so by itself"),
}  # fmt: skip
_DEPTHS = {
    "descriptive": ("describe in more detail", "longer descriptions", "I want all of it", "say more about it"),
    "short": ("describe in few words", "short descriptions", "one line is enough", "less detail"),
}
_LOOKED_UP: dict[str, tuple[str, ...]] = {
    "always": ("search before every answer", "always look into the files", "each time check the pages"),
    "auto": ("look it up only when needed", "not for every message", "search only if it must"),
    "no citations": ("no citations", "hide the footnotes", "do not name the sources", "leave out where it is from"),
    "citations": ("show citations", "say where it got it from", "name the sources", "footnotes on"),
}
_ATTACH = "Attach the file to your message, or add its path under knowledge."


def tool(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Switch a tool on, or say that there is none."""
    absent = needs.absent(said.text)
    whole = f"{said.said} {said.around}"
    plain = {"captioning": "image_captioning", "recognition": "image_recognition", "drawing": "image_generation"}
    exact = next((kind for word, kind in plain.items() if has(f"(?:image|picture|photo) {word}", said.open)), "")
    kind = "" if absent else exact or next(iter(needs.tool_types(said.text)), "") or leaning(whole, _abilities())
    if not kind:
        return FoundChange(missing=[Missing(kind="tool", what=what, how=NO_TOOL) for what in absent or [said.text]])
    if any(one.get("type") == kind for one in subject.tools):
        return FoundChange(reply="It has a tool for that already.")
    if kind not in subject.offered:
        return FoundChange(missing=[Missing(kind="tool", what=kind, how="This installation does not offer that tool.")])
    kind_of_tool = tool_class({"type": kind})
    name, about = kind_of_tool.FACTS.suggested
    name, about = name or kind, about or kind_of_tool.SUMMARY
    value = {"type": kind, "name": name, "description": about}
    return FoundChange([add("tools", value, f"Add the tool {name}: {about[:1].lower()}{about[1:]}")])


def _abilities() -> dict[str, tuple[str, ...]]:
    """Return how people ask for each tool type, and, under "", for what no type can do."""
    asked = {kind: cls.FACTS.requests for kind, cls in load_tool_types().items() if cls.FACTS.requests}
    return asked | {"": _ELSEWHERE}


def no_tool(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Take a tool out."""
    if not subject.tools:
        return FoundChange(reply="It has no tools.")
    if has(r"(?:all|both|every|any)\b.{0,20}\btools?", said.open):
        return FoundChange([drop("tools", "Take out all the tools.")])
    thing = find_ground(said.text, said.around, subject, "tool")
    if thing is None:
        return FoundChange(question=f"Which tool: {', '.join(map(_named, subject.tools))}?")
    name = _named(subject.tools[_number(thing)])
    return FoundChange([drop(whole_of(thing.path, len(subject.tools)), f"Take out the tool {name}.")])


def tool_setting(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Change a tool's settings."""
    if found := _labels(said, subject):
        return found
    thing = find_ground(said.text, said.around, subject, "tool") or _only_drawing(said, subject)
    if thing is None:
        return FoundChange(question=f"Which tool: {', '.join(map(_named, subject.tools))}?") if subject.tools else None
    one = subject.tools[_number(thing)]
    values = _values(said, str(one.get("type")))
    return FoundChange(
        [set_field(f"{thing.path}.{key}", value, f"{_named(one)}: {words}.") for key, value, words in values]
    )


def _values(said: Command, kind: str) -> list[tuple[str, Any, str]]:
    if has(_PERMISSION, said.open) and (way := leaning(said.text, _APPROVALS)):
        words = "ask before each call" if way == "yes" else "no approval before each call"
        return [("requires_approval", way == "yes", words)]
    if named := re.search(r"\b(?:rename|call|name)\b.*\b(?:to|as|it) [\"“'‘]?([A-Za-z]\w*_\w+)", said.text):
        return [("name", named[1], f"is called {named[1]} from now on")]
    size = re.search(r"\b(\d{2,4}) ?(?:x|×|by|mal|por) ?(\d{2,4})\b", said.open)
    square = re.search(r"\b(\d{3,4}) ?(?:px|pixels?)\b", said.open)
    if size or square:
        wide, high = (size[1], size[2]) if size else (square[1], square[1])  # type: ignore[index]
        return [("size", f"{wide}x{high}", f"pictures of {wide} by {high} pixels")]
    many = number(said.open) or {"once": 1, "twice": 2}.get(next(iter(re.findall("once|twice", said.open)), ""))
    if many is None:
        way = leaning(said.text, _DEPTHS) if kind == "image_captioning" else ""
        return [("detail", way, f"{'short' if way == 'short' else 'longer'} descriptions")] if way else []
    if has(r"steps", f"{said.open} {said.around.lower()}"):
        return [("steps", many, f"{many} steps")]
    if has("seed", said.open):
        return [("seed", many, f"seed {many}")]
    if has(r"messages?|questions?|answers?|turns?|calls?|uses?", said.open):
        return [("max_calls", many, f"at most {many} call{'s' * (many != 1)} per message")]
    return [("count", many, f"{many} at a time")] if kind == "image_generation" and 1 <= many <= 8 else []


def _labels(said: Command, subject: CommandSubject) -> FoundChange | None:
    named = items(said.text, said.values)
    lists = [n for n, one in enumerate(subject.tools) if one.get("type") == "image_recognition"]
    if not named or len(lists) != 1 or has(_PERMISSION, said.open):
        return None
    there = {str(label) for label in subject.tools[lists[0]].get("labels") or []}
    place = f"tools[{lists[0]}].labels"
    return FoundChange([add(place, one, f"Tell {one} apart too.") for one in named if one not in there])


def _only_drawing(said: Command, subject: CommandSubject) -> Ground | None:
    """Return the one tool that draws, for steps and sizes, which no other tool has."""
    drawing = [n for n, one in enumerate(subject.tools) if one.get("type") == "image_generation"]
    fits = has(r"steps?|draw\w*|pictures?|sketch\w*|\d+ ?[x×] ?\d+|pixels?|px", f"{said.open} {said.around.lower()}")
    return Ground("tool", f"tools[{drawing[0]}]", "") if fits and len(drawing) == 1 else None


def source(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Answer from attached files or named pages; say what is not there."""
    pages = [value for value in said.values if re.match(r"https?://", value)]
    if said.files:
        named = _by_name(said, subject) or spoken_of(said.text, subject, ("source",))
        return attached(subject, said.files, int(named.path.split("]")[0][10:]) if named else None)
    if pages and len(subject.knowledge) == 1:
        return FoundChange([add("knowledge[0].urls", page, f"Answer from {page} too.") for page in pages])
    if pages:
        value = {"name": "pages", "description": f"What it answers from: {', '.join(pages)}", "urls": pages}
        return FoundChange([add("knowledge", value, f"Answer from {', '.join(pages)}.")])
    file = re.search(r"\b[\w-]+\.(?:pdf|docx?|md|txt|html?|csv|xlsx?)\b", said.text)
    what = file.group() if file else next(iter(needs.knowledge(said.text)), said.text)
    return FoundChange(missing=[Missing(kind="knowledge", what=what, how=_ATTACH)])


def attached(subject: CommandSubject, files: tuple[str, ...], source: int | None = None) -> FoundChange:
    """Make attached files knowledge: of `source`, or of a new one."""
    outer = [f for f in files if not any(f != o and o.endswith("/") and f.startswith(o) for o in files)]
    known = {_file(str(p)) for s in subject.knowledge for p in s.get("paths") or []}
    fresh = [f for f in outer if _file(f) not in known]
    if not fresh:
        return FoundChange(reply="Those files are among its knowledge already.")
    if source is not None:
        place, name = f"knowledge[{source}].paths", subject.knowledge[source].get("name")
        return FoundChange([add(place, f, f"Answer from {f} too, in the source {name}.") for f in fresh])
    listed = ", ".join(map(_file, fresh[:4]))
    wanted = re.sub(r"\W+", "_", _file(fresh[0]).rsplit(".", 1)[0].lower()).strip("_") if len(fresh) == 1 else "files"
    taken = {str(s.get("name")) for s in subject.knowledge}
    name = next(c for c in (wanted or "files", *(f"{wanted}_{n}" for n in range(2, 99))) if c not in taken)
    value = {"name": name, "description": f"What it answers from: {listed}", "paths": fresh}
    return FoundChange([add("knowledge", value, f"Answer from {listed}.")])


def no_source(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Take a file or page out of the knowledge, with its source when nothing else is in there."""
    if not subject.knowledge:
        return FoundChange(reply="It has no knowledge.")
    thing = _by_name(said, subject) or find_ground(said.text, said.around, subject, "source")
    if thing is None and (len(subject.knowledge) == 1 or has(r"all|every", said.open)):
        return (
            FoundChange([drop("knowledge", "Take out all the knowledge.")])
            if has(r"knowledge|files|sources?", said.open)
            else None
        )
    if thing is None:
        return FoundChange(question=f"Which source: {', '.join(str(s.get('name')) for s in subject.knowledge)}?")
    place, _, entry = thing.path.partition(".")
    one = subject.knowledge[int(place[10:-1])]
    if not entry or sum(len(one.get(key) or []) for key in ("paths", "urls")) == 1:
        return FoundChange([drop(whole_of(place, len(subject.knowledge)), f"Take out the source {one.get('name')}.")])
    key = entry.split("[")[0]
    path = thing.path if len(one[key]) > 1 else f"{place}.{key}"
    return FoundChange([drop(path, f"Take {thing.text} out of the source {one.get('name')}.")])


def _by_name(said: Command, subject: CommandSubject) -> Ground | None:
    low = said.text.lower()
    for n, one in enumerate(subject.knowledge):
        for key in ("paths", "urls"):
            for i, entry in enumerate(one.get(key) or []):
                if _file(str(entry)).lower() in low or str(entry).lower() in low:
                    return Ground("source", f"knowledge[{n}].{key}[{i}]", _file(str(entry)))
    named = [n for n, one in enumerate(subject.knowledge) if has(rf"source {re.escape(str(one.get('name')))}|"
             rf"{re.escape(str(one.get('name')))} (?:source|files|knowledge)", low)]  # fmt: skip
    return Ground("source", f"knowledge[{named[0]}]", "") if len(named) == 1 else None


def source_setting(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Change when the knowledge is searched, how many passages are read, whether they are cited."""
    wordy = next((w for w in ("always", "auto") if has(f"mode (?:to |= ?|is )?{w}", said.open)), "")
    many = None if wordy else number(said.open)
    way = wordy or ("" if many else leaning(said.text, _LOOKED_UP))
    key, value = ("retrieval.top_k", many) if many else ("mode", way) if way in ("always", "auto") else ("", None)
    if way in ("citations", "no citations"):
        key, value = "citations", way == "citations"
    searched = {"always": "searched for every message", "auto": "searched when needed"}
    words = f"the best {many} passages" if many else searched.get(way, way)
    which = range(len(subject.knowledge)) if key else ()
    return FoundChange(
        [set_field(f"knowledge[{n}].{key}", value, f"{subject.knowledge[n].get('name')}: {words}.") for n in which]
    )


def _file(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def _named(one: dict[str, Any]) -> str:
    return str(one.get("name") or one.get("type"))


def _number(thing: Ground) -> int:
    return int(thing.path[6:-1])


def without_doubles(changes: list[ProposedChange]) -> list[ProposedChange]:
    """Return the changes without a new source of files that another one adds to a source that is there."""
    added = {str(change.value) for change in changes if change.op == "add" and change.path.endswith("].paths")}
    return [c for c in changes if not (c.path == "knowledge" and isinstance(c.value, dict) and c.value.get("paths")
                                       and set(c.value["paths"]) <= added)]  # fmt: skip


DOERS: dict[str, Doer] = {
    "tool_add": tool,
    "tool_drop": no_tool,
    "tool_set": tool_setting,
    "knowledge_add": source,
    "knowledge_drop": no_source,
    "knowledge_set": source_setting,
}
