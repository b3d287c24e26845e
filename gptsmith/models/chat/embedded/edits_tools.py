"""Commands about tools: switched on and off, and their settings."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.assistants.changes import ProposedChange
from gptsmith.assistants.draft import Missing
from gptsmith.assistants.operations import write_path
from gptsmith.models.chat.embedded import picture_needs
from gptsmith.models.chat.embedded.draft import TOOL_NAMES
from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, drop, put
from gptsmith.models.chat.embedded.edits_tool_settings import SHOTS, drawing, values
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, BEHAVING, ON, has
from gptsmith.models.chat.embedded.words import stem, tokens

_KINDS = {
    "image_captioning": (
        rf"{SHOTS}\b.{{0,60}}?\b(?:look(?:s|ing)? at|sees?|descri\w+|understand\w*|read|view) (?:them|it|those)|"
        rf"(?:descri\w+|caption\w*|look(?:s|ing)? at|sees?|seeing|understand\w*|read(?:s|ing)?|view\w*|analy[sz]\w+"
        rf"|comment\w* on) (?:\w+ ){{0,8}}?{SHOTS}|{SHOTS}\b.{{0,30}}?\bdescri\w+|{SHOTS} (?:descri\w+|caption\w*"
        rf"|understanding|input)|captions?"
        rf"|image[ _]captioning|vision"
    ),
    "image_recognition": (
        rf"{SHOTS}\b.{{0,60}}?\b(?:recogni[sz]\w+|classif\w+|identif\w+|label|sort) (?:them|it|those)|"
        rf"(?:recogni[sz]\w+|classif\w+|identif\w+|label\w*|sort\w*|tag\w*) (?:[\w'’]+ ){{0,8}}?{SHOTS}|image["
        rf" _]recognition"
        rf"|{SHOTS} (?:recognition|classification|labels?)"
    ),
    "image_generation": (
        r"draw|draws|drawing|drawings|paint|paints|painting|paintings|sketch(?:es|ing)?|illustrat\w+|image["
        r" _]generation"
        rf"|picture generation|(?:generat\w+|creat\w+|mak(?:e|es|ing)|produc\w+) (?:\w+ ){{0,2}}?{SHOTS}|pictures?"
        rf"|images?"
        r"|zeichne\w*|mal(?:e|en|t)|bilder|dibuj\w+|desenh\w+"
    ),
}
_WHOLE = (  # behind a verb of drawing: drawing itself is meant, not what is drawn
    rf"^\W*(?:(?:any ?more|any longer|longer|anything|at all|no more|no longer|again|ever|for (?:people|users|now)"
    rf"|things|stuff"
    rf"|either|nothing"
    rf"|any|more|{SHOTS}|tool|tools)\W*)*$"
)
_NOT = (
    r"(?:no|not|stop|never|no longer|no more|any ?more|cannot|can['’]t|don['’]t|doesn['’]t|does not|shouldn['’]t"
    r"|mustn['’]t"
    r"|disabl\w+|deactivat\w+|forbid\w*|without|keine?n?|nicht|off|aus|ab)"
)
_SWITCH_ON = (
    r"(?:let|allow\w*|enabl\w+|activat\w+|turn\w*|switch\w*|able|can|could|give|add|start|should|want|wants|need\w*"
    r"|also"
    r"|ability|would|like|may|einschalten|soll\w*|kann|ein|an)"
)
_DEFAULTS = {"requires_approval": False, "count": 1}
_DESCRIPTIONS = {kind: about for kind, (_, about) in TOOL_NAMES.items()}


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about tools changes; None when it is about something else."""
    kind = kind_of(clause.open)
    named = _named(clause, subject)
    plain = has("tools?", clause.open)
    which = named if named is not None else _of_kind(kind, subject)
    if which is None and not kind and not plain:
        which = _meant(subject)
        if which is None and drawing(clause):
            which = _of_kind("image_generation", subject)
        settings = _settings(clause, subject, which) if which is not None else []
        return Found(settings) if settings else None
    if which is not None:
        found = _known(clause, subject, which, kind)
        if found:
            subject.recent["tool"] = which
        return found
    if kind:
        return _new(clause, subject, kind)
    return _some_tool(clause, subject)


