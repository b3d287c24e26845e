"""Commands about tools: switched on and off, and their settings."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.assistants.changes import ProposedChange
from gptsmith.assistants.draft import Missing
from gptsmith.assistants.operations import write_path
from gptsmith.models.chat.embedded import compose_needs
from gptsmith.models.chat.embedded.compose import TOOL_NAMES
from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, drop, put
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, ON, has
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.words import stem, tokens

_SHOTS = r"(?:photos?|photographs?|pictures?|images?|screenshots?|fotos?|bilder?|imágenes|imagens)"
_KINDS = {
    "image_captioning": (
        rf"(?:describ\w+|caption\w*|look(?:s|ing)? at|sees?|seeing|understand\w*|read(?:s|ing)?|view\w*|analy[sz]\w+"
        rf"|comment\w* on) (?:\w+ ){{0,3}}?{_SHOTS}|{_SHOTS} (?:descri\w+|caption\w*|understanding|input)|captions?"
        rf"|image[ _]captioning|vision"
    ),
    "image_recognition": (
        rf"(?:recogni[sz]\w+|classif\w+|identif\w+|label\w*|sort\w*|tag\w*) (?:\w+ ){{0,3}}?{_SHOTS}|image["
        rf" _]recognition"
        rf"|{_SHOTS} (?:recognition|classification|labels?)"
    ),
    "image_generation": (
        r"draw|draws|drawing|drawings|paint|paints|painting|paintings|sketch(?:es|ing)?|illustrat\w+|image["
        r" _]generation"
        rf"|picture generation|(?:generat\w+|creat\w+|mak(?:e|es|ing)|produc\w+) (?:\w+ ){{0,2}}?{_SHOTS}|pictures?"
        rf"|images?"
        r"|zeichne\w*|mal(?:e|en|t)|bilder|dibuj\w+|desenh\w+"
    ),
}
_WHOLE = (  # behind a verb of drawing: drawing itself is meant, not what is drawn
    rf"^\W*(?:(?:any ?more|anything|at all|no more|no longer|again|ever|for (?:people|users|now)|things|stuff"
    rf"|either|nothing"
    rf"|any|more|{_SHOTS}|tool|tools)\W*)*$"
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
_COUNTED = rf"(?:\d+|{'|'.join(NUMBER_WORDS)})"
_DESCRIPTIONS = {kind: about for kind, (_, about) in TOOL_NAMES.items()}


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about tools changes; None when it is about something else."""
    kind = kind_of(clause.open)
    named = _named(clause, subject)
    plain = has("tools?", clause.open)
    which = named if named is not None else _of_kind(kind, subject)
    if which is None and not kind and not plain:
        which = _meant(subject)
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
        if tool.get("type") in TOOL_NAMES:
            continue  # the parts of `draw_tile` are words of every day
        if parts and parts <= words:
            return n
    return None


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
        return Found(changes)
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
    if has(r"tools?|turn\w*|switch\w*|disabl\w+|deactivat\w+|ability|generation|captioning|recognition", clause.open):
        return True
    after = re.search(
        r"\b(?:draw|draws|drawing|drawings|paint(?:s|ing)?|sketch(?:es|ing)?|illustrat\w+|zeichne\w*|describ\w+"
        rf"|{_SHOTS}|captions?|descriptions?|{re.escape(name.lower())}"
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
    value |= {key: v for key, v, _ in _values(clause, kind)}
    return Found(
        [add("tools", value, f"Add the tool {name}: {_DESCRIPTIONS[kind][:1].lower()}{_DESCRIPTIONS[kind][1:]}")]
    )


def is_rule_like(clause: Clause) -> bool:
    """Say whether the command forbids something in words that read as a rule: `never draw people`."""
    return bool(re.match(r"^(?:never|always|do not|don['’]t|no)\b", clause.masked))


def _is_drawing(clause: Clause) -> bool:
    text = re.sub(r"[¤]+", "x", clause.masked)
    if "image_generation" in compose_needs.tool_types(text):
        return True
    return has(
        r"draw(?:ing|s)?|paint\w*|sketch\w*|illustrat\w+|image[ _]generation|picture generation|zeichne\w*|malen", text
    )


def _some_tool(clause: Clause, subject: Subject) -> Found | None:
    """Answer a command about a tool that it does not name, or that does not exist."""
    if is_drop(clause) or has(_NOT, clause.open):
        names = [str(t.get("name") or t.get("type")) for t in subject.tools]
        if not names:
            return Found(reply="It has no tools.")
        if has("tools", clause.open) and has("all|every|any", clause.open):
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
    for key, value, words in _values(clause, str(tool.get("type"))):
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


def _values(clause: Clause, kind: str) -> list[tuple[str, Any, str]]:
    """Return the settings that the command names: the key, its value, and what it says in words."""
    found = [*_approval(clause), *_calls(clause), *_name(clause)]
    if kind == "image_generation":
        found += _drawing(clause)
    if kind == "image_captioning" and has("short|shorter|brief|one line|concise", clause.open):
        found.append(("detail", "short", "describe in few words"))
    if kind == "image_captioning" and has("detailed|descriptive|longer|long|in detail|full", clause.open):
        found.append(("detail", "descriptive", "describe in detail"))
    return found


def _approval(clause: Clause) -> list[tuple[str, Any, str]]:
    text = clause.open
    free = (
        r"\b(?:without (?:asking|approval|confirmation|permission)|no (?:need (?:to (?:ask|confirm)|for (?:approval"
        r"|asking"
        r"|confirmation|permission))|approval|confirmation|permission|questions asked)|(?:doesn['’]t|don['’]t|does"
        r" not|do not"
        r"|needn['’]t|should ?n['’]t|not|never) (?:have to |need to |to )?(?:ask|require approval|confirm|need approval"
        r"|need (?:my )?permission)|stop asking)\b"
    )
    bound = (
        r"\b(?:ask(?:s|ing)?|check(?:s|ing)? with|confirm\w*|approv\w*|permission|okay|consent)\b.{0,30}\b(?:first"
        r"|before\w*"
        r"|each time|every time|required|needed|needs?|beforehand|with me)\b|\b(?:requires?|needs?|only with|only"
        r" after)"
        r" (?:my |an? |the )?(?:\w+ )?(?:approval|permission|confirmation|ok|okay|consent)\b"
        r"|\bask (?:me|us|the (?:user|person)|people|for (?:permission|approval))\b"
    )
    if re.search(free, text):
        return [("requires_approval", False, "no approval before each call")]
    if re.search(bound, text) and has(
        r"before|first|approval|permission|confirm\w*|consent|each time|every time", text
    ):
        return [("requires_approval", True, "ask before each call")]
    return []


def _calls(clause: Clause) -> list[tuple[str, Any, str]]:
    most = re.search(
        rf"\b(?:at most|no more than|not more than|max(?:imum)?\.?(?: of)?|up to|only|limit(?:ed)?(?: \w+)? to"
        rf"|cap(?: \w+)? at)"
        rf" (?P<n>{_COUNTED})(?: (?:\w+ )?(?:calls?|drawings?|pictures?|images?|times|uses?|lookups?|captions?|tries))?"
        rf" ?(?P<per>(?:per|a|for each|for every|in one|each|every) (?:message|question|answer|turn|request|reply"
        rf"|chat turn))?",
        clause.open,
    )
    once = re.search(
        r"\b(?:only )?(?P<n>once|twice) (?:per|a|for each|in each) (?:message|question|answer|turn|reply)\b",
        clause.open,
    )
    if once:
        return [_call_limit({"once": 1, "twice": 2}[once["n"]])]
    if not most:
        return []
    counts_calls = has(r"calls?|times|uses?|lookups?|tries", most.group()) or most["per"]
    return [_call_limit(_number(most["n"]))] if counts_calls and not has("tool calls", clause.open) else []


def _call_limit(n: int) -> tuple[str, Any, str]:
    return ("max_calls", n, f"at most {n} call{'s' * (n != 1)} per message")


def _name(clause: Clause) -> list[tuple[str, Any, str]]:
    said = re.search(
        r"\b(?:rename|call|name)\b.*?(?:\bto\b|\btool\b|\bas\b)\s+[\"“'‘]?(?P<name>[A-Za-z_]\w{1,63})[\"”'’]?\W*$",
        clause.text,
    )
    if not said or not has("rename|call|name", clause.open) or has("calls", clause.open):
        return []
    return [("name", said["name"], f"is called {said['name']} from now on")]


def _drawing(clause: Clause) -> list[tuple[str, Any, str]]:
    text = clause.open
    found: list[tuple[str, Any, str]] = []
    size = re.search(r"\b(\d{2,4}) ?(?:x|×|by|mal|por|px by) ?(\d{2,4})\b", text)
    square = re.search(r"\b(\d{3,4}) ?(?:px|pixels?)\b", text)
    if size or square:
        wide, high = (size[1], size[2]) if size else (square[1], square[1])  # type: ignore[index]
        found.append(("size", f"{wide}x{high}", f"pictures of {wide} by {high} pixels"))
    for key, said, words in (
        (
            "steps",
            rf"\b({_COUNTED}) (?:denoising |diffusion |sampling )?steps\b|\bsteps (?:to |= ?|at )?({_COUNTED})\b",
            "{} steps",
        ),
        ("seed", r"\bseed (?:to |of |= ?|is )?(\d+)\b", "seed {}"),
        (
            "count",
            rf"\b({_COUNTED}) (?:\w+ )?(?:{_SHOTS}|drawings?|sketches|versions|variants|variations|paintings?)"
            r"(?! per message| per question)",
            "{} at a time",
        ),
    ):
        number = re.search(said, text)
        if number and not (key == "count" and has("at most|no more than|up to|max|maximum|limit", text)):
            value = _number(next(g for g in number.groups() if g))
            found.append((key, value, words.format(value)))
    guided = re.search(r"\bguidance(?: scale)?(?: of| to| at| =| is)? (\d+(?:\.\d+)?)", text)
    if guided:
        found.append(
            ("guidance_scale", float(guided[1]) if "." in guided[1] else int(guided[1]), f"guidance {guided[1]}")
        )
    sampler = re.search(r"\b(ddim|euler|dpmpp|unipc)\b", text)
    if sampler:
        found.append(("sampler", sampler[1], f"sampler {sampler[1]}"))
    return found


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBER_WORDS[word.lower()]