def kind_of(text: str) -> str:
    """Return the type of tool that `text` speaks of; empty when it speaks of none."""
    return next((kind for kind, said in _KINDS.items() if has(said, text)), "")


def _named(clause: Clause, subject: Subject) -> int | None:
    """Return the tool whose own name the command holds, whole or one of its words beside `tool`."""
    words = {stem(w) for w in tokens(clause.open)}
    for n, tool in enumerate(subject.tools):
        name = str(tool.get("name") or tool.get("type") or "")
        if name and re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", clause.masked):
            return n
        if name in clause.values[:1]:
            return n
    for n, tool in enumerate(subject.tools):
        parts = {stem(w) for w in re.split(r"[_\W]+", str(tool.get("name") or "").lower()) if len(w) > 3}
        if tool.get("type") in TOOL_NAMES and not is_drop(clause):
            continue  # the parts of `draw_tile` are words of every day
        if parts and parts <= words:
            return n
    off = re.match(r"(?:(?:turn|switch) off|disable) (?:the )?(?P<what>\w+)\W*$", clause.open)
    what = stem(off["what"]) if off else ""
    part = [n for n, tool in enumerate(subject.tools) if what in {stem(w) for w in _parts(tool)}]
    return part[0] if what and len(part) == 1 else None


def _parts(tool: dict[str, Any]) -> list[str]:
    return re.split(r"[_\W]+", str(tool.get("name") or tool.get("type") or "").lower())


def _of_kind(kind: str, subject: Subject) -> int | None:
    found = [n for n, tool in enumerate(subject.tools) if tool.get("type") == kind]
    return found[0] if kind and len(found) == 1 else None


def _meant(subject: Subject) -> int | None:
    """Return the tool of the command before, or the only one."""
    if "tool" in subject.recent and subject.recent["tool"] < len(subject.tools):
        return subject.recent["tool"]
    return 0 if len(subject.tools) == 1 else None


def _known(clause: Clause, subject: Subject, n: int, kind: str) -> Found | None:
    tool = subject.tools[n]
    name = str(tool.get("name") or tool.get("type"))
    changes = _settings(clause, subject, n)
    if changes:
        fresh = [
            c
            for c in changes
            if tool.get(c.path.rsplit(".", 1)[-1], _DEFAULTS.get(c.path.rsplit(".", 1)[-1])) != c.value
        ]
        return Found(fresh, reply="" if fresh else f"{name} is set like that already.")
    if _goes(clause, name):
        words = f"Take out the tool {name}."
        rest = [str(t.get("name")) for t in subject.tests if name in _called(t)]
        reply = f"The test “{rest[0]}” calls {name} and will fail without it." if rest else ""
        whole = "tools" if len(subject.tools) == 1 else f"tools[{n}]"
        return Found([drop(whole, words)], reply=reply)
    if kind and _wants(clause):
        return Found(reply=f"It has a tool for that already: {name}.")
    return Found(unclear=True) if has("tool", clause.open) else None


def _goes(clause: Clause, name: str) -> bool:
    """Say whether the command takes the tool away, and does not only forbid one use of it."""
    negated = has(_NOT, clause.open)
    if not negated and not is_drop(clause):
        return False
    parts = {stem(w) for w in name.lower().split("_")}
    if len(parts) > 1 and is_drop(clause) and parts <= {stem(w) for w in tokens(clause.open)}:
        return True
    if has(r"tools?|turn\w*|switch\w*|disabl\w+|deactivat\w+|ability|generation|captioning|recognition", clause.open):
        return True
    after = re.search(
        r".*\b(?:draw|draws|drawing|drawings|paint(?:s|ing)?|sketch(?:es|ing)?|illustrat\w+|zeichne\w*|describ\w+"
        rf"|{SHOTS}|captions?|descriptions?|{re.escape(name.lower())}"
        rf"|{'|'.join(p for p in name.lower().split('_') if len(p) > 3) or name})\b(?P<rest>.*)$",
        clause.open,
        ANY_CASE,
    )
    return after is not None and bool(re.match(_WHOLE, after["rest"], ANY_CASE))


def _wants(clause: Clause) -> bool:
    return has(_SWITCH_ON, clause.open) or has(ON, clause.open)


def _new(clause: Clause, subject: Subject, kind: str) -> Found | None:
    """Switch a kind of tool on that is not there."""
    if is_drop(clause) or has(_NOT, clause.open) or (kind == "image_generation" and not _is_drawing(clause)):
        if _goes(clause, kind) and not is_rule_like(clause):
            return Found(reply="It has no such tool.")
        return None
    if not _wants(clause):
        return None
    if kind not in subject.offered:
        return Found(missing=[Missing(kind="tool", what=kind, how="This installation does not offer that tool.")])
    name = TOOL_NAMES[kind][0]
    value: dict[str, Any] = {"type": kind, "name": name, "description": TOOL_NAMES[kind][1]}
    value |= {key: v for key, v, _ in values(clause, kind)}
    return Found(
        [add("tools", value, f"Add the tool {name}: {_DESCRIPTIONS[kind][:1].lower()}{_DESCRIPTIONS[kind][1:]}")]
    )


def is_rule_like(clause: Clause) -> bool:
    """Say whether the command forbids something in words that read as a rule: `never draw people`."""
    return bool(re.match(r"^(?:never|always|do not|don['’]t|no)\b", clause.masked))


def _is_drawing(clause: Clause) -> bool:
    text = re.sub(r"[¤]+", "x", clause.masked)
    if "image_generation" in picture_needs.tool_types(text):
        return True
    return has(
        r"draw(?:ing|s)?|paint\w*|sketch\w*|illustrat\w+|image[ _]generation|picture generation|zeichne\w*|malen", text
    )


def _some_tool(clause: Clause, subject: Subject) -> Found | None:
    """Answer a command about a tool that it does not name, or that does not exist."""
    if clause.open.split()[:1] and clause.open.split()[0] in BEHAVING - {"use", "stop", "add", "draw"}:
        return None  # what it is told to say about tools
    if is_drop(clause) or has(_NOT, clause.open):
        names = [str(t.get("name") or t.get("type")) for t in subject.tools]
        if not names:
            return Found(reply="It has no tools.")
        if has("tools", clause.open) and has("all|every|any|both", clause.open):
            return Found([drop("tools", "Take out all the tools.")])
        return Found(question=f"Which tool: {', '.join(names)}?")
    wanted = re.search(r"(?:add|give it|needs?|want|with) (?:an? |the )?(?P<what>[\w -]+?) tool\b", clause.open)
    if wanted:
        how = "There is no such tool here; add an mcp or openapi tool that offers it under tools."
        return Found(missing=[Missing(kind="tool", what=wanted["what"].strip(), how=how)])
    return Found(unclear=True)


def _settings(clause: Clause, subject: Subject, n: int) -> list[ProposedChange]:
    tool = subject.tools[n]
    name = str(tool.get("name") or tool.get("type"))
    changes = []
    for key, value, words in values(clause, str(tool.get("type"))):
        changes.append(put(f"tools[{n}].{key}", value, f"{name}: {words}."))
        if key == "name":
            changes += _renamed(subject, name, value)
    return changes


def _renamed(subject: Subject, old: str, new: str) -> list[ProposedChange]:
    """Return what else names the tool: the tests that expect it to be called."""
    changes = []
    for n, test in enumerate(subject.tests):
        expect = test.get("expect")
        for key in ("calls", "not_calls"):
            listed = expect.get(key) if isinstance(expect, dict) else None
            for i, name in enumerate(listed if isinstance(listed, list) else []):
                if name == old:
                    path = write_path(("tests", n, "expect", key, i))
                    changes.append(put(path, new, f"The test “{test.get('name')}” expects it under its new name."))
    return changes


def _called(test: dict[str, Any]) -> list[Any]:
    expect = test.get("expect")
    calls = expect.get("calls") if isinstance(expect, dict) else None
    return calls if isinstance(calls, list) else []
